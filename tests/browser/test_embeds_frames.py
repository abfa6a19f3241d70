"""Iframes on a partner's page: their height, and a form that needs no JavaScript at all."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Partner
from tests.process import Server


def frame(server: Server, path: str) -> str:
    return f'<iframe src="{server.url}/embed/example/{path}" title="Endorse" width="100%" height="200"></iframe>'


def heights(page: Page) -> list[str | None]:
    return [each.get_attribute("height") for each in page.locator("iframe").all()]


def test_an_iframe_gets_the_height_of_what_is_in_it(page: Page, server: Server, partner: Partner) -> None:
    policy = f"default-src 'none'; frame-src {server.url}; script-src {server.url}; require-trusted-types-for 'script'"
    body = frame(server, "form?partner=readers") + frame(server, "tally")
    head = f'<script type="module" src="{server.url}/embed/v1/frame.js"></script>'
    page.goto(partner.show(body, head=head, content_security_policy=policy))
    first = page.locator("iframe").first
    expect(first).not_to_have_attribute("height", "200")
    inside = page.frame_locator("iframe").first
    tall = inside.locator("html").evaluate("html => html.getBoundingClientRect().height")
    assert abs(float(first.get_attribute("height") or 0) - tall) <= 1
    assert inside.locator("html").evaluate("html => html.scrollHeight <= html.clientHeight")
    expect(page.locator("iframe").nth(1)).not_to_have_attribute("height", "200")
    before = first.get_attribute("height") or ""
    inside.get_by_label("My organisation does").check()
    expect(first).not_to_have_attribute("height", before)
    assert float(first.get_attribute("height") or 0) > float(before) + 100
    # The page around may also come late, with frames that said their height long ago.
    page.evaluate("document.querySelector('iframe').height = 200")
    page.evaluate(f"import('{server.url}/embed/v1/frame.js?again')")
    expect(first).not_to_have_attribute("height", "200")


HOSTILE = (
    "<style>iframe { height: auto; max-width: 100%; display: block } html iframe { height: 150px !important }</style>"
)


def test_no_style_sheet_and_no_shadow_tree_of_the_page_keeps_a_frame_from_its_height(
    page: Page, server: Server, partner: Partner
) -> None:
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    shadow = '<div><template shadowrootmode="open">{}</template></div>'
    within = shadow.format(shadow.format(frame(server, "form")))
    late = frame(server, "tally").replace("<iframe", '<iframe loading="lazy" id="late"')
    policy = f"default-src 'none'; frame-src {server.url}; script-src {server.url}; style-src 'unsafe-inline'"
    below = '<p style="height: 9000px"></p>'
    head = HOSTILE + f'<script type="module" src="{server.url}/embed/v1/frame.js"></script>'
    page.goto(partner.show(frame(server, "form") + within + below + late, head=head, content_security_policy=policy))
    for outer in (page.locator("iframe").first, page.locator("div iframe")):
        expect(outer).not_to_have_attribute("height", "200")
        assert outer.evaluate("frame => frame.clientHeight") == float(outer.get_attribute("height") or 0) > 700
    assert [text for text in said if "favicon" not in text] == []
    page.locator("#late").scroll_into_view_if_needed()
    expect(page.locator("#late")).not_to_have_attribute("height", "200")


@pytest.mark.parametrize("width", [320, 390, 700, 1200])
@pytest.mark.parametrize("path", ["tally", "organisations", "form", "form?lang=hy"])
def test_a_frame_that_was_measured_shows_no_scrollbar(
    page: Page, server: Server, partner: Partner, path: str, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    head = f'<script type="module" src="{server.url}/embed/v1/frame.js"></script>'
    page.goto(partner.show(frame(server, path).replace('"200"', '"20"'), head=head))
    expect(page.locator("iframe")).not_to_have_attribute("height", "20")
    inside = page.frame_locator("iframe").locator("html")
    page.wait_for_timeout(200)
    assert inside.evaluate("html => [html.scrollHeight - html.clientHeight, innerWidth - html.clientWidth]") == [0, 0]


def test_the_line_for_a_tally_is_high_enough_without_a_script(page: Page, server: Server, partner: Partner) -> None:
    for width in (320, 390, 700):
        page.set_viewport_size({"width": width, "height": 800})
        page.goto(partner.show(frame(server, "tally").replace('"200"', '"90"')))
        inside = page.frame_locator("iframe").locator("html")
        assert inside.evaluate("html => [html.scrollHeight - html.clientHeight, innerWidth - html.clientWidth]") == [
            0,
            0,
        ]


def test_nobody_else_sets_a_height(page: Page, server: Server, partner: Partner) -> None:
    partner.show("<script>parent.postMessage({ undersigned_height: 4321 }, '*')</script>", "/stranger")
    body = (
        f'<iframe src="{server.url}/embed/example/tally" title="Tally" height="200"></iframe>'
        '<iframe id="stranger" title="Stranger" height="200"></iframe>'
    )
    head = f'<script type="module" src="{server.url}/embed/v1/frame.js"></script>'
    page.goto(partner.show(body, head=head))
    expect(page.locator("iframe").first).not_to_have_attribute("height", "200")
    known = heights(page)[0]
    # Another origin; our origin, but no frame of ours; and from a frame of ours what is no height.
    page.evaluate("document.querySelector('#stranger').src = '/stranger'")
    page.evaluate("postMessage({ undersigned_height: 4321 }, '*')")
    inside = page.frames[1]
    for bad in ("'4321px'", "-5", "1e9", "NaN", "null", "{}"):
        inside.evaluate(f"parent.postMessage({{ undersigned_height: {bad} }}, '*')")
    inside.evaluate("parent.postMessage(null, '*')")
    page.wait_for_timeout(300)
    assert heights(page) == [known, "200"]


def test_a_form_in_an_iframe_needs_no_javascript(browser: Browser, server: Server, partner: Partner) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 1800})
    page = context.new_page()
    page.goto(partner.show(frame(server, "form?partner=readers").replace('"200"', '"1500"')))
    inside = page.frame_locator("iframe")
    expect(inside.get_by_label("Your role there")).to_be_hidden()
    inside.get_by_label("My organisation does").check()
    inside.get_by_label("Name of the organisation").fill("Readers")
    inside.get_by_role("button").click()
    expect(inside.get_by_label("Country of the organisation")).to_have_accessible_description("This is needed.")
    expect(inside.get_by_label("Name of the organisation")).to_have_value("Readers")
    inside.get_by_label("I do, as a person").check()
    inside.get_by_label("Your name").fill("Ada Example")
    inside.get_by_label("Your e-mail address").fill("framed@example.org")
    inside.get_by_role("button").click()
    expect(inside.get_by_role("heading", name="Check your mailbox")).to_be_visible()
    expect(inside.get_by_text("framed@example.org")).to_be_visible()
    context.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_partners_colour_and_theme_reach_the_iframe(page: Page, server: Server, partner: Partner, theme: str) -> None:
    page.goto(partner.show(frame(server, f"form?theme={theme}&accent=ffcc00")))
    button = page.frame_locator("iframe").get_by_role("button")
    assert button.evaluate("button => getComputedStyle(button).backgroundColor") == "rgb(255, 204, 0)"
    assert button.evaluate("button => getComputedStyle(button).color") == "rgb(0, 0, 0)"
    form = page.frame_locator("iframe").locator("form")
    surface = form.evaluate("form => getComputedStyle(form).backgroundColor")
    assert surface == {"light": "rgb(255, 255, 255)", "dark": "rgb(30, 28, 36)"}[theme]
