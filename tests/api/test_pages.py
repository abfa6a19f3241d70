"""The pages as somebody without JavaScript uses them."""

import html
import re

import pytest

from tests.api.test_languages_in_turn import addresses
from tests.conftest import World
from tests.letters import token_of
from undersigned import __version__
from undersigned.signing import review
from undersigned.words.languages import LANGUAGES

FORM = {"kind": "individual", "name": "Ada Example", "email": "ada@example.org", "country": "", "objectives": "a",
        "role": "", "organisation_name": "", "organisation_website": "", "organisation_country": "", "subject": ""}  # fmt: skip


async def test_a_person_signs_and_confirms_with_forms_alone(world: World) -> None:
    page = await world.client.get("/s/example")
    assert page.status_code == 200
    assert "An open letter for quieter libraries" in page.text
    sent = await world.client.post("/s/example", data=FORM)
    assert sent.status_code == 200
    assert "ada@example.org" in sent.text
    [mail] = await world.send_mail()
    page = await world.client.get(f"/c/{token_of(mail)}")
    assert 'value="Ada Example"' in page.text
    assert not re.search(r'name="(show_name|updates)"[^>]* checked', page.text)
    [consent] = re.findall(r'name="consent" value="(\w+)"', page.text)
    done = await world.client.post(
        f"/c/{token_of(mail)}", data={"consent": consent, "name": "Ada E.", "show_name": "true"}
    )
    assert "Your endorsement counts" in done.text
    assert await world.count() == (1, 0)
    again = await world.client.get(f"/c/{token_of(mail)}")
    assert "It is done already" in again.text


async def test_an_organisation_signs_with_the_same_form(world: World) -> None:
    form = FORM | {"kind": "organisation", "role": "Chair", "organisation_name": "Readers' <b>Society</b>"}
    form |= {"organisation_website": "readers.org.uk", "organisation_country": "GB", "contributions": "knowledge"}
    sent = await world.client.post("/s/example", data=form)
    assert sent.status_code == 200, sent.text
    [mail] = await world.send_mail()
    page = await world.client.get(f"/c/{token_of(mail)}")
    assert "<b>Society</b>" not in page.text
    assert html.escape("<b>Society</b>") in page.text
    [consent] = re.findall(r'name="consent" value="(\w+)"', page.text)
    done = await world.client.post(f"/c/{token_of(mail)}", data={"consent": consent, "name": "Rosa"})
    assert "A person looks at it now" in done.text
    [claim] = await review.held(world.db)
    assert claim.organisation
    assert claim.organisation.website == "https://readers.org.uk"


async def test_what_was_typed_is_kept_and_each_fault_stands_at_its_field(world: World) -> None:
    page = await world.client.post("/s/example", data=FORM | {"name": "see www.spam.example", "email": "nobody"})
    assert page.status_code == 422
    assert 'value="nobody"' in page.text
    assert "A name has no web or mail addresses in it." in page.text
    assert page.text.count('aria-invalid="true"') == 2


@pytest.mark.parametrize("path", ["/s/example", "/embed/example/form"])
async def test_a_country_that_was_not_chosen_is_needed_and_not_unknown(world: World, path: str) -> None:
    form = FORM | {"kind": "organisation", "role": "Chair", "organisation_name": "Readers' Society"}
    page = await world.client.post(path, data=form)
    assert page.status_code == 422
    [fault] = re.findall(r'id="organisation_country-error">(.*)</p>', page.text)
    assert fault.endswith("This is needed.")


async def test_hidden_fields_of_the_other_kind_are_no_mistake(world: World) -> None:
    sent = await world.client.post(
        "/s/example", data=FORM | {"role": "Chair", "organisation_name": "Typed before switching"}
    )
    assert sent.status_code == 200


async def test_a_consent_text_that_changed_meanwhile_is_shown_again_before_anything_counts(world: World) -> None:
    await world.client.post("/s/example", data=FORM)
    [mail] = await world.send_mail()
    page = await world.client.post(f"/c/{token_of(mail)}", data={"consent": "0" * 64, "name": "Ada"})
    assert page.status_code == 409
    assert "Please read it once more" in page.text
    assert await world.count() == (0, 0)


