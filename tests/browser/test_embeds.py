"""The form on a partner's page: in a real browser, from another origin, under conditions that are not friendly."""

import json
from typing import Any

import httpx
from playwright.sync_api import Browser, CDPSession, Page, Request, Route, expect

from tests.browser.conftest import Partner
from tests.browser.embedding import element, fill_in, listen, policy, script, send, with_form
from tests.process import Server

MAILBOX = "Check your mailbox"


def sent(page: Page) -> Any:
    return page.get_by_role("heading", name=MAILBOX)


def bodies_of(page: Page) -> list[dict[str, Any]]:
    """What the page posts from now on."""
    found: list[dict[str, Any]] = []

    def note(request: Request) -> None:
        if request.method == "POST":
            found.append(json.loads(request.post_data or ""))

    page.on("request", note)
    return found


def test_a_page_with_the_strictest_policy_embeds_everything_from_a_pinned_script(
    page: Page, server: Server, partner: Partner
) -> None:
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    hosts: set[str] = set()
    page.on("request", lambda request: hosts.add(request.url.split("/")[2]))
    body = "".join(element(server, name) for name in ("tally", "form", "organisations"))
    page.goto(partner.show(body, head=script(server, pinned=True), content_security_policy=policy(server)))
    expect(page.locator("undersigned-tally [part~=tally]")).to_be_visible()
    fill_in(page, "strict@example.org")
    send(page)
    expect(sent(page)).to_be_focused()
    assert hosts == {partner.url.split("/")[2], server.url.split("/")[2]}
    assert page.context.cookies() == []
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0
    assert page.locator("[style]").count() == 0
    assert [text for text in said if "favicon" not in text] == []


def test_a_script_that_is_not_the_pinned_one_does_not_run(page: Page, server: Server, partner: Partner) -> None:
    head = script(server, pinned=True).replace("sha384-", "sha384-A")
    page.goto(partner.show(element(server), head=head))
    expect(page.get_by_role("link", name="Endorse it there")).to_be_visible()
    assert page.evaluate("customElements.get('undersigned-form')") is None


def test_no_style_of_the_page_hides_the_form_and_the_form_changes_no_style_of_the_page(
    page: Page, server: Server, partner: Partner
) -> None:
    hostile = (
        "<style>body * { all: unset !important; display: none !important; visibility: hidden !important; opacity: 0 !important;"
        " font-size: 0 !important; text-transform: uppercase !important; letter-spacing: 1em !important }</style>"
    )
    page.goto(partner.show(element(server) + element(server, "tally"), head=hostile + script(server)))
    button = page.get_by_role("button", name="Send me the confirmation mail")
    expect(button).to_be_visible()
    expect(page.locator("undersigned-tally [part~=tally]")).to_be_visible()
    assert button.evaluate("button => getComputedStyle(button).textTransform") == "none"
    assert button.evaluate("button => parseFloat(getComputedStyle(button).fontSize)") >= 14
    box = button.bounding_box()
    assert box is not None
    assert box["height"] >= 44

    # The bar is there from the beginning: that the page becomes longer than the screen is no style.
    own = '<p class="error choice tally" id="own">Ours</p>'
    page.goto(partner.show(own + element(server), head="<style>html { overflow-y: scroll }</style>"))
    style = "JSON.stringify(Object.fromEntries([...getComputedStyle(own)].map(name => [name, getComputedStyle(own)[name]])))"
    before = page.evaluate(style)
    page.evaluate(f"import('{server.url}/embed/v1/undersigned.js')")
    expect(page.get_by_role("button", name="Send me")).to_be_visible()
    assert page.evaluate(style) == before


def test_a_page_may_load_the_script_twice_and_make_elements_by_itself(
    page: Page, server: Server, partner: Partner
) -> None:
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(partner.show("<main></main>", head=script(server) + script(server, pinned=True)))
    page.evaluate(
        """const form = document.createElement("undersigned-form");
        form.setAttribute("statement", "example"); document.querySelector("main").append(form);"""
    )
    expect(page.get_by_role("button", name="Send me")).to_be_visible()
    assert faults == []


