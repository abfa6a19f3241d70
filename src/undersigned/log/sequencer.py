"""The only writer of the log and the tallies: it drains the queue into numbered entries, one transaction a batch."""

import asyncio
import logging
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence

import msgspec

from undersigned.database.connection import Database
from undersigned.database.queries.log import Change, Head
from undersigned.database.session import Session
from undersigned.log import entries, heads, keeping, merkle
from undersigned.log.heads import Sealer
from undersigned.log.keeping import Kept
from undersigned.log.note import Checkpoint

log = logging.getLogger(__name__)

BATCH_SIZE = 1000


Step = Callable[[Session, Sealer, Head], Awaitable[int]]


class _Batch(msgspec.Struct):
    """What one transaction is going to append."""

    adds: list[Change] = []
    subs: list[Change] = []


async def run_once(db: Database, sealer: Sealer) -> int:
    """Appends what waits and releases it, a batch for each statement; returns how many queue rows were dealt with."""
    waiting = await db.many(db.q.log.waiting)
    return sum([await advance(db, sealer, statement, _append) for statement in waiting])


async def look(db: Database, sealer: Sealer) -> int:
    """Holds every log against what is kept of it, also where nothing waits; returns 0, for there is nothing to come back for."""
    for statement in await db.many(db.q.log.heads):
        await advance(db, sealer, statement, _nothing)
    return 0


async def advance(db: Database, sealer: Sealer, statement: str, step: Step) -> int:
    """Lets a step append to a log in one transaction, and releases what it signed; returns what the step returns.

    Returns 0 without calling it if nothing may be signed. Raises OSError if what is kept can't be read or written.
    """
    async with db.session() as session:
        head, seen = await heads.look(session, sealer, statement)
        if head is None or not await _may_sign(session, sealer, head, seen):
            return 0
        seen = await _release(session, head, seen)
        async with session.transaction():
            done = await step(session, sealer, head)
        await _release(session, await session.one(session.q.log.read_head, statement), seen)
        return done


async def _may_sign(session: Session, sealer: Sealer, head: Head, seen: Sequence[Kept]) -> bool:
    """Whether nobody objects. An objection stops the log for everybody, until whoever has what it was seen in takes it back."""
    objection = await heads.objection(session, sealer, head, seen)
    if objection:
        stopped = await session.maybe(session.q.log.stop, head.statement, objection.reason, objection.keeper)
        if stopped:
            log.error("The log of %s: %s", head.statement, objection.reason)
        return False
    if head.stopped_reason is None:
        return True
    # What was seen may be from before it was stopped: only a later look takes that back.
    later = await asyncio.to_thread(sealer.kept, head.statement)
    if await heads.objection(session, sealer, head, later):
        return False
    keepers = [each.keeper for each in later]
    if await session.maybe(session.q.log.go_on, head.statement, head.stopped_reason, keepers) is None:
        return False
    log.error("The log of %s: all is well again, it goes on.", head.statement)
    return True


async def _release(session: Session, head: Head, seen: list[Kept]) -> list[Kept]:
    """Keeps a signed head outside the database, then lets readers see it; returns what is kept now.

    Where something else is kept by now than what was seen, nothing is released: the next look says what it is.
    """
    if head.size == head.released_size:
        return seen
    kept = await asyncio.to_thread(
        keeping.write_everywhere, seen, head.statement, head.generation, head.checkpoint or ""
    )
    if kept is None:
        return seen
    await session.execute(session.q.log.release, head.statement, head.generation, head.size)
    return kept


async def _nothing(_session: Session, _sealer: Sealer, _head: Head) -> int:
    return 0


