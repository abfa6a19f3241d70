"""Embeds for everybody (WCAG 2.2 AA): what axe finds, without a mouse, on a small screen, enlarged, in both directions."""

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Partner
from tests.browser.embedding import element, fill_in, script, send, with_form
from tests.browser.test_accessibility import EACH_TIME, EVERYWHERE
from tests.process import Server

WCAG: dict[str, Any] = {
    "resultTypes": ["violations"],
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    # A count in an iframe is no page with a chapter of its own.
    "rules": {"page-has-heading-one": {"enabled": False}},
}
EMBEDS = ("tally", "form", "organisations")
DARK = "<style>:root { color-scheme: light dark; background: Canvas; color: CanvasText }</style>"


def faults(page: Page) -> list[str]:
    """What axe finds, in a line each."""
    found = Axe().run(page, options=WCAG).response["violations"]
    return [f"{each['id']}: {node['html'][:200]} {node['failureSummary']}" for each in found for node in each["nodes"]]


def all_embeds(server: Server, language: str, attributes: str = "") -> str:
    embeds = "".join(element(server, name, attributes=attributes) for name in EMBEDS)
    return f'<main lang="{language}"><h1>A partner</h1>{embeds}</main>'


@pytest.fixture(params=["light", "dark"])
def scheme(request: pytest.FixtureRequest) -> Any:
    """What the visitor likes."""
    return request.param


@pytest.fixture
def screen(browser: Browser, scheme: Any) -> Iterator[Page]:
    context = browser.new_context(color_scheme=scheme, reduced_motion="reduce", viewport={"width": 390, "height": 844})
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()


@pytest.mark.parametrize(
    "spoken",
    [(*EACH_TIME, "ar-XB"), pytest.param(EVERYWHERE, marks=pytest.mark.long)],
    ids=["three languages", "every language"],
)
def test_axe_finds_nothing_on_any_embed_in_any_language(
    screen: Page, server: Server, partner: Partner, spoken: tuple[str, ...]
) -> None:
    for language in spoken:
        screen.goto(partner.show(all_embeds(server, language), head=DARK + script(server)))
        expect(screen.locator("[part=button]")).to_be_visible()
        assert faults(screen) == [], language


def test_axe_finds_nothing_on_any_embed_in_any_state(
    screen: Page, server: Server, partner: Partner, scheme: str
) -> None:
    page = screen
    for theme in ("light", "dark", "auto"):
        page.goto(partner.show(all_embeds(server, "en", f'theme="{theme}"'), head=script(server)))
        expect(page.locator("[part=button]")).to_be_visible()
        assert [fault for fault in faults(page) if "Endorse it there" not in fault] == [], theme
    page.goto(partner.show(all_embeds(server, "en"), head=DARK + script(server)))
    page.get_by_label("My organisation does").check()
    send(page)
    expect(page.locator("[aria-invalid]").first).to_be_focused()
    assert faults(page) == [], "with errors"
    page.get_by_label("I do, as a person").check()
    fill_in(page, f"axe-{scheme}@gmial.com")
    page.get_by_label("Your name").focus()
    expect(page.get_by_role("button", name="Did you mean")).to_be_visible()
    assert faults(page) == [], "with an offer"
    send(page)
    expect(page.locator("[part=sent]")).to_be_visible()
    assert faults(page) == [], "sent"
    for name in EMBEDS:
        page.goto(f"{server.url}/embed/example/{name}?theme={scheme}&lang=ar-XB&accent=ffcc00")
        assert faults(page) == [], name


def test_a_button_can_be_read_in_any_colour(page: Page, server: Server, partner: Partner) -> None:
    page.goto(with_form(partner, server))
    expect(page.locator("[part=button]")).to_be_visible()
    for accent in ("#ffcc00", "#0a3d2e", "#ff0055", "#777", "#767676"):
        page.evaluate(
            f"document.querySelector('undersigned-form').style.setProperty('--undersigned-accent', '{accent}')"
        )
        assert faults(page) == [], accent


def test_the_keyboard_alone_is_enough(page: Page, server: Server, partner: Partner) -> None:
    page.goto(with_form(partner, server))
    expect(page.locator("[part=button]")).to_be_visible()
    focused = "(() => { let at = document.activeElement; while (at.shadowRoot) at = at.shadowRoot.activeElement; return at })()"

    def tab_to(what: str) -> None:
        for _ in range(20):
            page.keyboard.press("Tab")
            if page.evaluate(f"{focused}.matches(`{what}`)"):
                break
        else:
            raise AssertionError(f"the keyboard doesn't reach {what}")
        ring = page.evaluate(f"getComputedStyle({focused}.closest('label.choice') ?? {focused}).outlineStyle")
        assert ring == "solid", what

    tab_to("a[href*='/s/example']")
    tab_to("[name=kind]")
    page.keyboard.press("ArrowDown")
    tab_to("[id='organisation/name']")
    page.keyboard.type("Readers")
    tab_to("[id='organisation/country']")
    expect(page.locator("[id='organisation/country'] option[value=GB]")).to_have_count(1)
    page.keyboard.type("United K")
    tab_to("[id=name]")
    page.keyboard.type("Rosa Example")
    tab_to("[id=role]")
    page.keyboard.type("Chair")
    tab_to("[id=email]")
    page.keyboard.type("rosa@gmial.com")
    tab_to(".offer button")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Your e-mail address")).to_be_focused()
    tab_to("[name=objectives]")
    page.keyboard.press("Space")
    tab_to("[part=button]")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Check your mailbox")).to_be_focused()
    tab_to("[part=sent] button")


@pytest.mark.parametrize("language", ["en-XA", "ar-XB"])
def test_it_fits_320_pixels_and_twice_the_size(
    browser: Browser, server: Server, partner: Partner, language: str
) -> None:
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    # 320 CSS pixels are also what 1280 are at 400 %; at 200 %, letters alone may grow to twice the size as well.
    for width, style in (
        (320, ""),
        (640, "<style>html { font-size: 200% }</style>"),
        (320, "<style>html { font-size: 200% }</style>"),
    ):
        context = browser.new_context(viewport={"width": width, "height": 512}, device_scale_factor=2)
        page = context.new_page()
        page.goto(partner.show(all_embeds(server, language), head=style + script(server)))
        expect(page.locator("[part=button]")).to_be_visible()
        page.locator("[name=kind][value=organisation]").check()
        send_button = page.locator("[part=button]")
        send_button.click()
        expect(page.locator("[aria-invalid]").first).to_be_focused()
        assert page.evaluate(wide) == 0, (width, style)
        small = page.locator(":is(undersigned-form) :is(button, input:not([tabindex]), select)").evaluate_all(
            """all => all.map(each => (each.closest("label.choice") ?? each).getBoundingClientRect())
                .filter(({ height, width }) => height && (height < 44 || width < 44)).length"""
        )
        assert small == 0
        for name in EMBEDS:
            page.goto(f"{server.url}/embed/example/{name}?lang={language}")
            assert page.evaluate(wide) == 0, name
        context.close()
