"""WCAG 2.2 AA on every hosted page: axe finds nothing, nothing is wider than the screen, keys are enough."""

import re
from collections.abc import Iterator

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page

from tests.process import Server
from tests.visitor import Visitor
from undersigned.words.languages import LANGUAGES

# One in Latin letters, one that isn't, and one that runs from right to left; the last is looked at on a narrow dark screen.
EACH_TIME = ("en", "hy")
EVERYWHERE = (*LANGUAGES, "en-XA", "ar-XB")
RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]},
    "resultTypes": ["violations"],  # axe would also tell all that it found in order, which takes longer than to find it
}
PAGES = (
    "index", "statement", "privacy", "how we count", "confirm", "confirmed", "manage", "withdraw", "stop mail", "broken link",
    "not found", "held organisation", "needs a correction", "mailbox",
    "see, change or withdraw", "lines to paste", "card",
)  # fmt: skip


@pytest.fixture(scope="package")
def paths(server: Server) -> dict[str, str]:
    """Where every page is, in a state that somebody made by using the server."""
    with Visitor(server.url) as visitor:
        visitor.sign("axe@example.org", name="Ada Example", country="HU")
        confirmed = visitor.read_mail("axe@example.org", "Please confirm")
        visitor.confirm(confirmed)
        thanks = visitor.read_mail("axe@example.org", "Your endorsement counts")
        visitor.sign("waiting@example.org", name="Lovelace of Exampleton", objectives="a")
        waiting = visitor.read_mail("waiting@example.org", "Please confirm")
        visitor.sign(
            "rep@readers.example.org", kind="organisation", role="Chair", organisation_name="Readers’ Society",
            organisation_country="GB", organisation_website="https://readers.org.uk",
        )  # fmt: skip
        held = visitor.read_mail("rep@readers.example.org", "Please confirm")
        visitor.confirm(held)
        httpx.post(f"{server.url}/v1/statements/example/manage-links", json={"email": "axe@example.org"})
        manage = visitor.read_mail("axe@example.org", "Your link")

    def link(kind: str, mail: str) -> str:
        return str(re.findall(rf"/{kind}/[\w.-]+", mail)[0])

    return {
        "index": "/",
        "statement": "/s/example",
        "privacy": "/s/example/privacy",
        "how we count": "/s/example/how-we-count",
        "lines to paste": "/s/example/embed",
        "card": "/s/example/card",
        "confirm": link("c", waiting),
        "confirmed": link("c", confirmed),
        "manage": link("m", manage),
        "withdraw": link("w", thanks),
        "stop mail": link("n", waiting),
        "broken link": "/c/cut-off",
        "not found": "/nothing",
        "see, change or withdraw": "/s/example/manage",
        "held organisation": link("c", held),
    }


def show(page: Page, paths: dict[str, str], name: str, url: str, language: str) -> None:
    """Brings one of PAGES up in this language."""
    if name in ("needs a correction", "mailbox"):
        page.goto(f"{url}/s/example?lang={language}")
        if name == "mailbox":
            page.fill("#name", "Ada Example")
            page.fill("#email", "sent@example.org")
        with page.expect_navigation():
            page.locator("form button.primary").click()
    else:
        page.goto(f"{url}{paths[name]}?lang={language}")
    assert page.locator("html").get_attribute("lang") == language


def complaints(page: Page) -> list[str]:
    """What axe objects to on the page as it is."""
    found = Axe().run(page, options=RULES).response["violations"]
    return [f"{each['id']}: {node['target']} {node['failureSummary']}" for each in found for node in each["nodes"]]


@pytest.mark.parametrize(
    "spoken", [EACH_TIME, pytest.param(EVERYWHERE, marks=pytest.mark.long)], ids=["two languages", "every language"]
)
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_in_any_language(
    page: Page, server: Server, paths: dict[str, str], name: str, spoken: tuple[str, ...]
) -> None:
    for language in spoken:
        show(page, paths, name, server.url, language)
        assert (language, complaints(page)) == (language, [])


@pytest.fixture(scope="package")
def narrow_and_dark(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 320, "height": 640}, color_scheme="dark", reduced_motion="reduce")
    yield context
    context.close()


@pytest.mark.parametrize("name", PAGES)
def test_a_narrow_dark_screen_shows_everything(
    narrow_and_dark: BrowserContext, server: Server, paths: dict[str, str], name: str
) -> None:
    page = narrow_and_dark.new_page()
    for language in ("en-XA", "ar-XB"):
        show(page, paths, name, server.url, language)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, (name, language)
    assert complaints(page) == []
    page.close()


def test_the_keyboard_alone_signs(page: Page, server: Server) -> None:
    page.goto(f"{server.url}/s/example")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.locator("#name").focus()
    page.keyboard.type("Ada Example")
    page.keyboard.press("Tab")
    page.keyboard.type("keys@example.org")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.locator("h1").inner_text() == "Check your mailbox"
