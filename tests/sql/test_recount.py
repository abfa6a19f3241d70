"""`undersigned check`: all that is stored of a log is recounted, and whatever was tampered with is found."""

import pytest

from tests.conftest import World
from tests.letters import person, representative, token_of
from undersigned.log.check import check
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
    assert await check(world.db, "example") == []
    await filled(world)
    assert await check(world.db, "example") == []
    await world.submit(person("waiting@example.org"))
    for mail in await world.send_mail():
        if mail["To"] == "waiting@example.org":
            await world.confirm(token_of(mail))
    assert await check(world.db, "example") == []
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
                assert await check(world.db, "example"), f"{where}, byte {place}"
                await connection.execute(update, row["data"])
    assert await check(world.db, "example") == []


TAMPERING = [
    "UPDATE tally SET individual_count = individual_count + 1",
    "UPDATE tally SET withdrawn_count = withdrawn_count + 1",
    "DELETE FROM signatory WHERE endorsement_id IN (SELECT id FROM endorsement WHERE kind = 'individual');"
    "DELETE FROM endorsement WHERE kind = 'individual'",
    "UPDATE endorsement SET commitment = sha256('other')",
    "DELETE FROM log_entry WHERE index = (SELECT max(index) FROM log_entry)",
    "INSERT INTO log_tile VALUES ('example', 0, 1, 0, sha256('x'))",
    "UPDATE log_head SET vkey = 'x' WHERE size > 0",
    "UPDATE log_head SET checkpoint = replace(checkpoint, 'example', 'exampel') WHERE size > 0",
    "INSERT INTO endorsement (id, statement, kind, objectives, commitment) VALUES"
    " (gen_random_uuid(), 'example', 'individual', '{}', sha256('forged'))",
]


@pytest.mark.parametrize("tampering", TAMPERING, ids=range(len(TAMPERING)))
async def test_a_count_that_was_tampered_with_is_found(world: World, tampering: str) -> None:
    await filled(world)
    async with world.db.pool.acquire() as connection:
        await connection.execute(tampering)
    assert await check(world.db, "example")
