"""The stories of a supporter and of a partner, from beginning to end, in every browser that is there."""

import re
import zlib
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.browser import driving, starting
from tests.browser.conftest import Partner, left_out
from tests.browser.driving import Chromium, Driven
from tests.browser.embedding import element, script
from tests.browser.visiting import Screen
from tests.process import Server
from tests.visitor import Visitor

BROWSERS = ["chromium", "firefox", pytest.param("webkit", marks=pytest.mark.long)]
SEND = "Send me the confirmation mail"
STORIES = "the stories of a supporter and of a partner, at paper and at divided words"


@pytest.fixture(scope="module", params=BROWSERS)
def driven(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Driven]:
    """One browser for all stories."""
    place: Path = tmp_path_factory.mktemp("browser") / request.param
    if request.param == "chromium":
        yield Chromium(request.getfixturevalue("browser"))
    elif request.param == "firefox":
        if starting.FIREFOX is None:
            left_out("Firefox", STORIES)
        with starting.firefox(place) as firefox:
            yield firefox
    else:
        if starting.WEBKIT is None or starting.XVFB is None:
            left_out("WebKitWebDriver with Xvfb", STORIES)
        with starting.webkit(place) as webkit:
            yield webkit


@pytest.fixture
def screen(driven: Driven) -> Screen:
    return Screen(driven)


def mailed(server: Server, email: str, subject: str, kind: str) -> str:
    """The address of the link in the newest mail."""
    with Visitor(server.url) as visitor:
        mail = visitor.read_mail(email, subject)
    [link, *_] = re.findall(rf"/{kind}/[\w.-]+", mail)
    return f"{server.url}{link}"


def test_a_supporter_signs_corrects_is_counted_and_withdraws(screen: Screen, server: Server) -> None:
    email = f"{type(screen.driven).__name__.lower()}@example.org"
    screen.open(f"{server.url}/s/example")
    assert screen.look("innerWidth - document.documentElement.clientWidth") > 5, "scrollbars take no room"
    screen.presses("link", "Endorse this statement")
    screen.writes("Ada Example", into="Your name")
    screen.writes("nothing", into="Your e-mail address")
    screen.follows("button", SEND)
    screen.has_focus_on("#summary")
    screen.has_in_view("#summary")
    screen.sees("One thing needs a correction")

    screen.follows("button", "Magyar")
    screen.finds("button", "Deutsch")
    assert screen.look("[document.documentElement.lang, document.querySelector('#name').value]") == [
        "hu",
        "Ada Example",
    ]
    screen.follows("button", "English")
    screen.finds("button", SEND)
    assert screen.holds("Your e-mail address") == "nothing"
    screen.writes(email.replace("example", "exmaple"), into="Your e-mail address")
    screen.follows("button", SEND)
    screen.finds("heading", "Check your mailbox")
    screen.follows("button", "Try again")
    screen.writes(email, into="Your e-mail address")
    assert screen.holds("Your name") == "Ada Example"
    screen.follows("button", SEND)
    screen.finds("heading", "Check your mailbox")

    screen.open(mailed(server, email, "Please confirm", "c"))
    screen.follows("button", "I endorse this statement")
    screen.finds("heading", "Your endorsement counts")
    screen.sees("of the public log, and the number includes you")

    screen.open(f"{server.url}/s/example")
    screen.follows("link", "See, change or withdraw")
    screen.writes(email, into="Your e-mail address")
    screen.follows("button", "Mail me the link")
    screen.finds("heading", "Check your mailbox")
    screen.open(mailed(server, email, "Your link", "m"))
    screen.writes("Ada Lovelace", into="Your name")
    screen.follows("button", "Correct the name")
    screen.sees("Your name is corrected.")
    screen.reloads()
    screen.sees("Your name is corrected.", "Ada Lovelace")
    screen.follows("button", "Deutsch")
    screen.finds("button", "English")
    screen.follows("button", "English")
    screen.follows("link", "Withdraw this endorsement")
    screen.follows("button", "Withdraw and delete")
    screen.finds("heading", "Withdrawn")


def test_a_partner_has_the_form_the_numbers_and_a_badge_on_their_page(
    screen: Screen, server: Server, partner: Partner
) -> None:
    email = f"partner.{type(screen.driven).__name__.lower()}@example.org"
    badge = f'<img src="{server.url}/v1/statements/example/badge.svg" alt="Endorse it">'
    body = f"<main><h1>A partner</h1>{element(server)}{element(server, 'tally')}{badge}</main>"
    screen.open(partner.show(body, head=script(server)))
    screen.finds("button", SEND)
    screen.presses("button", SEND)
    screen.sees("This is needed.")
    screen.has_focus_on("[name=name]")
    screen.writes("Ada Example", into="Your name")
    screen.writes(email, into="Your e-mail address")
    screen.presses("button", SEND)
    screen.finds("heading", "Check your mailbox")
    assert email in httpx.get(f"{server.url}/mailbox").text or mailed(server, email, "Please confirm", "c")
    screen.sees("Be among the first")
    assert screen.look("document.querySelector('img').naturalWidth") == 420

    frame = f'<iframe src="{server.url}/embed/example/form" title="Endorse" width="100%" height="200"></iframe>'
    head = f'<script type="module" src="{server.url}/embed/v1/frame.js"></script>'
    screen.open(partner.show(f"<p>Above</p>{frame}<p>Below</p>", head=head))
    screen.waits_for("document.querySelector('iframe').getBoundingClientRect().height > 600", "a frame that grew")
    screen.framed = True
    screen.writes("Ada Example", into="Your name")
    screen.follows("button", SEND)
    screen.sees("This is needed.")
    assert screen.holds("Your name") == "Ada Example"
    screen.writes(f"framed.{email}", into="Your e-mail address")
    screen.follows("button", SEND)
    screen.finds("heading", "Check your mailbox")
    screen.sees(f"framed.{email}")
    assert mailed(server, f"framed.{email}", "Please confirm", "c")


def sheets(pdf: bytes) -> int:
    """How many pages a PDF has, whose objects may be packed."""
    packed = re.findall(rb"stream\r?\n(.*?)endstream", pdf, re.DOTALL)
    unpacked = [zlib.decompressobj().decompress(each) for each in packed if each[:1] == b"x"]
    return len(re.findall(rb"/Type\s*/Page\b", b"\n".join([pdf, *unpacked])))


def test_a_short_page_is_one_sheet_of_paper_without_what_only_a_screen_can_do(screen: Screen, server: Server) -> None:
    if isinstance(screen.driven, driving.WebKit):
        pytest.skip("NOT TESTED: WebKit's driver doesn't print, so that nobody looked at its paper")
    for path in ("/s/example/organisations", "/s/example/names", "/s/example/manage"):
        screen.open(server.url + path)
        assert sheets(screen.driven.print()) == 1, path


def test_a_short_word_is_never_divided(screen: Screen, server: Server) -> None:
    screen.open(f"{server.url}/s/example")
    lines = """((word) => {
      const line = document.querySelector(".document").appendChild(document.createElement("p"));
      line.style.inlineSize = "4ch";
      line.style.overflowWrap = "normal";
      line.textContent = word;
      const range = document.createRange();
      range.selectNodeContents(line);
      return new Set([...range.getClientRects()].map((each) => each.y)).size;
    })"""
    assert screen.look(f"{lines}('letter')") == 1
    if isinstance(screen.driven, driving.Firefox):  # the others have no dictionary here
        assert screen.look(f"{lines}('representatives')") > 1
