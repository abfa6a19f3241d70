"""The script in the page of a host that does something to it: keys, moves, languages, monitoring, other documents."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Partner
from tests.browser.embedding import element, fill_in, listen, script, send, with_form
from tests.browser.test_embeds import bodies_of, sent
from tests.process import Server

# A player that takes space and f, an editor that takes arrows, and a dialogue that Escape and Tab belong to.
HOTKEYS = """<script>
window.taken = [];
const take = (event) => {
  window.taken.push(event.key);
  if (!["Tab", "Escape"].includes(event.key)) event.preventDefault();
};
for (const type of ["keydown", "keypress", "keyup"]) document.addEventListener(type, take, CAPTURE);
</script>"""


@pytest.mark.parametrize("capture", ["true", "false"])
def test_what_is_typed_reaches_no_hotkey_of_the_page(
    page: Page, server: Server, partner: Partner, capture: str
) -> None:
    page.goto(partner.show(element(server), head=HOTKEYS.replace("CAPTURE", capture) + script(server)))
    page.get_by_label("Your name").click()
    page.keyboard.type("Safi fs K")
    expect(page.get_by_label("Your name")).to_have_value("Safi fs K")
    assert page.evaluate("taken") == []
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    assert {"Escape", "Tab"} <= set(page.evaluate("taken"))
    expect(page.get_by_label("Your e-mail address")).to_be_focused()


def test_keys_that_are_not_typed_stay_in_the_form_too(page: Page, server: Server, partner: Partner) -> None:
    page.goto(partner.show(element(server), head=HOTKEYS.replace("CAPTURE", "false") + script(server)))
    page.get_by_label("Your name").click()
    page.keyboard.type("Ad")
    for key in ("ArrowLeft", "Backspace"):
        page.keyboard.press(key)
    expect(page.get_by_label("Your name")).to_have_value("d")
    assert page.evaluate("taken") == []


@pytest.mark.parametrize("move", ["appendChild(form)", "moveBefore(form, null)", "prepend(form)"])
def test_what_was_typed_moves_along(page: Page, server: Server, partner: Partner, move: str) -> None:
    body = f"<section></section>{element(server)}"
    page.goto(partner.show(body, head=script(server)))
    fill_in(page, "moved@example.org")
    page.get_by_label("My organisation does").check()
    page.get_by_label("Name of the organisation").fill("Readers")
    page.get_by_label("Country of the organisation").select_option("Hungary")
    page.get_by_label("b) To keep").check()
    page.evaluate(f"window.form = document.querySelector('undersigned-form'); document.querySelector('section').{move}")
    page.wait_for_load_state("networkidle")
    expect(page.locator("section > undersigned-form")).to_have_count(1)
    expect(page.get_by_label("Name of the organisation")).to_have_value("Readers")
    expect(page.get_by_label("Country of the organisation")).to_have_value("HU")
    expect(page.get_by_label("Your e-mail address")).to_have_value("moved@example.org")
    expect(page.get_by_label("b) To keep")).to_be_checked()
    page.get_by_label("I do, as a person").check()
    send(page)
    expect(sent(page)).to_be_visible()
    page.evaluate(f"document.querySelector('section').{move}")
    page.wait_for_load_state("networkidle")
    expect(sent(page)).to_be_visible()


def test_the_form_follows_the_language_of_the_page_and_keeps_what_was_typed(
    page: Page, server: Server, partner: Partner
) -> None:
    page.goto(with_form(partner, server))
    root = page.locator("undersigned-form .root")
    fill_in(page, "tongue@example.org")
    page.get_by_label("Where you live").select_option("Hungary")
    page.get_by_label("b) To keep").check()
    for tag, spoken in (
        ("hu", "hu"), ("de_DE_formal", "de"), ("az_AZ", "az"), ("hy-AM", "hy"), ("fr", "fr"), ("en_GB", "en"),
    ):  # fmt: skip
        page.evaluate(f"document.documentElement.lang = '{tag}'")
        expect(root).to_have_attribute("lang", spoken)
        expect(page.locator("[name=email]")).to_have_value("tongue@example.org")
        expect(page.locator("[name=country]")).to_have_value("HU")
        expect(page.locator("[name=objectives][value=b]")).to_be_checked()
    page.evaluate("document.querySelector('main').lang = 'ru'")
    expect(root).to_have_attribute("lang", "ru")
    page.evaluate("document.querySelector('undersigned-form').lang = 'tr'")
    expect(root).to_have_attribute("lang", "tr")
    expect(page.locator("[name=email]")).to_have_value("tongue@example.org")


def test_what_stands_after_sending_changes_its_language_and_stays(page: Page, server: Server, partner: Partner) -> None:
    page.goto(with_form(partner, server))
    fill_in(page, "stays@example.org")
    send(page)
    expect(sent(page)).to_be_focused()
    page.evaluate("document.documentElement.lang = 'hu'")
    expect(page.locator("undersigned-form .root")).to_have_attribute("lang", "hu")
    expect(page.locator("[part=sent]")).to_contain_text("stays@example.org")


def test_a_page_in_whose_shadow_tree_the_language_changes_is_followed(
    page: Page, server: Server, partner: Partner
) -> None:
    page.goto(partner.show("<div id='host'></div>", head=script(server)))
    page.evaluate(
        """const root = host.attachShadow({ mode: "open" }), section = document.createElement("section");
        const tally = document.createElement("undersigned-tally");
        tally.setAttribute("statement", "example"); section.append(tally); root.append(section);"""
    )
    root = page.locator("undersigned-tally .root")
    expect(root).to_have_attribute("lang", "en")
    page.evaluate("host.shadowRoot.querySelector('section').lang = 'hy'")
    expect(root).to_have_attribute("lang", "hy")
    page.evaluate("host.shadowRoot.querySelector('section').lang = ''; host.lang = 'de'")
    expect(root).to_have_attribute("lang", "de")


def test_a_page_that_monitors_requests_and_teaches_its_arrays_json_signs(
    page: Page, server: Server, partner: Partner
) -> None:
    monitoring = """<script>
    Array.prototype.toJSON = function () { return `[${this.join(", ")}]`; };
    const { fetch } = window;
    window.fetch = (url, options = {}) => fetch(url, { ...options, headers: {
      ...options.headers, traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", baggage: "a=b" } });
    </script>"""
    page.goto(partner.show(element(server), head=monitoring + script(server)))
    bodies = bodies_of(page)
    page.get_by_label("My organisation does").check()
    page.get_by_label("Name of the organisation").fill("Readers")
    page.get_by_label("Country of the organisation").select_option("Hungary")
    page.get_by_label("Your role there").fill("Chair")
    page.get_by_label("Knowledge").check()
    page.get_by_label("b) To keep").check()
    fill_in(page, "monitored@example.org")
    send(page)
    expect(sent(page)).to_be_visible()
    assert bodies[0]["objectives"] == ["b"]
    assert bodies[0]["organisation"]["contributions"] == ["knowledge"]


@pytest.mark.parametrize("policy", ["require-corp", "credentialless"])
def test_a_page_that_isolates_itself_shows_script_frame_badge_and_card(
    page: Page, server: Server, partner: Partner, policy: str
) -> None:
    sandboxed = f'<iframe id="card" sandbox="allow-scripts" src="{server.url}/s/example/card" title="Card"></iframe>'
    body = (
        f'{element(server)}<iframe id="form" src="{server.url}/embed/example/form" title="Endorse"></iframe>{sandboxed}'
        f'<img src="{server.url}/v1/statements/example/badge.svg" alt=""><img src="{server.url}/s/example/card.png" alt="">'
    )
    page.goto(
        partner.show(
            body,
            head=script(server),
            cross_origin_embedder_policy=policy,
            cross_origin_opener_policy="same-origin",
        )
    )
    assert page.evaluate("crossOriginIsolated")
    expect(page.locator("undersigned-form").get_by_label("Your name")).to_be_visible()
    expect(page.frame_locator("#form").get_by_label("Your name")).to_be_visible()
    picture = page.frame_locator("#card").locator("img")
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") == 420
    assert picture.evaluate("image => getComputedStyle(image).display") == "block"
    assert page.evaluate("Promise.all([...document.images].map((image) => image.decode().then(() => image.naturalWidth)))") == [
        420,
        1200,
    ]  # fmt: skip


def test_the_look_follows_into_another_document(page: Page, server: Server, partner: Partner) -> None:
    page.goto(partner.show(element(server) + '<iframe id="other" title="Other"></iframe>', head=script(server)))
    fill_in(page, "window@example.org")
    page.evaluate(
        "document.querySelector('#other').contentDocument.body.append(document.querySelector('undersigned-form'))"
    )
    other = page.frame_locator("#other")
    button = other.get_by_role("button", name="Send me")
    expect(button).to_be_visible()
    assert button.evaluate("button => getComputedStyle(button).backgroundColor") == "rgb(74, 47, 133)"
    expect(other.get_by_label("Your e-mail address")).to_have_value("window@example.org")
    # And back, by way of a document that nobody sees.
    page.evaluate(
        """const form = document.querySelector("#other").contentDocument.querySelector("undersigned-form");
        document.createElement("template").content.append(form); document.body.append(form);"""
    )
    assert (
        page.get_by_role("button", name="Send me").evaluate("button => getComputedStyle(button).color")
        == "lch(100 0 0)"
    )


def test_a_script_that_was_pasted_without_its_type_works_and_says_what_to_write(
    page: Page, server: Server, partner: Partner
) -> None:
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    old = script(server).replace(' type="module"', "")
    policy = f"default-src 'none'; script-src {server.url}; connect-src {server.url}"
    page.goto(partner.show(element(server), head=old + script(server), content_security_policy=policy))
    expect(page.get_by_role("button", name="Send me")).to_be_visible()
    [told] = [text for text in said if "favicon" not in text]
    assert f'<script type="module" src="{server.url}/embed/v1/undersigned.js">' in told


def test_who_measures_a_preview_hears_that_it_was_drawn(page: Page, server: Server, partner: Partner) -> None:
    watching = """<script>
    window.heights = [];
    new MutationObserver(() => heights.push(document.documentElement.scrollHeight))
      .observe(document, { attributes: true, subtree: true, childList: true });
    </script>"""
    page.goto(partner.show(element(server), head=watching + script(server)))
    expect(page.get_by_role("button", name="Send me")).to_be_visible()
    page.wait_for_function("heights.at(-1) > 700")


def test_a_browser_that_fills_what_people_do_not_see_costs_nobody_a_signature(
    page: Page, server: Server, partner: Partner
) -> None:
    listen(page)
    page.goto(with_form(partner, server))
    fill_in(page, "managed@example.org")
    page.locator("[name=subject]").evaluate("input => (input.value = 'Ada Example')")
    send(page)
    expect(page.get_by_role("alert")).to_have_text("That didn’t arrive. Nothing is lost: please try again.")
    expect(page.locator("[name=subject]")).to_have_count(0)
    send(page)
    expect(sent(page)).to_be_visible()
