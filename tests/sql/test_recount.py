"""`undersigned check`: all that is stored of a log is recounted, and whatever was tampered with is found."""

import tracemalloc
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import pytest

from tests.conftest import World
from tests.letters import person, representative, token_of
from undersigned.database.connection import Database
from undersigned.database.queries.declaring import Query
from undersigned.log import check, generations, sequencer
from undersigned.log.replay import Replay
from undersigned.process.worker import make_sealer
from undersigned.signing import review


async def filled(world: World) -> None:
    """A log with people and an organisation added, and one withdrawn, in several batches."""
    for n in range(3):
        await world.submit(person(f"n{n}@example.org", country="HU", objectives=["a"]))
        for mail in await world.send_mail():
            if "confirm" in mail["Subject"]:
                await world.confirm(token_of(mail))
        await world.count()
    await world.submit(representative())
    for mail in await world.send_mail():
        if "confirm" in mail["Subject"]:
            await world.confirm(token_of(mail))
        elif mail["To"] == "n0@example.org":
            await world.client.post(f"/w/{token_of(mail, 'w')}")
    await review.approve(world.db, (await review.held(world.db))[0].id, "console")
    assert await world.count() in ((2, 1), (3, 1))


async def test_an_untouched_log_agrees_with_everything_also_while_some_wait_in_the_queue(world: World) -> None:
    assert await check.check(world.db, "example") == []
    await filled(world)
    assert await check.check(world.db, "example") == []
    await world.submit(person("waiting@example.org"))
    for mail in await world.send_mail():
        if mail["To"] == "waiting@example.org":
            await world.confirm(token_of(mail))
    assert await check.check(world.db, "example") == []
    kept = await world.db.pool.fetchrow("SELECT size, disagreements FROM log_check WHERE statement = 'example'")
    assert kept is not None
    assert kept["disagreements"] == []


@pytest.mark.parametrize("column", ["log_entry.entry", "log_tile.hashes"])
async def test_every_byte_flipped_in_turn_is_found(world: World, column: str) -> None:
    await filled(world)
    table, name = column.split(".")
    keys = {"log_entry": "index", "log_tile": "level, index"}[table]
    for row in await world.db.pool.fetch(f"SELECT {keys}, {name} AS data FROM {table} WHERE statement = 'example'"):
        where = " AND ".join(f"{key} = {row[key]}" for key in keys.split(", "))
        original = row["data"] if isinstance(row["data"], bytes) else row["data"].encode()
        for place in range(len(original)):
            flipped = bytes([*original[:place], original[place] ^ 1, *original[place + 1 :]])
            value = flipped if isinstance(row["data"], bytes) else flipped.decode()
            async with world.db.pool.acquire() as connection:
                update = f"UPDATE {table} SET {name} = $1 WHERE statement = 'example' AND {where}"
                await connection.execute(update, value)
                assert await check.check(world.db, "example"), f"{where}, byte {place}"
                await connection.execute(update, row["data"])
    assert await check.check(world.db, "example") == []


TAMPERING = [
    "UPDATE tally SET individual_count = individual_count + 1",
    "UPDATE tally SET withdrawn_count = withdrawn_count + 1",
    "DELETE FROM signatory WHERE endorsement_id IN (SELECT id FROM endorsement WHERE kind = 'individual');"
    "DELETE FROM endorsement WHERE kind = 'individual'",
    "UPDATE endorsement SET commitment = sha256('other')",
    "DELETE FROM log_entry WHERE index = (SELECT max(index) FROM log_entry)",
    "INSERT INTO log_tile VALUES ('example', 0, 1, 0, sha256('x'))",
    "UPDATE log_head SET vkey = 'x' WHERE size > 0",
    "UPDATE log_head SET ml_dsa_vkey = 'x' WHERE size > 0",
    "UPDATE log_head SET checkpoint = regexp_replace(checkpoint, '[^\\n]*\\n$', '') WHERE size > 0",
    "UPDATE log_head SET checkpoint = replace(checkpoint, 'example', 'exampel') WHERE size > 0",
    "INSERT INTO endorsement (id, statement, kind, objectives, commitment) VALUES"
    " (gen_random_uuid(), 'example', 'individual', '{}', sha256('forged'))",
    "DELETE FROM log_member",
    "UPDATE log_member SET index = 1 WHERE index = (SELECT max(index) FROM log_member)",
    "UPDATE endorsement SET kind = 'organisation' WHERE kind = 'individual'",
    "UPDATE endorsement SET generation = -1",
    "DELETE FROM log_entry WHERE index = 2",
    "DELETE FROM log_tile WHERE level = 0",
    "DELETE FROM tally",
]