def test_without_javascript_the_link_inside_leads_to_the_form(
    browser: Browser, server: Server, partner: Partner
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(with_form(partner, server))
    page.get_by_role("link", name="Endorse it there").click()
    expect(page.get_by_label("Your name")).to_be_visible()
    assert page.url == f"{server.url}/s/example"
    context.close()


def test_the_body_says_who_where_from_and_nothing_else(page: Page, server: Server, partner: Partner) -> None:
    listen(page)
    bodies = bodies_of(page)
    other = partner.show('<a href="/with?utm_source=news&utm_campaign=%F0%9F%8E%89%0A">there</a>', "/other")
    body = element(server, attributes='partner="readers"')
    partner.show(body, "/with", head=script(server), referrer_policy="unsafe-url")
    page.goto(other.replace("localhost", "127.0.0.1"))
    page.evaluate(
        f"document.querySelector('a').href = '{partner.url}/with?utm_source=news&utm_campaign=%F0%9F%8E%89%0A'"
    )
    page.get_by_role("link").click()
    fill_in(page, "where@example.org")
    page.get_by_label("Where you live").select_option("Hungary")
    page.get_by_label("b) To keep").check()
    send(page)
    expect(sent(page)).to_be_visible()
    [body_sent] = bodies
    statement = page.request.get(f"{server.url}/v1/statements/example").json()
    assert body_sent == {
        "text_sha256": statement["sha256"],
        "kind": "individual",
        "name": "Ada Example",
        "email": "where@example.org",
        "country": "HU",
        "locale": "en",
        "objectives": ["b"],
        "partner": "readers",
        "subject": "",
        "source": {"utm_source": "news", "utm_campaign": "🎉", "referring_host": "127.0.0.1"},
    }
    heard = page.evaluate("heard")
    assert [(each["type"], each["detail"]) for each in heard] == [
        ("undersigned:ready", None),
        ("undersigned:submitted", {"kind": "individual"}),
    ]
    assert all(each["composed"] and each["target"] == "undersigned-form" for each in heard)


def test_an_organisation_signs_too_and_hears_of_every_field_at_once(
    page: Page, server: Server, partner: Partner
) -> None:
    page.goto(with_form(partner, server, 'partner="Not A Partner!"'))
    bodies = bodies_of(page)
    page.get_by_label("My organisation does").check()
    page.get_by_label("Your e-mail address").fill("nobody")
    page.get_by_label("Website").fill("not a site")
    send(page)
    name = page.get_by_label("Name of the organisation")
    expect(name).to_be_focused()
    expect(name).to_have_accessible_description("This is needed.")
    expect(page.get_by_label("Country of the organisation")).to_have_accessible_description("This is needed.")
    expect(page.get_by_label("Your e-mail address")).to_have_accessible_description(
        "We write to it to ask you to confirm. It is never shown. This is not an e-mail address that mail can reach."
    )
    assert page.locator("[aria-invalid]").count() == 6
    name.fill("Readers' Society")
    page.get_by_label("Country of the organisation").select_option("United Kingdom")
    page.get_by_label("Website").fill("readers.org.uk")
    page.get_by_label("Your role there").fill("Chair")
    page.get_by_label("Knowledge").check()
    fill_in(page, "rosa@readers.org.uk", "Rosa Example")
    send(page)
    expect(sent(page)).to_be_visible()
    assert bodies[-1]["organisation"] == {
        "name": "Readers' Society",
        "website": "readers.org.uk",
        "country": "GB",
        "contributions": ["knowledge"],
    }
    assert bodies[-1]["role"] == "Chair"
    assert "partner" not in bodies[-1]
    assert "country" not in bodies[-1]


def test_a_likely_slip_is_asked_about_and_never_corrected(page: Page, server: Server, partner: Partner) -> None:
    page.goto(with_form(partner, server))
    email = page.get_by_label("Your e-mail address")
    slips = {
        "ada@gmial.com": "ada@gmail.com", "ada@gmail.con": "ada@gmail.com", "Ada@mail.tu": "Ada@mail.ru",
        "ada@fremail.hu": "ada@freemail.hu", "ada@boox.az": "ada@box.az", "ada@hotmial.com": "ada@hotmail.com",
    }  # fmt: skip
    for typed, meant in slips.items():
        email.fill(typed)
        email.blur()
        offer = page.get_by_role("button", name=f"Did you mean {meant}?")
        expect(offer).to_be_visible()
        expect(email).to_have_value(typed)
        offer.click()
        expect(email).to_have_value(meant)
        expect(email).to_be_focused()
        expect(offer).to_have_count(0)


def test_nothing_is_asked_about_an_address_that_is_common_or_unlike_any(
    page: Page, server: Server, partner: Partner
) -> None:
    page.goto(with_form(partner, server))
    email = page.get_by_label("Your e-mail address")
    for address in (
        "ada@gmail.com",
        "ada@mail.com",
        "ada@ymail.com",
        "ada@example.org",
        "ada@gmx.net",
        "@gmial.com",
        "ada",
        "",
    ):
        email.fill(address)
        email.blur()
        assert page.get_by_text("Did you mean").count() == 0, address


def test_two_clicks_send_once(page: Page, server: Server, partner: Partner) -> None:
    page.goto(with_form(partner, server))
    bodies = bodies_of(page)
    fill_in(page, "twice@example.org")
    page.get_by_role("button", name="Send me").dblclick()
    expect(sent(page)).to_be_visible()
    assert len(bodies) == 1


def test_what_was_typed_survives_being_offline_and_is_sent_later(page: Page, server: Server, partner: Partner) -> None:
    listen(page)
    page.goto(with_form(partner, server))
    fill_in(page, "offline@example.org")
    page.context.set_offline(True)
    send(page)
    expect(page.get_by_role("alert")).to_have_text("That didn’t arrive. Nothing is lost: please try again.")
    expect(page.get_by_label("Your e-mail address")).to_have_value("offline@example.org")
    assert page.evaluate("heard.at(-1)")["detail"] == {"code": "offline"}
    page.context.set_offline(False)
    send(page)
    expect(sent(page)).to_be_visible()
    expect(page.get_by_text("offline@example.org")).to_be_visible()
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_label("Your e-mail address")).to_be_focused()
    expect(page.get_by_label("Your name")).to_have_value("Ada Example")


