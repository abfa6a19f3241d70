"""Organisations in public: wherever they are listed, only those whose entry is released."""

import pytest

from tests.api.test_reports import endorse_for
from tests.conftest import World
from undersigned.readers import records
from undersigned.web.exchange.rendered import Pages

NAME = "Unmistakable"
PLACES = (
    "/v1/statements/example/organisations",
    "/s/example/organisations",
    "/embed/example/organisations",
    "/s/example",
)


async def endorse(world: World) -> int:
    """An organisation is counted; returns its entry."""
    await endorse_for(world)
    await world.db.pool.execute("UPDATE organisation SET name = $1", NAME)
    return int(await world.db.pool.fetchval("SELECT index FROM log_member"))


async def release(world: World, size: int) -> None:
    await world.db.pool.execute("UPDATE log_head SET released_size = $1", size)
    world.begin_anew(pages=Pages())


@pytest.mark.parametrize("path", PLACES)
async def test_an_organisation_is_listed_from_the_release_of_its_entry_on(
    world: World, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr(records, "KEPT_S", 0.0)
    index = await endorse(world)
    await release(world, index)
    assert NAME not in (await world.client.get(path)).text
    await release(world, index + 1)
    assert NAME in (await world.client.get(path)).text


async def test_an_organisation_can_be_reported_from_the_release_of_its_entry_on(world: World) -> None:
    index = await endorse(world)
    for size, status in ((index, 404), (index + 1, 200)):
        await release(world, size)
        assert (await world.client.get(f"/s/example/report?organisation={index}")).status_code == status


@pytest.mark.parametrize("path", [path for path in PLACES if not path.startswith("/v1")])
async def test_a_website_that_is_no_web_address_is_a_link_nowhere(
    world: World, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr(records, "KEPT_S", 0.0)
    await endorse(world)
    await world.db.pool.execute("UPDATE organisation SET website = 'javascript:alert(1)'")
    page = (await world.client.get(path)).text
    assert NAME in page
    assert "javascript:" not in page