@pytest.mark.parametrize("tampering", TAMPERING, ids=range(len(TAMPERING)))
async def test_a_count_that_was_tampered_with_is_found(world: World, tampering: str) -> None:
    await filled(world)
    async with world.db.pool.acquire() as connection:
        await connection.execute(tampering)
    assert await check.check(world.db, "example")


def meanwhile(monkeypatch: pytest.MonkeyPatch, steps: list[Callable[[], Awaitable[object]]]) -> None:
    """Has one of these steps happen whenever a recount is about to look at who is counted, at pages as short as if many were."""
    maybe = Database.maybe

    async def interrupted(db: Database, query: Query[Any], *arguments: object) -> Any:
        if query.name in ("log.members", "log.endorsed") and steps:
            await steps.pop(0)()
        return await maybe(db, query, *arguments)

    monkeypatch.setattr(Database, "maybe", interrupted)
    monkeypatch.setattr(check, "FETCH_SIZE", 3)
    monkeypatch.setattr(check, "SPAN", 2)


async def signed(world: World, *addresses: str) -> list[str]:
    """The links of these to confirm."""
    for address in addresses:
        await world.submit(person(address))
    return [token_of(mail) for mail in await world.send_mail() if "confirm" in mail["Subject"]]


async def test_a_recount_reports_nothing_that_is_only_in_the_making(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between its pages people come and leave, each before and after the sequencer saw them."""
    await filled(world)
    for token in await signed(world, *(f"early{n}@example.org" for n in range(6))):
        await world.confirm(token)
    await world.count()
    leaving = [token_of(mail, "w") for mail in await world.send_mail()]
    coming = await signed(world, *(f"late{n}@example.org" for n in range(6)))

    async def sequence() -> None:
        await sequencer.run_once(world.db, make_sealer(world.settings))

    steps: list[Callable[[], Awaitable[object]]] = []
    for come, leave in zip(coming, leaving, strict=True):
        steps += [partial(world.confirm, come), partial(world.client.post, f"/w/{leave}"), sequence]
    meanwhile(monkeypatch, steps)
    for _ in range(3):
        assert await check.check(world.db, "example") == []
    assert steps == []
    assert await world.count() in ((8, 1), (9, 1))


async def test_a_log_that_begins_anew_while_it_is_recounted_is_recounted_anew(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await filled(world)

    async def begin_anew() -> None:
        await generations.restart(world.db, make_sealer(world.settings), "example")
        await world.count()

    meanwhile(monkeypatch, [begin_anew])
    assert await check.check(world.db, "example") == []
    size = await world.db.pool.fetchval("SELECT size FROM log_head WHERE statement = 'example'")
    assert await world.db.pool.fetchval("SELECT size FROM log_check WHERE statement = 'example'") == size


def test_a_recount_holds_little_more_than_a_byte_for_each_entry() -> None:
    entry = "undersigned/v1 add individual\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
    replay, count, page = Replay("undersigned/v1 open\n"), 50_000, 500
    tracemalloc.start()
    for _ in range(count // page):
        replay.add([entry] * page)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert replay.size == count
    assert sum(1 for _ in replay.counting(0, count)) == count - 1
    assert held < 2 * count + 64 * 1024