def throttled(page: Page) -> CDPSession:
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    slow = {"offline": False, "latency": 600, "downloadThroughput": 20_000, "uploadThroughput": 10_000}
    session.send("Network.emulateNetworkConditions", slow)
    return session


def test_on_a_slow_network_the_link_waits_and_the_form_follows(page: Page, server: Server, partner: Partner) -> None:
    throttled(page)
    page.goto(with_form(partner, server), wait_until="commit")
    expect(page.get_by_role("link", name="Endorse it there")).to_be_visible()
    fill_in(page, "slow@example.org")
    send(page)
    expect(page.get_by_role("button", name="Sending")).to_have_attribute("aria-disabled", "true")
    expect(sent(page)).to_be_visible()


def test_while_the_server_is_down_links_stay_and_the_embeds_come_by_themselves(
    page: Page, server: Server, partner: Partner
) -> None:
    listen(page)
    # The script came from a cache; behind it nobody answers.
    page.route(f"{server.url}/**/*.json", lambda route: route.abort("connectionrefused"))
    page.route(f"{server.url}/v1/**", lambda route: route.abort("connectionrefused"))
    page.goto(partner.show("".join(element(server, name) for name in ("tally", "form")), head=script(server)))
    page.wait_for_function("heard.length >= 2")
    assert {each["detail"]["code"] for each in page.evaluate("heard")} == {"offline"}
    expect(page.get_by_role("link", name="Endorse it there")).to_have_count(2)
    assert page.get_by_role("alert").count() == 0
    page.unroute_all()
    fill_in(page, "later@example.org")
    send(page)
    expect(sent(page)).to_be_visible()
    expect(page.locator("[part~=tally]")).to_be_visible()


