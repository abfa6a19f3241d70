"""While the database is away, limits are neither stricter nor looser than what a process counts, and after it all add up."""

import datetime as dt

import pytest

from tests.conftest import World
from tests.outage import Outage
from tests.waiting import until
from undersigned.database.connection import Database
from undersigned.database.trouble import DatabaseAway
from undersigned.errors import TooManyRequests


async def test_what_is_counted_while_the_database_is_away_binds_at_once_and_is_added_once_it_is_back(
    world: World, outage: Outage, db: Database
) -> None:
    limits = world.limit(submit_budget_network=10)
    for _ in range(4):
        limits.spend(None)
    await limits.exchange(world.site.db)
    await outage.cut()
    for _ in range(6):
        with pytest.raises(DatabaseAway):
            await limits.exchange(world.site.db)
        limits.spend(None)
    with pytest.raises(TooManyRequests):
        limits.spend(None)
    await outage.mend()

    async def told() -> bool:
        try:
            return await limits.exchange(world.site.db) == 0
        except DatabaseAway:
            return False

    await until(told)
    for _ in range(3):
        await limits.exchange(world.site.db)
    fill = await db.pool.fetchval("SELECT empty_at - now() FROM meter WHERE name = 'budget'")
    assert dt.timedelta(minutes=58) < fill <= dt.timedelta(hours=1)
    other = world.limit(submit_budget_network=10)
    await other.exchange(world.site.db)
    with pytest.raises(TooManyRequests):
        other.spend(None)