async def _append(session: Session, sealer: Sealer, head: Head) -> int:
    q, statement, first = session.q.log, head.statement, head.size
    if await session.maybe(q.take_head, statement, head.round, first) is None:
        return 0  # Another sequencer was faster; there is nothing to repair.
    batch = _choose(await session.many(q.queue, statement, BATCH_SIZE, head.generation))
    if head.sealed_at:
        return await _settle(session, batch.subs)
    if not (batch.adds or batch.subs):
        return 0
    # Shuffled, so that an entry's place in its batch tells nothing about who came first.
    random.SystemRandom().shuffle(batch.adds)
    random.SystemRandom().shuffle(batch.subs)
    new = opening(head)
    members = range(first + len(new), first + len(new) + len(batch.adds))
    # That an `add` has a commitment and a `sub` a reason is a constraint of the queue.
    new += [entries.add(row.kind, row.commitment or b"") for row in batch.adds]
    new += [entries.sub(row.member_index or 0, row.reason or "error") for row in batch.subs]
    await session.execute(q.remember, statement, [row.endorsement_id for row in batch.adds], list(members))
    new.append(entries.sum_(*await _count(session, statement, batch, first + len(new) + 1)))
    await grow(session, sealer, head, new)
    return await _settle(session, batch.adds + batch.subs)


async def _settle(session: Session, rows: Sequence[Change]) -> int:
    """Deletes queue rows in key order, and which entries counted those who left; returns how many.

    For a sealed log that is all: whoever leaves is erased, and the entry that counted them stays, closed for ever.
    """
    left = [row.endorsement_id for row in rows if row.op == "sub"]
    await session.execute(session.q.log.forget, left)
    ordered = sorted((row.endorsement_id, row.id) for row in rows)
    await session.execute_all(session.q.log.dequeue, ordered)
    return len(ordered)


def opening(head: Head) -> list[str]:
    """The entries that a log begins with; none if it has begun."""
    return [] if head.size else [entries.open_(head.sha256, head.previous), entries.sum_(0, 0)]


async def grow(session: Session, sealer: Sealer, head: Head, new: Sequence[str]) -> None:
    """Appends entries, grows the tiles by them, and signs the checkpoint over all."""
    q, first, size = session.q.log, head.size, head.size + len(new)
    await session.execute(q.append, head.statement, head.generation, first, new)
    tiles = await heads.read_tiles(session, head.statement, head.generation, merkle.edge(first))
    changed = merkle.append(first, [merkle.leaf_hash(entry.encode()) for entry in new], tiles)
    await session.execute(
        q.write_tiles,
        head.statement,
        head.generation,
        [level for level, _ in changed],
        [index for _, index in changed],
        list(changed.values()),
    )
    checkpoint = Checkpoint(head.origin, size, merkle.root(size, tiles | changed))
    keys = sealer.vkey(head.origin), sealer.second_vkey(head.origin)
    await session.execute(q.set_head, head.statement, size, sealer.sign(checkpoint), *keys)


def _choose(queue: Sequence[Change]) -> _Batch:
    """One change an endorser; the rest waits its turn."""
    batch, chosen = _Batch([], []), set()
    for row in queue:
        if row.endorsement_id in chosen:
            continue
        chosen.add(row.endorsement_id)
        (batch.adds if row.op == "add" else batch.subs).append(row)
    return batch


async def _count(session: Session, statement: str, batch: _Batch, size: int) -> tuple[int, int]:
    """Moves the tally and its private cells; returns the net numbers of individuals and organisations."""
    net: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    cells: Counter[tuple[str, str]] = Counter()
    grown: Counter[tuple[str, str]] = Counter()
    for row, change in [(row, 1) for row in batch.adds] + [(row, -1) for row in batch.subs]:
        net[row.kind] += change
        if change < 0 and row.reason:
            reasons[row.reason] += 1
        if row.kind == "individual":
            cells.update(dict.fromkeys(_cells(row), change))
            grown.update(_cells(row) if change > 0 else ())
    added = sum(row.kind == "individual" for row in batch.adds)
    tally = await session.one(
        session.q.tallies.add,
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
    changed = sorted(cell for cell, change in cells.items() if change or grown[cell])
    if changed:
        await session.execute(
            session.q.tallies.add_cells,
            statement,
            [dimension for dimension, _ in changed],
            [key for _, key in changed],
            [cells[cell] for cell in changed],
            [grown[cell] for cell in changed],
        )
    return tally.individual_count, tally.organisation_count


def _cells(row: Change) -> list[tuple[str, str]]:
    cells = [("objective", objective) for objective in row.objectives]
    if row.country:
        cells.append(("country", row.country))
    if row.partner:
        cells.append(("partner", row.partner))
    return cells
