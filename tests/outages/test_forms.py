"""Submitting through the API, on a page and in a frame is one act: whatever stands in its way, all three say it with one status,
and whoever typed something finds it again.
"""

import re
from collections.abc import Awaitable, Callable
from html import unescape
from typing import NamedTuple

import pytest

from tests.api.test_partners import restrict
from tests.conftest import World
from tests.letters import person, token_of
from tests.outage import Outage
from undersigned.database.connection import Database

TYPED = {"kind": "individual", "name": "Ada who typed", "email": "ada@example.org", "country": "HU", "objectives": "b"}
ELSEWHERE = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}


async def nothing(world: World, outage: Outage) -> None:
    pass


async def over_budget(world: World, outage: Outage) -> None:
    world.limit(submit_budget_network=1)
    assert (await world.submit(person())).status_code == 202


async def closed(world: World, outage: Outage) -> None:
    await world.db.pool.execute("UPDATE statement SET closes_at = now(), published_at = now()")
    await world.refresh()


async def upcoming(world: World, outage: Outage) -> None:
    await world.db.pool.execute("UPDATE statement SET opens_at = now() + interval '1 day', published_at = now()")
    await world.refresh()


async def refusing(world: World, outage: Outage) -> None:
    await restrict(world)


async def away(world: World, outage: Outage) -> None:
    await outage.cut()


async def frozen(world: World, outage: Outage) -> None:
    outage.freeze()


class Case(NamedTuple):
    """What stands in the way, what is sent then, and how it is answered."""

    make: Callable[[World, Outage], Awaitable[None]]
    typed: dict[str, str]
    headers: dict[str, str]
    status: int
    code: str
    sentence: str
    retry: bool = False


CASES = {
    "an invalid field": Case(
        nothing, {"email": "nobody"}, {}, 422, "invalid_fields", "This is not an e-mail address that mail can reach."
    ),
    "over budget": Case(over_budget, {}, {}, 429, "too_many_requests", "Nothing you typed is wrong", True),
    "closed": Case(closed, {}, {}, 409, "statement_closed", "It takes no more endorsements."),
    "not open yet": Case(upcoming, {}, {}, 409, "statement_not_open", "This statement can’t be endorsed yet."),
    "from a stranger's site": Case(
        refusing, {}, ELSEWHERE, 403, "origin_refused", "on its own page, and on the sites of its partners only"
    ),
    "the database away": Case(away, {}, {}, 503, "unavailable", "Try again in a few seconds", True),
    "the database frozen": Case(frozen, {}, {}, 503, "unavailable", "Try again in a few seconds", True),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
@pytest.mark.parametrize("rendering", ["/v1/statements/example/endorsements", "/s/example", "/embed/example/form"])
async def test_what_stands_in_the_way_of_a_submission_is_said_and_what_was_typed_is_kept(
    world: World, outage: Outage, rendering: str, case: Case
) -> None:
    await case.make(world, outage)
    typed = TYPED | case.typed
    if rendering.startswith("/v1"):
        answer = await world.client.post(
            rendering, json=typed | {"objectives": [typed["objectives"]]}, headers=case.headers
        )
        assert answer.json()["type"] == f"urn:undersigned:problem:{case.code}"
    else:
        answer = await world.client.post(rendering, data=typed, headers=case.headers | {"Accept": "text/html"})
        page = unescape(answer.text)
        assert case.sentence in page
        for value in (typed["name"], typed["email"]):
            assert f'value="{value}"' in page
        assert re.search('value="HU" selected', page)
        assert re.search('value="b"[^>]* checked', page)
    assert answer.status_code == case.status
    assert ("retry-after" in answer.headers) == case.retry
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", ["/v1/statements/example/manage-links", "/s/example/manage"])
@pytest.mark.parametrize("name", ["an invalid field", "over budget", "the database away"])
async def test_what_stands_in_the_way_of_asking_for_a_link_is_said_and_the_address_is_kept(
    world: World, outage: Outage, path: str, name: str
) -> None:
    case = CASES[name]
    await case.make(world, outage)
    email = case.typed.get("email", "ada@example.org")
    if path.startswith("/v1"):
        answer = await world.client.post(path, json={"email": email})
        assert answer.json()["type"] == f"urn:undersigned:problem:{case.code}"
    else:
        answer = await world.client.post(path, data={"email": email})
        assert case.sentence in unescape(answer.text)
        assert f'value="{email}"' in answer.text
    assert answer.status_code == case.status
    assert ("retry-after" in answer.headers) == case.retry


async def test_a_closed_form_shows_what_was_typed_and_has_nothing_to_press(world: World, outage: Outage) -> None:
    await closed(world, outage)
    for path in ("/s/example", "/embed/example/form"):
        assert "Send me the confirmation mail" not in (await world.client.post(path, data=TYPED)).text


async def claim(world: World, db: Database) -> str:
    await world.submit(person())
    [mail] = await world.send_mail()
    return f"/c/{token_of(mail)}"


async def test_confirming_while_the_database_is_away_loses_nothing_and_is_one_button_later(
    world: World, db: Database, outage: Outage
) -> None:
    path = await claim(world, db)
    [consent] = re.findall(r'name="consent" value="(\w+)"', (await world.client.get(path)).text)
    await outage.cut()
    answer = await world.client.post(
        path, data={"consent": consent, "name": 'Ada "Corrected"', "show_name": "true"}, headers={"Accept": "text/html"}
    )
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert f'action="{path}?lang=en"' in answer.text
    kept = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', answer.text))
    await outage.mend()
    again = await world.client.post(path, data={name: unescape(value) for name, value in kept.items()})
    assert "Your endorsement counts" in again.text
    row = await db.pool.fetchrow("SELECT name, name_status FROM signatory")
    assert row is not None
    assert tuple(row) == ('Ada "Corrected"', "queued")
