"""What was withdrawn leaves the tables' pages and the planner's examples too, once the worker has vacuumed."""

import datetime as dt

import pytest

from tests.conftest import World
from tests.letters import person, token_of
from undersigned.process import vacuuming

pytestmark = pytest.mark.virgin
NAME = "Zebedee Quillfeather"
ADDRESS = "zebedee.quillfeather@example.org"
ANALYZE = "ANALYZE signatory, message, submission"
# Every row that a page still has, seen or dead, in every table.
HOLDING = """
SELECT DISTINCT c.oid::regclass::text AS name
FROM pg_class AS c
CROSS JOIN LATERAL generate_series(0, pg_relation_size(c.oid) / current_setting('block_size')::int - 1) AS page
CROSS JOIN LATERAL heap_page_items(get_raw_page(c.oid::regclass::text, page)) AS item
WHERE c.relkind = 'r' AND (c.relnamespace = 'public'::regnamespace OR c.relname = 'pg_statistic')
  AND position(convert_to($1, 'UTF8') IN item.t_data) > 0
ORDER BY name
"""


async def holding(world: World, text: str) -> list[str]:
    """The tables that have this text in a row, be it a dead one."""
    return [row["name"] for row in await world.db.pool.fetch(HOLDING, text)]


async def withdrawn(world: World) -> None:
    """Somebody was counted, looked at by the planner, and has withdrawn."""
    await world.db.pool.execute("CREATE EXTENSION pageinspect")
    await world.submit(person(ADDRESS, name=NAME))
    await world.submit(person("ada@example.org"))
    mails = {mail["To"]: mail for mail in await world.send_mail()}
    for mail in mails.values():
        await world.confirm(token_of(mail))
    await world.count()
    await world.db.pool.execute(ANALYZE)
    [letter] = [mail for mail in await world.send_mail() if mail["To"] == ADDRESS]
    assert (await world.client.post(f"/w/{token_of(letter, 'w')}")).is_success
    await world.count()
    await world.send_mail()
    await world.db.pool.execute("DELETE FROM message WHERE address = $1 AND status <> 'due'", ADDRESS)


async def test_what_was_withdrawn_is_in_no_row_any_more_dead_or_alive(world: World) -> None:
    await withdrawn(world)
    assert {"signatory", "submission", "pg_statistic"} <= set(await holding(world, NAME))
    assert {"signatory", "message"} <= set(await holding(world, ADDRESS))
    assert await vacuuming.vacuum(world.settings.database_url)
    assert await holding(world, NAME) == []
    assert await holding(world, ADDRESS) == []
    assert await holding(world, "Ada Example") != []


async def test_it_is_vacuumed_once_an_hour_at_most_and_only_where_something_died(world: World) -> None:
    url = world.settings.database_url
    await withdrawn(world)
    assert await vacuuming.vacuum(url)
    assert not await vacuuming.vacuum(url, dt.timedelta(0))
    await world.submit(person("bela@example.org"))
    async with world.db.pool.acquire() as connection:
        await connection.execute("DELETE FROM submission")
        await connection.execute("SELECT pg_stat_force_next_flush()")
    assert not await vacuuming.vacuum(url)
    assert await vacuuming.vacuum(url, dt.timedelta(0))


async def test_a_table_that_is_in_use_is_left_for_the_next_time(world: World) -> None:
    await withdrawn(world)
    async with world.db.pool.acquire() as connection, connection.transaction():
        await connection.execute("LOCK TABLE signatory IN SHARE UPDATE EXCLUSIVE MODE")
        assert await vacuuming.vacuum(world.settings.database_url)
    assert await holding(world, NAME) != []
    assert await vacuuming.vacuum(world.settings.database_url)
    assert await holding(world, NAME) == []


async def test_the_privacy_page_says_that_backups_may_keep_what_was_deleted(world: World) -> None:
    page = await world.client.get("/s/example/privacy")
    assert "What was deleted can stay in backups until they are deleted too." in page.text
