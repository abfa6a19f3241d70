"""What processes count together: it adds up, by the database's clock, and the table is no larger than what still counts."""

import asyncio
import datetime as dt
from uuid import UUID

import msgspec

from undersigned.database.connection import Database
from undersigned.database.queries.limits import Fill
from undersigned.settings import Settings
from undersigned.signing import limits
from undersigned.signing.limits import INSTALLATION, Limits

MOST = [dt.timedelta(hours=2), dt.timedelta(minutes=7), dt.timedelta(minutes=20)]


async def told(db: Database, *added: tuple[str, int, int], fullest: int = 10) -> list[Fill]:
    """What is said of meters, to which so many seconds are added under a number as their key."""
    columns = (
        [name for name, _, _ in added],
        [UUID(int=key) for _, key, _ in added],
        [dt.timedelta(seconds=seconds) for _, _, seconds in added],
    )
    return await db.many(db.q.limits.exchange, *columns, *MOST, fullest)


def seconds(found: list[Fill]) -> dict[tuple[str | None, int], int]:
    return {
        (row.name, row.key.int): round(row.fill.total_seconds())
        for row in found
        if row.key is not None and row.fill is not None
    }


async def test_what_is_added_adds_up_and_those_who_ask_hear_of_the_fullest_others(db: Database) -> None:
    await told(db, ("budget", 1, 60), ("burst", 1, 10))
    assert seconds(await told(db, ("budget", 1, 60), ("budget", 2, 30))) == {
        ("budget", 1): 120, ("budget", 2): 30, ("burst", 1): 10
    }  # fmt: skip
    assert seconds(await told(db, fullest=1)) == {("budget", 1): 120}
    assert seconds(await told(db, ("budget", 2, 0), fullest=1)) == {("budget", 1): 120, ("budget", 2): 30}


async def test_no_meter_is_fuller_than_it_may_be(db: Database) -> None:
    for _ in range(2):
        found = await told(db, ("budget", 1, 7100), ("burst", 1, 400), ("turns", 1, 1100))
    assert seconds(found) == {("budget", 1): 7200, ("burst", 1): 420, ("turns", 1): 1200}


async def test_a_meter_that_ran_empty_begins_anew(db: Database) -> None:
    await told(db, ("budget", 1, 60))
    await db.pool.execute("UPDATE meter SET empty_at = now() - interval '1 hour'")
    assert seconds(await told(db, ("budget", 1, 60))) == {("budget", 1): 60}


async def test_of_no_meter_the_time_alone_is_told(db: Database) -> None:
    [row] = await told(db)
    assert (row.name, row.key, row.fill) == (None, None, None)
    assert row.clock == await db.pool.fetchval("SELECT $1::timestamptz", row.clock)


async def test_many_who_add_to_the_same_meters_at_once_neither_lose_anything_nor_wait_in_a_circle(
    db: Database,
) -> None:
    keys = range(1, 40)
    await asyncio.gather(
        *(told(db, *[("budget", key, 1) for key in (keys if n % 2 else reversed(keys))]) for n in range(40))
    )
    found = seconds(await told(db, fullest=100))
    assert {each for (name, _), each in found.items() if name == "budget"} <= {39, 40}
    assert len(found) == len(keys)


async def test_meters_that_ran_empty_go_as_others_come(db: Database, settings: Settings) -> None:
    await db.pool.execute(
        "INSERT INTO meter SELECT 'budget', gen_random_uuid(), now() - interval '1 second', now() FROM generate_series(1, 2500)"
    )
    counting = Limits(msgspec.structs.replace(settings, submit_budget_network=600))
    for _ in range(50):
        counting.count(UUID(int=9))
    for left in (1501, 501, 1, 1):
        await counting.exchange(db)
        assert await db.pool.fetchval("SELECT count(*) FROM meter") == left
    assert limits.EMPTY_DROPPED_MIN == 1000


async def test_settings_without_limits_write_nothing(db: Database, settings: Settings) -> None:
    counting = Limits(settings)
    for _ in range(10):
        counting.count(INSTALLATION)
    await counting.exchange(db)
    assert await db.pool.fetchval("SELECT count(*) FROM meter") == 0
