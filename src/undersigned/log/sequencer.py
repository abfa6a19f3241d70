"""The only writer of the log and the tallies: it drains the queue into numbered entries, one transaction a batch."""

import asyncio
import logging
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence

import msgspec

from undersigned.database.connection import Connection, Database, Record
from undersigned.log import entries, heads, merkle
from undersigned.log.heads import Sealer
from undersigned.log.note import Checkpoint

log = logging.getLogger(__name__)

BATCH_SIZE = 1000


Step = Callable[[Connection, Database, Sealer, Record], Awaitable[int]]


class _Batch(msgspec.Struct):
    """What one transaction is going to append."""

    adds: list[Record] = []
    subs: list[Record] = []


async def run_once(db: Database, sealer: Sealer) -> int:
    """Appends what waits and releases it, a batch for each statement; returns how many queue rows were dealt with."""
    waiting = await db.pool.fetch(db.q.log.waiting)
    return sum([await advance(db, sealer, row["statement"], _append) for row in waiting])


async def stopped(db: Database) -> list[Record]:
    """The logs that nothing is signed in at the moment, each with its reason."""
    return list(await db.pool.fetch(db.q.log.stopped))


async def advance(db: Database, sealer: Sealer, statement: str, step: Step) -> int:
    """Lets a step append to a log in one transaction, and releases what it signed; returns what the step returns.

    Returns 0 without calling it if nothing may be signed.
    """
    async with db.pool.acquire() as connection:
        head = await connection.fetchrow(db.q.log.read_head, statement)
        if head is None:
            return 0
        reason = await heads.objection(connection, db, sealer, head)
        if reason != head["stopped_reason"]:
            await connection.execute(db.q.log.stop, statement, reason)
            log.error("The log of %s: %s", statement, reason or "all is well again, it goes on.")
        if reason:
            return 0
        await _release(connection, db, sealer, head)
        async with connection.transaction():
            done = await step(connection, db, sealer, head)
        appended = await connection.fetchrow(db.q.log.read_head, statement)
        assert appended is not None  # noqa: S101 -- a head is never deleted
        await _release(connection, db, sealer, appended)
        return done


async def _release(connection: Connection, db: Database, sealer: Sealer, head: Record) -> None:
    """Keeps a signed head outside the database, then lets readers see it."""
    if head["size"] > head["released_size"]:
        await asyncio.to_thread(heads.keep, sealer, head)
        await connection.execute(db.q.log.release, head["statement"], head["generation"], head["size"])


async def _append(connection: Connection, db: Database, sealer: Sealer, head: Record) -> int:
    q, statement, first = db.q.log, head["statement"], head["size"]
    if not await connection.fetchval(q.take_head, statement, head["round"], first):
        return 0  # Another sequencer was faster; there is nothing to repair.
    batch = _choose(await connection.fetch(q.queue, statement, BATCH_SIZE, head["generation"]))
    if head["sealed_at"]:
        return await _settle(connection, db, batch.subs)
    if not (batch.adds or batch.subs):
        return 0
    # Shuffled, so that an entry's place in its batch tells nothing about who came first.
    random.SystemRandom().shuffle(batch.adds)
    random.SystemRandom().shuffle(batch.subs)
    new = opening(head)
    members = range(first + len(new), first + len(new) + len(batch.adds))
    new += [entries.add(row["kind"], row["commitment"]) for row in batch.adds]
    new += [entries.sub(row["member_index"], row["reason"]) for row in batch.subs]
    await connection.execute(q.remember, statement, [row["endorsement_id"] for row in batch.adds], list(members))
    new.append(entries.sum_(*await _count(connection, db, statement, batch, first + len(new) + 1)))
    await grow(connection, db, sealer, head, new)
    return await _settle(connection, db, batch.adds + batch.subs)


async def _settle(connection: Connection, db: Database, rows: Sequence[Record]) -> int:
    """Deletes queue rows in key order, and which entries counted those who left; returns how many.

    For a sealed log that is all: whoever leaves is erased, and the entry that counted them stays, closed for ever.
    """
    left = [row["endorsement_id"] for row in rows if row["op"] == "sub"]
    await connection.execute(db.q.log.forget, left)
    ordered = sorted((row["endorsement_id"], row["id"]) for row in rows)
    await connection.executemany(db.q.log.dequeue, ordered)
    return len(ordered)


def opening(head: Record) -> list[str]:
    """The entries that a log begins with; none if it has begun."""
    return [] if head["size"] else [entries.open_(head["sha256"], head["previous"]), entries.sum_(0, 0)]


async def grow(connection: Connection, db: Database, sealer: Sealer, head: Record, new: Sequence[str]) -> None:
    """Appends entries, grows the tiles by them, and signs the checkpoint over all."""
    first, size = head["size"], head["size"] + len(new)
    await connection.execute(db.q.log.append, head["statement"], head["generation"], first, new)
    tiles = await heads.read_tiles(connection, db, head, merkle.edge(first))
    changed = merkle.append(first, [merkle.leaf_hash(entry.encode()) for entry in new], tiles)
    await connection.execute(
        db.q.log.write_tiles,
        head["statement"],
        head["generation"],
        [level for level, _ in changed],
        [index for _, index in changed],
        list(changed.values()),
    )
    checkpoint = Checkpoint(head["origin"], size, merkle.root(size, tiles | changed))
    await connection.execute(
        db.q.log.set_head, head["statement"], size, sealer.sign(checkpoint), sealer.vkey(head["origin"])
    )


def _choose(queue: Sequence[Record]) -> _Batch:
    """One change an endorser; the rest waits its turn."""
    batch, chosen = _Batch([], []), set()
    for row in queue:
        if row["endorsement_id"] in chosen:
            continue
        chosen.add(row["endorsement_id"])
        (batch.adds if row["op"] == "add" else batch.subs).append(row)
    return batch


async def _count(connection: Connection, db: Database, statement: str, batch: _Batch, size: int) -> tuple[int, int]:
    """Moves the tally and its private cells; returns the net numbers of individuals and organisations."""
    net: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    cells: Counter[tuple[str, str]] = Counter()
    grown: Counter[tuple[str, str]] = Counter()
    for row, change in [(row, 1) for row in batch.adds] + [(row, -1) for row in batch.subs]:
        net[row["kind"]] += change
        if change < 0:
            reasons[row["reason"]] += 1
        if row["kind"] == "individual":
            cells.update(dict.fromkeys(_cells(row), change))
            grown.update(_cells(row) if change > 0 else ())
    added = sum(row["kind"] == "individual" for row in batch.adds)
    tally = await connection.fetchrow(
        db.q.tallies.add,
        statement,
        net["individual"],
        net["organisation"],
        reasons["withdrawn"],
        reasons["duplicate"],
        reasons["fraud"],
        reasons["error"],
        added,
        size,
    )
    assert tally is not None  # noqa: S101 -- publishing makes the row
    changed = sorted(cell for cell, change in cells.items() if change or grown[cell])
    if changed:
        await connection.execute(
            db.q.tallies.add_cells,
            statement,
            [dimension for dimension, _ in changed],
            [key for _, key in changed],
            [cells[cell] for cell in changed],
            [grown[cell] for cell in changed],
        )
    return tally["individual_count"], tally["organisation_count"]


def _cells(row: Record) -> list[tuple[str, str]]:
    cells = [("objective", objective) for objective in row["objectives"]]
    if row["country"]:
        cells.append(("country", row["country"]))
    if row["partner"]:
        cells.append(("partner", row["partner"]))
    return cells
