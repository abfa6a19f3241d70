"""Whoever confirms sees all that was typed under their address, by whomever, and can correct all of it."""

import re
from typing import Any

import pytest

from tests.conftest import World
from tests.letters import person, representative, token_of
from undersigned.readers import partners

STRANGERS: dict[str, Any] = {
    "country": "RU",
    "objectives": ["a"],
    "partner": "strangers",
    "source": {"utm_source": "nowhere", "utm_campaign": "lies"},
}
KEPT = "SELECT country, objectives, partner FROM endorsement"


async def row(world: World, query: str = KEPT) -> list[Any]:
    """The values of the one row that a query finds."""
    [found] = await world.db.pool.fetch(query)
    return list(found.values())


async def page_of(world: World, token: str) -> str:
    return (await world.client.get(f"/c/{token}")).text


async def claimed(world: World, body: dict[str, object]) -> str:
    """The token of the mail about a claim that came by way of a partner."""
    await partners.add(world.db, "strangers", "The Strangers", "https://strangers.example.org/", [])
    await world.refresh()
    assert (await world.submit(body)).status_code == 202
    (mail,) = await world.send_mail()
    return token_of(mail)


async def press(world: World, token: str, **fields: Any) -> int:
    """Presses the button as a browser does; returns the status."""
    consent = re.findall(r'name="consent" value="(\w+)"', await page_of(world, token))[0]
    form = {"consent": consent, "corrects": "true", "name": "Ada Example"} | fields
    return (await world.client.post(f"/c/{token}", data=form)).status_code


async def test_all_that_was_claimed_is_shown(world: World) -> None:
    token = await claimed(world, person(**STRANGERS))
    page = await page_of(world, token)
    assert "for-organisation" not in page
    assert '<option value="RU" selected>' in page
    assert re.findall(r'value="(\w)"[^>]* checked', page) == ["a"]
    assert re.search(r'id="source"[^>]* checked', page)
    assert "The Strangers" in page


async def test_a_campaign_without_a_partner_is_shown_too(world: World) -> None:
    token = await claimed(world, person(**STRANGERS | {"partner": "unknown"}))
    assert re.search(r"nowhere.*lies|lies.*nowhere", await page_of(world, token))


async def test_what_is_not_touched_stays(world: World) -> None:
    token = await claimed(world, person(**STRANGERS))
    assert await press(world, token, country="RU", objectives=["a"], source="true") == 200
    assert await row(world) == ["RU", ["a"], "strangers"]


async def test_all_that_a_stranger_claimed_can_be_corrected(world: World) -> None:
    token = await claimed(world, person(**STRANGERS))
    assert await press(world, token, country="HU", objectives=["b", "c"]) == 200
    assert await row(world) == ["HU", ["b", "c"], None]
    assert await world.db.pool.fetchval("SELECT source FROM signatory") == {}
    assert await row(world, "SELECT country, objectives, partner FROM log_queue") == ["HU", ["b", "c"], None]


async def test_all_of_it_can_be_taken_out(world: World) -> None:
    token = await claimed(world, person(**STRANGERS))
    assert await press(world, token, country="") == 200
    assert await row(world) == [None, [], None]


async def test_a_page_from_before_there_was_anything_to_correct_changes_nothing(world: World) -> None:
    token = await claimed(world, person(**STRANGERS))
    consent = re.findall(r'name="consent" value="(\w+)"', await page_of(world, token))[0]
    assert (await world.client.post(f"/c/{token}", data={"consent": consent, "name": "Ada"})).status_code == 200
    assert await row(world) == ["RU", ["a"], "strangers"]


async def test_a_representative_corrects_their_role_and_what_is_offered_but_not_who_the_organisation_is(
    world: World,
) -> None:
    token = await claimed(world, representative(objectives=["a"], partner="strangers"))
    assert "have this claim deleted below" in await page_of(world, token)
    given: dict[str, object] = {
        "role": "Secretary",
        "contributions": ["knowledge"],
        "objectives": ["b"],
        "country": "HU",
    }
    assert await press(world, token, **given) == 200
    held = await row(world, "SELECT role, country, objectives, partner, organisation FROM submission")
    assert held[:4] == ["Secretary", "GB", ["b"], None]
    assert (held[4]["name"], held[4]["contributions"]) == ("Readers' Society", ["knowledge"])


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [("country", "XX", "There is no such country."), ("objectives", ["z"], "The statement has no such objective.")],
)
async def test_a_bad_correction_is_said_and_nothing_is_counted(
    world: World, field: str, value: Any, words: str
) -> None:
    token = await claimed(world, person(**STRANGERS))
    assert await press(world, token, **{"country": "HU", field: value}) == 422
    consent = re.findall(r'name="consent" value="(\w+)"', await page_of(world, token))[0]
    form = {"consent": consent, "corrects": "true", "name": "Ada Example", "country": "HU", field: value}
    assert words in (await world.client.post(f"/c/{token}", data=form)).text
    assert await world.db.pool.fetchval("SELECT count(*) FROM endorsement") == 0
    assert await world.db.pool.fetchval("SELECT country FROM submission") == "RU"


async def test_a_program_corrects_in_the_same_way(world: World) -> None:
    token = await claimed(world, person(**STRANGERS))
    bad = await world.confirm(token, corrected={"country": "XX", "objectives": ["z"]})
    assert {each["code"] for each in bad.json()["errors"]} == {"country_unknown", "objective_unknown"}
    done = await world.confirm(token, corrected={"country": "", "source": False})
    assert done.json() == {"status": "counted"}
    assert await row(world) == [None, ["a"], None]
    again = await world.confirm(token, corrected={"country": "HU"})
    assert again.json() == {"status": "already_confirmed"}
    assert await row(world) == [None, ["a"], None]


async def test_what_waits_for_a_look_is_not_corrected_any_more(world: World) -> None:
    token = await claimed(world, representative(objectives=["a"]))
    assert (await world.confirm(token)).json() == {"status": "held"}
    assert (await world.confirm(token, corrected={"role": "Queen"})).json() == {"status": "held"}
    assert await world.db.pool.fetchval("SELECT role FROM submission") == "Chair"
