"""The tally on a partner's page: how it moves, how little it asks, and that a signature arrives in it."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Partner
from tests.browser.embedding import element, fill_in, script, send
from tests.memory import cleared
from tests.process import Server, serving
from tests.visitor import Visitor

ROLLING = "number => getComputedStyle(number).animationName"


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of its own, on which nine people and nobody else endorsed the example."""
    with (
        cleared(tmp_path_factory.mktemp("counted") / "var") as data_dir,
        serving(data_dir) as server,
        Visitor(server.url) as visitor,
    ):
        emails = [f"n{place}@example.org" for place in range(9)]
        for email in emails:
            visitor.sign(email)
        for email in emails:
            visitor.confirm(visitor.read_mail(email, "confirm"))
        visitor.see_tally(9, 0)
        yield server


def wire(page: Page) -> list[tuple[str, str, str | None]]:
    """Status, path and If-None-Match of what really travels for tallies, as the network stack sees it."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    asked: dict[str, tuple[str, str | None]] = {}
    seen: list[tuple[str, str, str | None]] = []

    def request(event: dict[str, Any]) -> None:
        headers = {name.lower(): value for name, value in event["headers"].items()}
        asked[event["requestId"]] = (headers.get(":path", ""), headers.get("if-none-match"))

    def response(event: dict[str, Any]) -> None:
        headers = {name.lower(): value for name, value in event["headers"].items()}
        if "s-maxage=5" in headers.get("cache-control", ""):
            path, tag = asked.get(event["requestId"], ("", None))
            seen.append((str(event["statusCode"]), path, tag))

    session.on("Network.requestWillBeSentExtraInfo", request)
    session.on("Network.responseReceivedExtraInfo", response)
    return seen


def hide(page: Page, *, hidden: bool) -> None:
    page.evaluate(
        f"""Object.defineProperty(document, "hidden", {{ value: {str(hidden).lower()}, configurable: true }});
        document.dispatchEvent(new Event("visibilitychange"));"""
    )


def test_from_the_partners_page_to_the_mailbox_and_back_to_a_count_that_moves(
    page: Page, counted: Server, partner: Partner
) -> None:
    page.clock.install()
    traffic = wire(page)
    page.goto(partner.show(element(counted, "tally") + element(counted), head=script(counted)))
    tally = page.locator("[part~=tally]")
    expect(tally).to_have_text("Be among the first")
    fill_in(page, "tenth@example.org", "Tenth Example")
    send(page)
    expect(page.get_by_role("heading", name="Check your mailbox")).to_be_focused()

    # Nothing changed yet: one question at the pace the server asks for, and an answer without a body.
    page.clock.fast_forward(19_000)
    page.wait_for_timeout(300)
    assert [(status, tag is not None) for status, _, tag in traffic] == [("200", False), ("304", True)]

    mailbox = page.context.new_page()
    for _ in range(50):
        mailbox.goto(f"{counted.url}/mailbox")
        if mailbox.get_by_role("link").filter(has_text="tenth@example.org").count():
            break
        mailbox.wait_for_timeout(200)
    mailbox.get_by_role("link").filter(has_text="tenth@example.org").first.click()
    mailbox.locator("a[href*='/c/']").first.click()
    mailbox.get_by_role("button").first.click()
    with Visitor(counted.url) as visitor:
        visitor.see_tally(10, 0)
    mailbox.close()

    page.bring_to_front()
    for _ in range(20):  # another web worker may hold the number of a moment ago
        page.clock.fast_forward(19_000)
        page.wait_for_timeout(250)
        if tally.inner_text() != "Be among the first":
            break
    expect(tally).to_have_text("10 people · 0 organisations")
    assert traffic[-1][0] == "200"
    # What is read aloud is there once, and nothing announces each change.
    assert tally.locator("xpath=ancestor-or-self::*[@aria-live or @role]").count() == 0
    assert page.locator("undersigned-tally").aria_snapshot().count("10") == 1


def test_a_small_tally_of_a_closed_statement_invites_nobody(page: Page, counted: Server, partner: Partner) -> None:
    """The tally is read from the server; that its statement is closed by now is put in on the way."""

    def close(route: Route) -> None:
        tally = route.fetch().json() | {"state": "closed", "individuals": 3, "organisations": 0}
        route.fulfill(json=tally, headers={"Access-Control-Allow-Origin": "*"})

    page.route("**/v1/statements/example/tally?*", close)
    page.goto(partner.show(element(counted, "tally"), head=script(counted)))
    expect(page.locator("[part~=tally]")).to_have_text("This statement is closed")


def test_the_tally_asks_only_while_somebody_can_see_it(page: Page, counted: Server, partner: Partner) -> None:
    page.clock.install()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/tally?" in request.url else None)
    below = '<div style="height: 5000px"></div>'
    page.goto(partner.show(element(counted, "tally") + below, head=script(counted)))
    expect(page.locator("[part~=tally]")).to_be_visible()
    assert len(asked) == 1
    page.clock.fast_forward(19_000)
    page.wait_for_timeout(200)
    assert len(asked) == 2
    hide(page, hidden=True)
    page.clock.fast_forward(120_000)
    page.wait_for_timeout(200)
    assert len(asked) == 2
    hide(page, hidden=False)
    page.clock.fast_forward(2_000)
    page.wait_for_timeout(200)
    assert len(asked) == 3
    page.evaluate("scrollTo(0, 4000)")
    page.wait_for_timeout(300)
    page.clock.fast_forward(120_000)
    page.wait_for_timeout(200)
    assert len(asked) == 3
    page.evaluate("scrollTo(0, 0)")
    page.wait_for_timeout(300)
    page.clock.fast_forward(2_000)
    page.wait_for_timeout(200)
    assert len(asked) == 4
    page.evaluate("document.querySelector('undersigned-tally').remove()")
    page.clock.fast_forward(120_000)
    page.wait_for_timeout(200)
    assert len(asked) == 4


@pytest.mark.parametrize(("motion", "animation"), [("no-preference", "roll"), ("reduce", "none")])
def test_a_number_rolls_in_unless_a_visitor_wants_no_motion(
    page: Page, counted: Server, partner: Partner, motion: Any, animation: str
) -> None:
    page.emulate_media(reduced_motion=motion)
    page.clock.install()
    people = [120, 121]

    def answer(route: Any) -> None:
        tally = route.fetch().json()
        number = people.pop(0) if len(people) > 1 else people[0]
        tally |= {"individuals": number}
        tally["formatted"] |= {
            "individuals": str(number),
            "organisations": "7",
            "sentence": f"{number} people · 7 organisations",
        }
        route.fulfill(json=tally, headers={"Access-Control-Allow-Origin": "*"})

    page.route("**/tally?*", answer)
    page.goto(partner.show(element(counted, "tally"), head=script(counted)))
    expect(page.locator("[part=number]")).to_have_text(["120", "7"])
    assert {number.evaluate(ROLLING) for number in page.locator("[part=number]").all()} == {"none"}
    page.clock.fast_forward(19_000)
    expect(page.locator("[part=number]")).to_have_text(["121", "7"])
    assert [number.evaluate(ROLLING) for number in page.locator("[part=number]").all()] == [animation, "none"]
