"""What goes wrong in a request or in the worker is blamed on whom it is the fault of."""

import asyncio
import logging
from collections.abc import AsyncIterator

import pytest
from litestar import get

from tests.conftest import World
from tests.door import Door
from tests.letters import person, token_of
from tests.waiting import until
from undersigned.database.queries.declaring import Query
from undersigned.process.repeating import repeat
from undersigned.process.worker import work
from undersigned.settings import ROOT, Settings, replace


@pytest.fixture
async def door(database_url: str) -> AsyncIterator[Door]:
    door = Door(database_url)
    await door.open()
    yield door
    door.shut()


@pytest.fixture
def settings(settings: Settings, door: Door) -> Settings:
    return replace(settings, database_url=door.url)


@get("/missing", sync_to_thread=False)
def missing() -> bytes:
    return (ROOT / "nothing-here").read_bytes()


@get("/slow", sync_to_thread=False)
def slow() -> bytes:
    raise TimeoutError


@get("/hung-up", sync_to_thread=False)
def hung_up() -> bytes:
    raise ConnectionResetError


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/missing", FileNotFoundError), ("/slow", TimeoutError), ("/hung-up", ConnectionResetError)],
)
async def test_what_is_not_the_databases_fault_is_an_internal_error_with_its_cause(
    world: World, caplog: pytest.LogCaptureFixture, path: str, kind: type[OSError]
) -> None:
    for handler in (missing, slow, hung_up):
        world.app.register(handler)
    answer = await world.client.get(path)
    assert (answer.status_code, answer.json()["type"]) == (500, "urn:undersigned:problem:internal_error")
    [failed] = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert failed.exc_info is not None
    assert failed.exc_info[0] is kind


async def test_without_its_database_a_request_is_asked_to_come_back(world: World, door: Door) -> None:
    async with door.shut_for_now():
        answer = await world.submit(person())
        assert (answer.status_code, answer.json()["type"]) == (503, "urn:undersigned:problem:unavailable")
        assert answer.headers["Retry-After"]
    assert (await world.submit(person())).status_code == 202


async def test_a_full_disk_is_not_taken_for_a_database_that_is_away(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    (world.settings.data_path / "log").write_text("no directory")
    await world.submit(person())
    await world.confirm(token_of((await world.send_mail())[0]))
    working = asyncio.create_task(work(world.settings))
    try:
        await until(lambda: "The sequencer failed; it goes on." in caplog.text)
    finally:
        working.cancel()
        await asyncio.wait([working])
    assert "waits for the database" not in caplog.text


async def test_a_loop_of_the_worker_waits_for_a_database_that_is_away_and_then_goes_on(
    world: World, door: Door, caplog: pytest.LogCaptureFixture
) -> None:
    rounds = 0

    async def step() -> int:
        nonlocal rounds
        rounds += await world.db.one(Query("test.one", "SELECT 1", int))
        return 0

    repeating = asyncio.create_task(repeat(world.db.stations, "counting", 0.01, step))
    try:
        await until(lambda: rounds > 1)
        async with door.shut_for_now():
            await until(lambda: "The counting waits for the database (" in caplog.text)
        before = rounds
        await until(lambda: rounds > before)
    finally:
        repeating.cancel()
        await asyncio.wait([repeating])
    assert "failed; it goes on" not in caplog.text
