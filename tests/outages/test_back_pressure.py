"""Back-pressure: behind a lock only so many wait, who comes then is told at once to come back, and nobody is lost or doubled."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from tests.conftest import World
from tests.letters import person
from undersigned.database import batching
from undersigned.database.batching import BATCH_SIZE_MAX, WAITING_MAX
from undersigned.database.connection import Database
from undersigned.database.trouble import TooBusy
from undersigned.signing import submissions
from undersigned.signing.bodies import Signing
from undersigned.signing.bodies import read as read_body


@asynccontextmanager
async def locked(url: str) -> AsyncIterator[None]:
    connection = await asyncpg.connect(url)
    try:
        async with connection.transaction():
            await connection.execute("LOCK TABLE submission IN ACCESS EXCLUSIVE MODE")
            yield
    finally:
        await connection.close()


async def test_beyond_the_bound_a_submission_is_refused_at_once_and_the_others_are_done_once_the_lock_goes(
    world: World, db: Database, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batching, "RUN_TIMEOUT_S", 60)
    site, sent = world.site, 0
    statement = site.statements.get("example")

    async def submit(number: int) -> str:
        address = f"n{number}@example.org"
        body = read_body(Signing, person(address))
        claim = submissions.check(statement, body)
        await submissions.submit(site.db, site.settings.pepper, statement, claim, body.value, None)
        return address

    async with locked(database_url):
        waiting: list[asyncio.Task[str]] = []
        # The first batch leaves the queue as soon as it runs into the lock, and then there is room for one more.
        for wave in (WAITING_MAX + 100, BATCH_SIZE_MAX + 100):
            tasks = [asyncio.create_task(submit(sent + number)) for number in range(wave)]
            sent += wave
            refused, others = await asyncio.wait(tasks, timeout=1.0)
            assert refused
            assert {type(task.exception()) for task in refused} == {TooBusy}
            waiting += others
        assert len(waiting) == WAITING_MAX + BATCH_SIZE_MAX
        form = {"kind": "individual", "name": "Ada who typed", "email": "late@example.org"}
        answers = [
            await world.submit(person("late@example.org")),
            await world.client.post("/s/example", data=form),
            await world.client.post("/embed/example/form", data=form),
        ]
        assert [(answer.status_code, answer.headers["retry-after"]) for answer in answers] == [(503, "5")] * 3
        assert all("Ada who typed" in answer.text for answer in answers[1:])
    accepted = await asyncio.gather(*waiting)
    kept = [row["address"] for row in await db.pool.fetch("SELECT address FROM submission")]
    assert sorted(kept) == sorted(accepted)
    assert sorted(kept) == sorted(row["address"] for row in await db.pool.fetch("SELECT address FROM message"))
    assert (await world.submit(person("late@example.org"))).status_code == 202
