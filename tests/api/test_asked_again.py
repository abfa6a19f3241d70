"""What answers a form or a button can be asked for again: in another language, by a reload, with all that was typed."""

import html
import re
from urllib.parse import urlsplit

import httpx
import pytest
from litestar.routes import HTTPRoute

from tests.api.test_languages_in_turn import addresses
from tests.api.test_succession import READERS
from tests.conftest import World
from tests.letters import representative, token_of
from undersigned.signing import review

TYPED = {"kind": "individual", "name": "Ada Example", "email": "nothing", "country": "HU", "objectives": "b"}
HTML = {"Accept": "text/html"}


def value(page: str, name: str) -> str:
    """What stands in a text field of a page."""
    found = re.search(rf'<input[^>]* name="{name}"[^>]* value="([^"]*)"', page)
    assert found, name
    return html.unescape(found[1])


def buttons(page: str) -> dict[str, tuple[str, str]]:
    """The buttons that change the language: of which form each is, and where it sends that."""
    found = re.findall(r'<button form="(\w+)" formaction="([^"]+)" name="unsent" value="true" lang="([\w-]+)"', page)
    assert all(f'<form id="{form}"' in page for form, _, _ in found)
    return {language: (form, html.unescape(url)) for form, url, language in found}


def fields(page: str, form: str) -> list[tuple[str, str]]:
    """The hidden fields of a page's form, by the form's id or by how its tag ends."""
    [inside] = re.findall(rf"<form[^>]*{form}[^>]*>(.*?)</form>", page, re.DOTALL)
    return [(n, html.unescape(v)) for n, v in re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', inside)]


def test_whatever_takes_a_form_can_be_asked_for(world: World) -> None:
    """A language is a link or a button, and both may end where a form was sent."""
    pages = [
        route
        for route in world.app.routes
        if isinstance(route, HTTPRoute) and not route.path.startswith(("/v1/", "/log/", "/witness/", "/schema"))
    ]
    assert len([route for route in pages if "POST" in route.methods]) > 12
    for route in pages:
        assert "POST" not in route.methods or "GET" in route.methods, route.path


async def follow(world: World, answer: httpx.Response) -> httpx.Response:
    """What a browser shows next, which is no error."""
    assert answer.status_code == 303, answer.text
    return await world.client.get(answer.headers["location"], headers=HTML)


async def managed(world: World) -> str:
    """The path of a link to manage an organisation's endorsement."""
    await world.submit(representative("rosa@readers.org.uk"))
    [mail] = await world.send_mail()
    await world.confirm(token_of(mail))
    await review.approve(world.db, (await review.held(world.db))[0].id, "console")
    await world.count()
    await world.send_mail()
    body = {"email": "rosa@readers.org.uk", "organisation": READERS}
    await world.client.post("/v1/statements/example/manage-links", json=body)
    [mail] = await world.send_mail()
    return f"/m/{token_of(mail, 'm')}"


async def test_what_was_done_behind_an_owners_link_is_said_by_a_page_with_an_address_of_its_own(world: World) -> None:
    link = await managed(world)
    offered = {"successor_name": "Sam", "successor_role": "Chair", "successor_email": "sam@readers.org.uk"}
    for step, form, said in (
        ("name", {"name": "Rosa L."}, "corrected"),
        ("show", {}, "then it is shown"),
        ("hide", {}, "not public"),
        ("stop-updates", {}, "no more news"),
        ("successor", offered, "Until they accept"),
        ("take-back", {}, "taken back"),
    ):
        answer = await world.client.post(f"{link}/{step}", data=form, headers=HTML)
        page = await follow(world, answer)
        assert re.search(rf'class="said" role="status">[^<]*{said}', page.text), step
        hungarian = await world.client.post(f"{link}/{step}?lang=hu", data=form, headers=HTML)
        if hungarian.status_code == 303:  # an offer is taken back once
            assert "lang=hu" in hungarian.headers["location"]
        asked = await world.client.get(f"{link}/{step}?lang=hu", headers=HTML)
        assert (await follow(world, asked)).headers["content-language"] == "hu"
    assert 'class="said"' not in (await world.client.get(f"{link}?done=nothing")).text


@pytest.mark.parametrize("path", ["/c/cut/deny", "/c/cut/renew", "/h/cut/deny", "/stop/cut/undo", "/m/cut/name"])
async def test_what_only_does_something_leads_to_a_page_when_it_is_asked_for(world: World, path: str) -> None:
    page = await follow(world, await world.client.get(f"{path}?lang=hu", headers=HTML))
    assert (page.status_code, page.headers["content-language"]) == (400, "hu")


async def test_changing_the_language_keeps_what_was_typed_and_sends_nothing(world: World) -> None:
    known = await addresses(world)
    typed: dict[str, dict[str, str]] = {
        "/s/example?partner=readers": TYPED | {"partner": "readers"},
        "/s/example/manage": {"kind": "organisation", "organisation_name": "Readers", "email": "ada"},
        known["report"]: {"reason": "abusive", "note": "A note"},
        known["confirm"]: {"name": "Ada Lovelace", "country": "GB", "corrects": "true"},
        known["offer"]: {"name": "Sam Example", "role": "Treasurer"},
        known["manage"]: {"name": "Rosa Luxury"},
    }
    before = await rows(world)
    for path, form in typed.items():
        page = (await world.client.get(path, headers=HTML)).text
        choices = buttons(page)
        assert set(choices) == {"az", "hy", "ru", "tr", "hu", "de", "fr"}, path
        owner, url = choices["de"]
        sent = dict(fields(page, f'id="{owner}"')) | form | {"unsent": "true"}
        answer = await world.client.post(url, data=sent, headers=HTML)
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store"), path
        assert answer.headers["content-language"] == "de"
        assert 'class="summary"' not in answer.text
        for name, each in form.items():
            if f' id="{name}"' in answer.text and name not in ("kind", "country", "reason", "objectives", "note"):
                assert value(answer.text, name) == each, (path, name)
        assert set(buttons(answer.text)) == {"en", "az", "hy", "ru", "tr", "hu", "fr"}, path
    statement = await world.client.post("/s/example?lang=de", data=TYPED | {"unsent": "true"})
    assert '<option value="HU" selected>' in statement.text
    assert re.search(r'name="objectives" value="b"[^>]* checked', statement.text)
    waited = await world.client.post("/s/example?lang=de", data=TYPED | {"turn": "waited-for", "unsent": "true"})
    assert dict(fields(waited.text, 'id="sign"'))["turn"] == "waited-for"
    assert await rows(world) == before
    assert await world.send_mail() == []


async def rows(world: World) -> list[int]:
    """How many rows each table of what people did has."""
    tables = ("submission", "endorsement", "signatory", "message", "report", "succession", "log_queue")
    return [await world.db.pool.fetchval(f"SELECT count(*) FROM {table}") for table in tables]


async def test_a_form_with_nothing_typed_changes_its_language_by_an_address(world: World) -> None:
    page = (await world.client.get("/s/example?partner=readers&utm_source=news")).text
    owner, url = buttons(page)["hy"]
    blank = dict(fields(page, f'id="{owner}"')) | {"kind": "individual", "name": "", "email": "", "country": ""}
    answer = await world.client.post(url, data=blank | {"unsent": "true"})
    assert answer.headers["location"] == "/s/example?partner=readers&utm_source=news&lang=hy#"


async def test_try_again_gives_the_form_back_with_all_that_was_typed(world: World) -> None:
    form = TYPED | {"email": "ada@exmaple.org", "partner": "readers"}
    sent = await world.client.post("/s/example", data=form, headers=HTML)
    assert "Check your mailbox" in sent.text
    again = fields(sent.text, 'action="/s/example#endorse"')
    assert dict(again) == form
    page = await world.client.post("/s/example", data=dict(again) | {"unsent": "true"}, headers=HTML)
    assert value(page.text, "email") == "ada@exmaple.org"
    assert dict(fields(page.text, 'id="sign"'))["partner"] == "readers"
    assert await world.db.pool.fetchval("SELECT count(*) FROM submission") == 1


async def test_try_again_in_a_frame_gives_its_form_back_with_all_that_was_typed(world: World) -> None:
    form = TYPED | {"email": "ada@exmaple.org"}
    url = "/embed/example/form?partner=readers&lang=hy"
    sent = await world.client.post(url, data=form)
    again = fields(sent.text, 'method="post"')
    assert dict(again) == form
    page = await world.client.post(url, data=dict(again) | {"unsent": "true"})
    assert value(page.text, "email") == "ada@exmaple.org"
    assert 'value="b" checked' in page.text
    assert await world.db.pool.fetchval("SELECT count(*) FROM submission") == 1


async def test_over_budget_nothing_typed_is_lost_in_any_language(world: World) -> None:
    link = await managed(world)
    world.limit(submit_budget_network=1)
    form = TYPED | {"email": "ada@example.org"}
    assert (await world.client.post("/s/example", data=form, headers=HTML)).status_code == 200
    page = await world.client.post("/s/example", data=form, headers=HTML)
    assert (page.status_code, value(page.text, "email")) == (429, "ada@example.org")
    offered = {"successor_name": "Sam", "successor_role": "Chair", "successor_email": "sam@readers.org.uk"}
    refused = await world.client.post(f"{link}/successor", data=offered, headers=HTML)
    assert refused.status_code == 429
    assert dict(fields(refused.text, 'id="again"')) == offered
    assert buttons(refused.text)["de"] == ("again", f"{link}/successor?lang=de")
    german = await world.client.post(f"{link}/successor?lang=de", data=offered | {"unsent": "true"}, headers=HTML)
    assert (german.status_code, value(german.text, "successor_email")) == (200, "sam@readers.org.uk")


async def test_a_form_that_needs_a_correction_is_sent_to_where_its_list_of_errors_takes_the_focus(world: World) -> None:
    known = await addresses(world)
    for path in ("/s/example", "/s/example/manage", known["report"], known["confirm"], known["offer"], known["manage"]):
        page = (await world.client.get(path, headers=HTML)).text
        [action] = re.findall(rf'<form id="{buttons(page)["de"][0]}"[^>]* action="([^"]+)"', page)
        assert urlsplit(action).fragment == "summary", path
        answer = await world.client.post(
            action, data=dict(fields(page, f'action="{re.escape(action)}"')) | {"name": ""}, headers=HTML
        )
        if answer.status_code == 422:
            assert re.search(r'id="summary"[^>]* tabindex="-1"', answer.text), path
