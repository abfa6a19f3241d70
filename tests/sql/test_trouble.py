"""What is wrong with the database is told apart from what is wrong with us, at the moment it happens."""

import asyncio
from uuid import uuid4

import asyncpg
import pytest

from tests.process import free_port
from tests.slate import named
from tests.waiting import until
from undersigned.database.batching import Batcher
from undersigned.database.connection import Database, connect
from undersigned.database.queries.declaring import Command, Query
from undersigned.database.trouble import DatabaseAway, told_apart, why

ONE = Query[int]("test.one", "SELECT $1::int", int)
PID = Query[int]("test.pid", "SELECT pg_backend_pid()", int)


async def test_a_server_that_is_not_there_is_the_database_away() -> None:
    with pytest.raises(DatabaseAway) as raised:
        async with connect(f"postgresql://undersigned@127.0.0.1:{free_port()}/undersigned"):
            pass
    assert raised.value.why == "ConnectionRefusedError, errno ECONNREFUSED"


async def test_a_database_that_is_not_there_is_away_too(cluster: str) -> None:
    with pytest.raises(DatabaseAway, match="InvalidCatalogNameError, SQLSTATE 3D000"):
        async with connect(named(cluster, f"test_{uuid4().hex}")):
            pass


async def test_a_lost_connection_is_the_database_away_now_and_for_the_rest_of_the_session(db: Database) -> None:
    async with db.session() as session:
        pid = await session.one(PID)
        await db.pool.execute("SELECT pg_terminate_backend($1, 1000)", pid)
        for _ in range(3):
            with pytest.raises(DatabaseAway):
                await session.one(ONE, 1)
    assert await db.one(ONE, 1) == 1


async def test_a_closed_pool_is_the_database_away(database_url: str) -> None:
    async with connect(database_url) as db:
        pass
    with pytest.raises(DatabaseAway):
        await db.one(ONE, 1)


@pytest.mark.parametrize("arguments", [(), (1, 2), ("closed",)])
async def test_a_wrong_question_is_our_own_mistake(db: Database, arguments: tuple[object, ...]) -> None:
    with pytest.raises((asyncpg.InterfaceError, asyncpg.DataError)):
        await db.one(ONE, *arguments)


@pytest.mark.parametrize("error", [FileNotFoundError, TimeoutError, ConnectionResetError, BrokenPipeError])
async def test_what_goes_wrong_while_a_connection_is_held_is_not_the_databases(
    db: Database, error: type[OSError]
) -> None:
    async def fail() -> None:
        async with db.transaction() as session:
            await session.one(ONE, 1)
            raise error

    with pytest.raises(error):
        await fail()


async def test_what_the_database_has_against_a_row_is_raised_as_it_came(db: Database) -> None:
    with pytest.raises(asyncpg.CheckViolationError) as raised, told_apart():
        await db.pool.execute(
            "INSERT INTO installation (only_row, pepper_check, identity_rules) VALUES (false, '', 'x')"
        )
    assert why(raised.value) == "CheckViolationError, SQLSTATE 23514, constraint installation_has_one_row"


@pytest.mark.virgin
async def test_after_a_lost_connection_a_batch_is_not_run_again_item_by_item(db: Database) -> None:
    await db.pool.execute("CREATE TABLE written (id integer)")
    batcher = Batcher(db.pool, "INSERT INTO written VALUES ($1) RETURNING id")
    async with db.pool.acquire() as holder, holder.transaction():
        await holder.execute("LOCK TABLE written")
        running = [asyncio.create_task(batcher.run(number)) for number in range(5)]
        query = "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        pid = await until(lambda: db.pool.fetchval(query))
        await db.pool.execute("SELECT pg_terminate_backend($1)", pid)
        lost = await asyncio.wait_for(asyncio.gather(*running, return_exceptions=True), 30)
    assert [type(each) for each in lost] == [DatabaseAway] * 5
    assert await db.pool.fetchval("SELECT count(*) FROM written") == 0
    assert (await batcher.run(7))["id"] == 7


@pytest.mark.virgin
async def test_a_poisoned_item_fails_alone(db: Database) -> None:
    await db.execute(Command("test.table", "CREATE TABLE written (id integer CHECK (id <> 3))"))
    batcher = Batcher(db.pool, "INSERT INTO written VALUES ($1) RETURNING id")
    done = await asyncio.gather(*(batcher.run(number) for number in range(5)), return_exceptions=True)
    assert [type(each).__name__ for each in done] == ["Record", "Record", "Record", "CheckViolationError", "Record"]
