"""How embeds look where a browser, a phone or a reader needs them otherwise: older browsers, 16 px, forced colours."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.conftest import Partner
from tests.browser.embedding import element, script, with_form
from tests.process import Server

PIXELS = "control => parseFloat(getComputedStyle(control).fontSize)"


def test_no_control_is_so_small_that_a_phone_zooms(page: Page, server: Server, partner: Partner) -> None:
    small = "<style>html { font-size: 10px } body { font-size: 11px }</style>"
    page.goto(partner.show(element(server), head=small + script(server)))
    page.get_by_label("My organisation does").check()
    controls = page.locator("undersigned-form :is(input:not([type=radio], [type=checkbox], [name=subject]), select)")
    assert controls.count() == 7
    assert {each.evaluate(PIXELS) >= 16 for each in controls.all()} == {True}
    for path in ("/embed/example/form", "/s/example", "/s/example/manage"):
        page.goto(server.url + path)
        controls = page.locator(
            ":is(input:not([type=radio], [type=checkbox], [type=hidden], [name=subject]), select, textarea)"
        )
        assert controls.count() >= 1
        assert {each.evaluate(PIXELS) >= 16 for each in controls.all()} == {True}, path


# What each browser learned after 2023 began, as one that doesn't know it reads it.
UNKNOWN = {
    "2023": ("light-dark(", "lch(from", "color-mix(", ":has(", ":dir("),
    "2024": ("lch(from",),
}


@pytest.mark.parametrize("year", UNKNOWN)
@pytest.mark.parametrize("framed", [True, False])
def test_a_browser_of_those_years_shows_where_to_type_and_what_to_press(
    page: Page, server: Server, partner: Partner, year: str, framed: bool
) -> None:
    def age(route: Route) -> None:
        text = route.fetch().text()
        for known in UNKNOWN[year]:
            text = text.replace(known, known.replace("l", "x").replace("c", "x").replace("d", "x").replace("h", "x"))
        route.fulfill(
            body=text, content_type=route.fetch().headers["content-type"], headers={"Access-Control-Allow-Origin": "*"}
        )

    page.route(re.compile(r"/embed/v1/(look\.css|undersigned\.js)"), age)
    page.goto(f"{server.url}/embed/example/form" if framed else with_form(partner, server))
    looks = "each => { const { backgroundColor, color, borderTopColor, borderTopWidth } = getComputedStyle(each);"
    looks += " return [backgroundColor, color, borderTopColor, borderTopWidth] }"
    button = page.get_by_role("button", name="Send me")
    expect(button).to_be_visible()
    assert button.evaluate(looks)[:3] == ["rgb(74, 47, 133)", "rgb(255, 255, 255)", "rgb(74, 47, 133)"]
    name = page.get_by_label("Your name")
    assert name.evaluate(looks) == ["rgb(255, 255, 255)", "rgb(33, 29, 40)", "rgb(126, 120, 135)", "1px"]
    page.keyboard.press("Tab")
    name.focus()
    assert name.evaluate("each => getComputedStyle(each).outlineStyle") == "solid"


@pytest.fixture
def forced(browser: Browser) -> Iterator[Page]:
    """Somebody who sees in two or three colours of their own choice."""
    context = browser.new_context(forced_colors="active", viewport={"width": 390, "height": 844})
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("path", ["script", "/embed/example/form", "/s/example"])
def test_in_forced_colours_arrows_and_choices_can_be_seen(
    forced: Page, server: Server, partner: Partner, path: str
) -> None:
    forced.goto(with_form(partner, server) if path == "script" else server.url + path)
    chosen, other = forced.get_by_label("I do, as a person"), forced.get_by_label("My organisation does")
    select = forced.get_by_label("Where you live")
    assert select.evaluate("each => getComputedStyle(each).appearance") == "auto"
    assert select.evaluate("each => getComputedStyle(each).backgroundImage") == "none"
    assert chosen.screenshot() != other.screenshot()
    before = other.screenshot()
    other.check()
    chosen.evaluate("each => each.blur()")
    other.evaluate("each => each.blur()")
    assert other.screenshot() != before


@pytest.mark.parametrize("path", ["script", "/embed/example/form"])
def test_only_what_is_ticked_has_the_accent(page: Page, server: Server, partner: Partner, path: str) -> None:
    page.goto(with_form(partner, server) if path == "script" else server.url + path)
    box = page.get_by_label("b) To keep")
    accent = "each => getComputedStyle(each).accentColor"
    assert box.evaluate(accent) == "auto"
    box.check()
    assert box.evaluate(accent) == "rgb(74, 47, 133)"