@pytest.mark.parametrize(
    "path", ["/", "/s/example", "/s/example/privacy", "/s/example/how-we-count", "/reference", "/mailbox", "/nothing"]
)
async def test_pages_run_nothing_but_the_live_numbers_and_set_no_cookie(world: World, path: str) -> None:
    page = await world.client.get(path, headers={"Accept": "text/html"})
    assert "set-cookie" not in page.headers
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert page.headers["referrer-policy"] == "no-referrer"
    live = f'<script type="module" src="/embed/v{__version__}/tally.js">'
    assert re.findall("<script[^>]*>[^<]*", page.text) == ([live] if path == "/s/example" else [])
    assert not re.search(r'(?:src|href)="(?:https?:)?//(?!127\.0\.0\.1:8000/)', page.text)


async def test_the_privacy_page_says_who_answers_and_for_what(world: World) -> None:
    text = (await world.client.get("/s/example/privacy")).text
    for promise in ("Example Readers", "political opinion", "30 days", "withdraw"):
        assert promise in text


async def test_the_mailbox_shows_the_newest_mail_first_and_refuses_other_files(world: World) -> None:
    for who in ("one", "two"):
        await world.client.post("/s/example", data=FORM | {"email": f"{who}@example.org"})
        await world.send_mail()
    page = (await world.client.get("/mailbox")).text
    assert page.index("two@example.org") < page.index("one@example.org")
    for key in ("..%2F..%2Fsecrets.env", "nothing"):
        assert (await world.client.get(f"/mailbox/{key}")).status_code == 404


async def test_the_local_mailbox_shows_an_address_as_it_is_and_never_what_it_looks_like(world: World) -> None:
    addresses = ["=?utf-8?q?=28?=p1@evil.example", "=?utf-8?b?YQ0KQmNjOiBi?=@evil.example", "čeněk@example.org"]
    for address in addresses:
        await world.client.post("/s/example", data=FORM | {"email": address})
    await world.send_mail()
    page = html.unescape((await world.client.get("/mailbox")).text)
    keys = re.findall(r'href="/mailbox/([^"]+)"', page)
    assert all(address in page for address in addresses)
    assert {(await world.client.get(f"/mailbox/{key}")).status_code for key in keys} == {200}


@pytest.mark.parametrize("path", ["/", "/s/example", "/s/example/privacy", "/s/example/how-we-count", "/s/example/embed",
                                  "/s/example/organisations"])  # fmt: skip
async def test_a_public_page_names_its_address_and_itself_in_every_language(world: World, path: str) -> None:
    home = world.settings.url
    for asked, itself in (("?utm_source=news&partner=readers", path), ("?lang=hy", f"{path}?lang=hy")):
        page = (await world.client.get(path + asked)).text
        assert re.findall(r'<link rel="canonical" href="([^"]+)">', page) == [home + itself]
        others = dict(re.findall(r'<link rel="alternate" hreflang="([^"]+)" href="([^"]+)">', page))
        assert others == {"x-default": home + path} | {code: f"{home}{path}?lang={code}" for code in LANGUAGES}


async def test_a_page_of_a_list_is_not_taken_for_the_first_and_what_is_private_has_no_address(world: World) -> None:
    page = (await world.client.get("/s/example/organisations?after=5&lang=de")).text
    assert f'rel="canonical" href="{world.settings.url}/s/example/organisations?after=5&amp;lang=de"' in page
    assert f'hreflang="hy" href="{world.settings.url}/s/example/organisations?after=5&amp;lang=hy"' in page
    for path in ("/s/example/names", "/s/example/manage", "/nothing", "/c/cut"):
        assert "canonical" not in (await world.client.get(path, headers={"Accept": "text/html"})).text, path
    for path, form in (("/s/example", {"name": "A"}), ("/s/example", FORM), ("/s/example/manage", FORM)):
        assert "canonical" not in (await world.client.post(path, data=form)).text, path


async def test_no_program_translates_a_name(world: World) -> None:
    known = await addresses(world)
    for page, name in (
        ("names", "Ada Example"), ("organisations", "Readers&#39; Society"), ("manage", "Rosa Former"),
        ("manage", "Readers&#39; Society"), ("report", "Readers&#39; Society"), ("offer", "Readers&#39; Society"),
        ("framed organisations", "Readers&#39; Society"), ("index", "127.0.0.1"),
    ):  # fmt: skip
        text = (await world.client.get(known[page])).text.partition("</head>")[2]
        assert re.search(rf'translate="no">(?:\s*<\w+[^>]*>)*{name}', text), (page, name)