def test_a_page_in_another_language_gets_its_words_directions_and_countries(
    page: Page, server: Server, partner: Partner
) -> None:
    body = f'<div lang="ar-XB">{element(server)}</div>' + element(server, attributes='lang="hu-HU"') + element(server)
    page.goto(partner.show(body, head=script(server)))
    roots = page.locator("undersigned-form .root")
    expect(roots).to_have_count(3)
    assert [root.get_attribute("lang") for root in roots.all()] == ["ar-XB", "hu", "en"]
    assert [root.get_attribute("dir") for root in roots.all()] == ["rtl", "ltr", "ltr"]
    second = page.locator("undersigned-form").nth(1)
    assert second.locator("option").count() == 2
    second.locator("[name=name]").focus()
    expect(second.locator("select[name=country] option", has_text="Örményország")).to_have_count(1)
    page.evaluate("document.querySelectorAll('undersigned-form')[2].lang = 'en-XA'")
    expect(page.locator("undersigned-form").nth(2).locator(".root")).to_have_attribute("lang", "en-XA")


def test_a_translation_is_shown_and_its_hash_is_what_is_signed(page: Page, server: Server, partner: Partner) -> None:
    """The statement is read from the server; what a translation adds to it is put in on the way."""
    translation = {
        "locale": "hu", "title": "Csendesebb könyvtárak", "sha256": "ab" * 32,
        "objectives": [{"key": "a", "text": "Vasárnap is"}],
    }  # fmt: skip

    def translate(route: Route) -> None:
        statement = route.fetch().json() | {"translation": translation}
        route.fulfill(json=statement, headers={"Access-Control-Allow-Origin": "*"})

    page.route("**/v1/statements/example?lang=hu", translate)
    bodies = bodies_of(page)
    page.goto(with_form(partner, server, 'lang="hu"'))
    expect(page.get_by_role("heading", name="Csendesebb könyvtárak")).to_be_visible()
    expect(page.get_by_label("a) Vasárnap is")).to_be_visible()
    assert page.get_by_text("Vasárnap is").get_attribute("lang") == "hu"
    expect(page.locator("[id=objectives-hint]")).to_contain_text("angol")
    page.locator("[part=button]").click()
    expect(page.locator("[role=alert], [aria-invalid]").first).to_be_visible()
    assert bodies[0]["text_sha256"] == "ab" * 32


def ask_for_proof(page: Page, server: Server) -> None:
    """Has what the page submits arrive as `text/plain`, for which the server asks for a proof of work at any time."""
    page.route(
        f"{server.url}/v1/statements/example/endorsements",
        lambda route: route.continue_(headers=route.request.headers | {"content-type": "text/plain"}),
    )


def test_on_a_page_with_the_strictest_policy_work_is_proven_by_a_script_that_is_loaded_only_then(
    page: Page, server: Server, partner: Partner
) -> None:
    said: list[str] = []
    loaded: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: loaded.append(request.url))
    bodies = bodies_of(page)
    page.goto(partner.show(element(server), head=script(server, pinned=True), content_security_policy=policy(server)))
    fill_in(page, "work@example.org")
    prover = httpx.get(f"{server.url}/embed/v1/integrity.json").json()["scripts"]["proof.js"]["path"]
    assert f"{server.url}{prover}" not in loaded
    ask_for_proof(page, server)
    send(page)
    expect(sent(page)).to_be_focused()
    first, second = bodies
    assert "proof" not in first
    assert second == first | {"proof": second["proof"]}
    assert f"{server.url}{prover}" in loaded
    assert [text for text in said if "favicon" not in text and "status of 428" not in text] == []


def test_a_prover_that_is_not_the_one_that_was_pinned_with_the_script_does_not_run(
    page: Page, server: Server, partner: Partner
) -> None:
    page.goto(with_form(partner, server))
    fill_in(page, "work.too@example.org")
    ask_for_proof(page, server)
    body = "window.ran = true; export const prove = async () => 'evil';"
    script_of_another = {"Content-Type": "text/javascript", "Access-Control-Allow-Origin": "*"}
    page.route("**/proof.js", lambda route: route.fulfill(body=body, headers=script_of_another))
    send(page)
    expect(page.get_by_role("alert")).to_have_text("That didn’t arrive. Nothing is lost: please try again.")
    assert page.evaluate("window.ran") is None
    page.unroute("**/proof.js")
    page.unroute(f"{server.url}/v1/statements/example/endorsements")
    send(page)
    expect(sent(page)).to_be_visible()
