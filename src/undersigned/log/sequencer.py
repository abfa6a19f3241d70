"""The only writer of the log and the tallies: it drains the queue into numbered entries, one transaction a batch."""

import random
from collections import Counter
from collections.abc import Sequence

import msgspec

from undersigned.database import Connection, Database, Record
from undersigned.log import entries

BATCH_SIZE = 1000


class _Batch(msgspec.Struct):
    """What one transaction is going to append."""

    adds: list[Record] = []
    subs: list[Record] = []


async def run_once(db: Database) -> int:
    """Appends what waits, a batch for each statement, and returns how many queue rows were dealt with."""
    done = 0
    for row in await db.pool.fetch(db.q.log.waiting):
        async with db.pool.acquire() as connection, connection.transaction():
            done += await _append(connection, db, row["statement"])
    return done


async def _append(connection: Connection, db: Database, statement: str) -> int:
    q = db.q.log
    head = await connection.fetchrow(q.read_head, statement)
    if head is None or not await connection.fetchval(q.take_head, statement, head["round"], head["size"]):
        return 0  # Another sequencer was faster; there is nothing to repair.
    batch = _choose(await connection.fetch(q.queue, statement, BATCH_SIZE))
    if not (batch.adds or batch.subs):
        return 0
    # Shuffled, so that an entry's place in its batch tells nothing about who came first.
    random.SystemRandom().shuffle(batch.adds)
    random.SystemRandom().shuffle(batch.subs)
    first: int = head["size"]
    new = [] if first else [entries.open_(head["sha256"]), entries.sum_(0, 0)]
    members_from = first + len(new)
    new += [entries.add(row["kind"], row["commitment"]) for row in batch.adds]
    new += [entries.sub(row["member_index"], row["reason"]) for row in batch.subs]
    await connection.execute(
        q.remember,
        statement,
        [row["endorsement_id"] for row in batch.adds],
        list(range(members_from, members_from + len(batch.adds))),
    )
    await connection.execute(q.forget, [row["endorsement_id"] for row in batch.subs])
    size = first + len(new) + 1
    people, organisations = await _count(connection, db, statement, batch, size)
    new.append(entries.sum_(people, organisations))
    await connection.execute(q.append, statement, head["generation"], first, new)
    await connection.execute(q.set_head, statement, size)
    rows = sorted(batch.adds + batch.subs, key=lambda row: row["endorsement_id"])
    await connection.executemany(q.dequeue, [(row["endorsement_id"], row["id"]) for row in rows])
    return len(rows)


def _choose(queue: Sequence[Record]) -> _Batch:
    """One change an endorser: the `add` of one who isn't counted or the `sub` of one who is. The rest waits its turn."""
    batch, chosen = _Batch([], []), set()
    for row in queue:
        if row["endorsement_id"] in chosen or (row["op"] == "add") == (row["member_index"] is not None):
            continue
        chosen.add(row["endorsement_id"])
        (batch.adds if row["op"] == "add" else batch.subs).append(row)
    return batch


async def _count(connection: Connection, db: Database, statement: str, batch: _Batch, size: int) -> tuple[int, int]:
    """Moves the tally and its private cells; returns the net numbers of individuals and organisations."""
    net: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    cells: Counter[tuple[str, str]] = Counter()
    for row, change in [(row, 1) for row in batch.adds] + [(row, -1) for row in batch.subs]:
        net[row["kind"]] += change
        if change < 0:
            reasons[row["reason"]] += 1
        if row["kind"] == "individual":
            cells.update(dict.fromkeys(_cells(row), change))
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
    changed = sorted((cell, change) for cell, change in cells.items() if change)
    if changed:
        await connection.execute(
            db.q.tallies.add_cells,
            statement,
            [cell[0] for cell, _ in changed],
            [cell[1] for cell, _ in changed],
            [change for _, change in changed],
        )
    return tally["individual_count"], tally["organisation_count"]


def _cells(row: Record) -> list[tuple[str, str]]:
    cells = [("objective", objective) for objective in row["objectives"]]
    if row["country"]:
        cells.append(("country", row["country"]))
    if row["partner"]:
        cells.append(("partner", row["partner"]))
    return cells
