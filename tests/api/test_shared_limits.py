"""What servers on several machines count, they count together: budgets, bursts, queues, and what was used once."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterable

import msgspec
import pytest

from tests.api.test_bursts import ELSEWHERE, ENDORSEMENTS, TYPED, Clock, challenge_of, claims, press, turn_of
from tests.conftest import World, living
from tests.letters import person
from tests.unit.test_work import solved
from undersigned.database.connection import Database
from undersigned.settings import Settings


@pytest.fixture
async def both(world: World, settings: Settings, db: Database) -> AsyncIterator[tuple[World, World]]:
    """Two servers over one database."""
    async with living(msgspec.structs.replace(settings, port=8001), db) as other:
        assert other.app is not world.app
        yield world, other


async def told(worlds: Iterable[World], times: int = 2) -> None:
    """Has all of them say what they counted, and hear what the others did."""
    for _ in range(times):
        for world in worlds:
            await world.site.limits.exchange(world.db)


async def test_the_budget_of_a_network_is_one_for_all_servers(both: tuple[World, World]) -> None:
    for world in both:
        world.limit(submit_budget_network=4)
    answers = [await both[n % 2].submit(person(f"ada{n}@example.org")) for n in range(4)]
    assert [answer.status_code for answer in answers] == [202] * 4
    await told(both)
    for world in both:
        answer = await world.submit(person("ada@example.org"))
        assert (answer.status_code, answer.json()["type"]) == (429, "urn:undersigned:problem:too_many_requests")
        assert 880 <= int(answer.headers["retry-after"]) <= 900
    assert await claims(both[0]) == 4


async def test_a_server_hears_of_a_burst_that_came_to_another_and_of_the_whole_installations(
    both: tuple[World, World],
) -> None:
    for limit in ("submit_burst_network", "submit_burst_total"):
        for world in both:
            world.limit(**{limit: 2})  # type: ignore[arg-type]
        for number in range(3):
            assert (await both[0].submit(person(f"{limit}{number}@example.org"))).status_code == 202
        assert both[1].site.limits.level(None) == 0
        await told(both)
        assert (await both[1].submit(person())).status_code == 428, limit
        await both[0].db.pool.execute("DELETE FROM meter")


async def test_a_proof_and_a_turn_are_good_at_every_server_and_at_all_of_them_together_once(
    both: tuple[World, World],
) -> None:
    clock = Clock()
    for world in both:
        world.limit(clock)
    one, other = both
    plain = {"Content-Type": "text/plain"}
    proof = solved(challenge_of(await one.client.post(ENDORSEMENTS, content=json.dumps(person()), headers=plain)))
    body = json.dumps(person(proof=proof))
    answers = await asyncio.gather(*(each.client.post(ENDORSEMENTS, content=body, headers=plain) for each in both))
    assert sorted(answer.status_code for answer in answers) == [202, 428]
    turn = turn_of(await one.client.post("/s/example", data=TYPED, headers=ELSEWHERE))
    clock.moved_s += 6
    assert (await press(other, "/s/example", turn, **ELSEWHERE)).status_code == 200
    assert (await press(one, "/s/example", turn, **ELSEWHERE)).status_code == 429
    assert await claims(one) == 2


async def test_the_queue_of_a_network_is_one_for_all_servers(both: tuple[World, World]) -> None:
    clock = Clock()
    for world in both:
        world.limit(clock)
    for _ in range(5):
        await press(both[0], "/s/example", **ELSEWHERE)
    await told(both)
    assert int((await press(both[1], "/s/example", **ELSEWHERE)).headers["retry-after"]) in (9, 10, 11)


async def test_the_time_is_the_databases_whatever_a_servers_own_clock_says(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = time.time
    with monkeypatch.context() as wrong:
        wrong.setattr(time, "time", lambda: real() + 100_000)
        limits = world.limit()
    assert limits.now_s() - real() > 90_000
    await limits.exchange(world.db)
    assert abs(limits.now_s() - real()) < 60
