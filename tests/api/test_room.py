"""Where as many claims are pending as may, no new one is taken, while those that are there go on."""

import pytest

from tests.conftest import World
from tests.letters import person, token_of
from undersigned.process import metrics, readiness, room
from undersigned.settings import Settings
from undersigned.settings import replace as changed

MANY = 1_000_000
# Claims enough that a count of them is not what PostgreSQL would have to make for an answer.
FILL = """
INSERT INTO submission (endorsement_id, id, statement, kind, mailbox_id, address, name, locale, salt, commitment, network_key,
    expires_at, shown_sha256, identity, source, generation, objectives)
SELECT gen_random_uuid(), gen_random_uuid(), s.statement, s.kind, gen_random_uuid(), s.address, s.name, s.locale, s.salt,
    s.commitment, s.network_key, s.expires_at, s.shown_sha256, s.identity, s.source, s.generation, s.objectives
FROM submission AS s CROSS JOIN generate_series(1, 500)
"""


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return changed(settings, pending_max=2)  # type: ignore[arg-type]


async def look(world: World) -> None:
    site = world.app.state.site
    await site.room.look(site.db)


async def full(world: World) -> list[str]:
    """As many claims as may be pending; the tokens of their links."""
    for name in ("ada", "bela"):
        assert (await world.submit(person(f"{name}@example.org"))).status_code == 202
    await look(world)
    return [token_of(mail) for mail in await world.send_mail()]


async def test_beyond_the_cap_a_submission_is_told_to_come_back_later(world: World) -> None:
    await full(world)
    answer = await world.submit(person("cleo@example.org"))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "300")
    assert answer.json()["type"] == "urn:undersigned:problem:no_room"
    page = await world.client.post("/s/example", data=person("cleo@example.org"), headers={"Accept": "text/html"})
    assert page.status_code == 503
    assert "There is no room for new signatures right now." in page.text
    frame = await world.client.post("/embed/example/form", data=person("cleo@example.org"))
    assert frame.status_code == 503
    assert "There is no room for new signatures right now." in frame.text
    assert await world.db.pool.fetchval("SELECT count(*) FROM submission") == 2


async def test_who_has_a_link_confirms_and_withdraws_and_so_makes_room(world: World) -> None:
    token, _ = await full(world)
    assert (await world.confirm(token)).json()["status"] == "counted"
    [counted] = await world.send_mail()
    assert (await world.client.post(f"/w/{token_of(counted, 'w')}")).is_success
    assert (await world.submit(person("cleo@example.org"))).status_code == 503
    await look(world)
    assert (await world.submit(person("cleo@example.org"))).status_code == 202


async def test_that_new_submissions_are_refused_is_said_to_whoever_runs_it(world: World) -> None:
    await full(world)
    answer = await world.client.get("/readyz")
    assert answer.status_code == 503
    assert "new submissions are refused: 2 claims are pending (UNDERSIGNED_PENDING_MAX)" in answer.json()["detail"]
    assert await readiness.problems(world.db) == []
    told = {family.name: family for family in metrics.told(await metrics.read(world.db, world.settings))}
    assert told["undersigned_submissions_refused"].samples[0].value == 1
    assert told["undersigned_pending_claims"].samples[0].value == 2


async def test_of_a_large_cap_the_statistics_are_enough_until_half_of_it_may_be_there(world: World) -> None:
    await full(world)
    await world.db.pool.execute(FILL)
    await world.db.pool.execute("ANALYZE submission")
    assert await world.db.one(world.db.q.health.claims, MANY) == 1002
    await world.db.pool.execute("DELETE FROM submission WHERE address LIKE 'bela%'")
    assert await world.db.one(world.db.q.health.claims, 10) == 10
    assert await world.db.one(world.db.q.health.claims, 10_000) == 501


async def test_of_a_database_elsewhere_no_disk_is_asked(world: World) -> None:
    assert room.free_bytes(world.settings) is None
    assert room.of_disk(changed(world.settings, disk_reserve_mb=10**9)) == []  # type: ignore[arg-type]
