"""However the database is asked, an answer or DatabaseAway comes within seconds: gone, frozen, or with nothing to lend."""

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Awaitable, Callable
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from tests.outage import Outage
from undersigned.database.connection import Database, connect
from undersigned.database.hosts import _answered
from undersigned.database.queries.declaring import Command, Query
from undersigned.database.trouble import DatabaseAway

ONE: Query[int] = Query("tests.one", "SELECT 1", int)
NOTHING = Command("tests.nothing", "SELECT")
SECONDS = 30


async def in_a_session(db: Database) -> None:
    async with db.session() as session:
        await session.one(ONE)


async def in_a_transaction(db: Database) -> None:
    async with db.transaction() as session:
        await session.execute(NOTHING)


async def in_a_batch(db: Database) -> None:
    await db.batched(db.q.submissions.deny, uuid4(), uuid4())


async def in_key_order(db: Database) -> None:
    await db.in_key_order(db.q.submissions.purge, [(uuid4(), uuid4(), dt.timedelta())])


WAYS: dict[str, Callable[[Database], Awaitable[object]]] = {
    "one": lambda db: db.one(ONE),
    "maybe": lambda db: db.maybe(ONE),
    "many": lambda db: db.many(ONE),
    "execute": lambda db: db.execute(NOTHING),
    "session": in_a_session,
    "transaction": in_a_transaction,
    "batched": in_a_batch,
    "in key order": in_key_order,
}


@pytest.fixture
async def asking(outage: Outage) -> AsyncIterator[Database]:
    async with connect(outage.url, connections_max=2, answer_timeout_s=1.0, command_timeout_s=1.0) as asking:
        yield asking


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
async def test_a_pool_that_has_nothing_to_lend_is_waited_for_and_not_for_ever(
    asking: Database, way: Callable[[Database], Awaitable[object]]
) -> None:
    async with asyncio.timeout(SECONDS):
        async with asking.session(), asking.session():
            with pytest.raises(DatabaseAway):
                await way(asking)
        await way(asking)


@pytest.mark.parametrize("kind", ["cut", "frozen"])
@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
async def test_a_database_that_is_gone_or_frozen_is_said_to_be_away_and_is_used_again_once_it_is_back(
    asking: Database, outage: Outage, way: Callable[[Database], Awaitable[object]], kind: str
) -> None:
    async with asyncio.timeout(SECONDS):
        await way(asking)
        if kind == "cut":
            await outage.cut()
        else:
            outage.freeze()
        for _again in range(2):
            with pytest.raises(DatabaseAway):
                await way(asking)
        await outage.mend()
        while True:
            try:
                await way(asking)
            except DatabaseAway:
                continue
            break


async def test_a_frozen_host_is_left_for_the_next_one_and_is_not_tried_first_again(
    outage: Outage, database_url: str
) -> None:
    """Of two hosts in one URL, the first takes connections and answers nothing."""
    async with Outage(database_url) as second:
        hosts, name = f"{host(outage)},{host(second)}", urlsplit(outage.url)
        url = f"postgresql://{name.username}@{hosts}{name.path}?sslmode=disable"
        async with connect(url, connections_max=2, answer_timeout_s=1.0, command_timeout_s=1.0) as asking:
            await asking.one(ONE)
            outage.freeze()
            async with asyncio.timeout(SECONDS):
                with pytest.raises(DatabaseAway):
                    await asking.one(ONE)
                await asking.one(ONE)
        assert urlsplit(_answered[url]).port == urlsplit(second.url).port


async def test_of_several_hosts_one_that_takes_no_writes_is_passed_over(outage: Outage, database_url: str) -> None:
    name = urlsplit(outage.url)
    url = f"postgresql://{name.username}@{host(outage)},{host(outage)}{name.path}?sslmode=disable"
    with pytest.raises(DatabaseAway, match="TargetServerAttributeNotMatched"):
        async with connect(f"{url}&target_session_attrs=standby"):
            pass
    async with connect(f"{url}&target_session_attrs=primary") as asking:
        await asking.one(ONE)


def host(outage: Outage) -> str:
    return urlsplit(outage.url).netloc.rpartition("@")[2]


async def test_nothing_stays_prepared_where_a_pooler_gives_each_transaction_another_server(database_url: str) -> None:
    async with connect(f"{database_url}&statement_cache_size=0", connections_max=1) as asking:
        await in_a_batch(asking)
        await asking.one(ONE)
        assert await asking.pool.fetchval("SELECT count(*) FROM pg_prepared_statements") == 0


async def test_whoever_waits_behind_a_batch_that_lost_the_database_hears_it_with_that_batch(
    asking: Database, outage: Outage
) -> None:
    await in_a_batch(asking)
    outage.freeze()
    async with asyncio.timeout(SECONDS):
        heard = await asyncio.gather(*(in_a_batch(asking) for _ in range(1000)), return_exceptions=True)
    assert {type(each) for each in heard} == {DatabaseAway}
    assert len({id(each) for each in heard}) == 1
