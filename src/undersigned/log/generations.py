"""Generations: a log whose database fell behind what was released begins anew, with everybody that counts added again.

What was committed to for an older generation is brought up to date before the sequencer takes it. So nothing has to stand still
meanwhile: a claim made before the restart can be confirmed during it or long after. Until everybody is an entry of the new log,
readers see the last tally of the one before.
"""

import datetime as dt
import secrets
from collections.abc import Iterable, Sequence
from uuid import UUID

import msgspec

from undersigned.database.connection import Database
from undersigned.database.queries.endorsements import OutdatedEndorsement
from undersigned.database.queries.log import Head, OutdatedChange
from undersigned.database.session import Asking, Session
from undersigned.errors import LogNotStarted, Refused, Unavailable
from undersigned.log import entries, heads, note
from undersigned.log.heads import Sealer
from undersigned.log.keeping import Kept
from undersigned.tallies.snapshots import Rejected

BATCH_SIZE = 500
# What the database's integer holds.
GENERATION_MAX = 2**31 - 1
FIRST = UUID(int=0)


class Ended(msgspec.Struct, frozen=True):
    """A generation that ended: the tally of those of its entries that are stored here, and the last checkpoint known of it.

    Where the database fell behind, `last_size` is more than `log_size`, and what the entries in between said is lost. `handover`
    is a note in which the log's key says what follows it, null where that key was not at hand any more.
    """

    statement: str
    individuals: int | None
    organisations: int | None
    rejected: Rejected | None
    withdrawn: int | None
    as_of: dt.datetime | None
    log_origin: str
    log_size: int
    log_checkpoint: str | None
    last_size: int
    last_checkpoint: str
    ended_at: dt.datetime
    log_followed_by: str
    handover: str | None


async def ended(db: Database, statement: str, generation: int) -> Ended | None:
    """What is published about an ended generation; None if there was none or it goes on."""
    past = await db.maybe(db.q.log.past, statement, generation)
    if past is None:
        return None
    return Ended(
        statement,
        past.individual_count,
        past.organisation_count,
        Rejected(past.duplicate_count or 0, past.fraud_count or 0, past.error_count or 0) if past.size else None,
        past.withdrawn_count,
        past.as_of,
        past.origin,
        past.size,
        past.stored_checkpoint,
        note.parse_checkpoint(note.parse(past.checkpoint).text).size,
        past.checkpoint,
        past.ended_at,
        past.followed_by,
        past.handover,
    )


async def restart(db: Database, sealer: Sealer, statement: str, actor: str = "console") -> int:
    """Opens a new generation of a log and queues everybody that counts; completes one that was begun and is not lost itself.

    Returns the generation's number. Raises LogNotStarted, Refused if the log is sealed, or Unavailable if a sequencer was faster.
    """
    async with db.session() as session:
        head, seen = await heads.look(session, sealer, statement)
        if head is None:
            raise LogNotStarted
        whole = head.shown_generation == head.generation
        if whole or await heads.objection(session, sealer, head, seen):
            async with session.transaction():
                await _open(session, sealer, head, seen, actor)
        head = await _head(session, statement)
    after = head.recommitting_behind
    while after is not None:
        page = await db.many(db.q.endorsements.outdated, statement, head.generation, after)
        for at in range(0, len(page), BATCH_SIZE):
            await _recommit(db, [(head, each) for each in page[at : at + BATCH_SIZE]])
        after = page[-1].endorsement_id if page else None
        await db.execute(db.q.log.recommitted, statement, head.generation, after, actor)
    while await catch_up(db):
        pass
    return head.generation


async def catch_up(db: Database) -> int:
    """Brings up to date what was queued for older generations, or drops what is gone; returns how many rows it saw."""
    rows = await db.many(db.q.log.outdated)
    anew, gone = {}, []
    for row in rows:
        if row.kind and row.commitment and row.identity:
            old = OutdatedEndorsement(row.endorsement_id, row.kind, row.commitment, row.identity)
            anew[row.endorsement_id] = (row, old)
        else:
            gone.append((row.endorsement_id, row.id, row.generation))
    await _recommit(db, anew.values())
    await db.in_key_order(db.q.log.drop, gone)
    if not rows:
        await _show(db)
    return len(rows)


async def _show(db: Database) -> None:
    """Lets readers see the tallies of the generations that have caught up."""
    for log in await db.many(db.q.log.catching_up):
        await db.execute(db.q.log.show, log.statement, log.generation)


async def _head(asking: Asking, statement: str) -> Head:
    head = await asking.maybe(asking.q.log.read_head, statement)
    if head is None:
        raise LogNotStarted
    return head


async def _open(session: Session, sealer: Sealer, head: Head, seen: Sequence[Kept], actor: str) -> None:
    """Moves the head to an empty log behind the last checkpoint. Raises LogNotStarted, Refused or Unavailable."""
    q, statement = session.q.log, head.statement
    if head.sealed_at:
        raise Refused(
            f"It was sealed on {head.sealed_at:%Y-%m-%d}: its counts are final, and nothing will follow them."
        )
    known = heads.known(sealer, head, seen)
    if not known:
        raise LogNotStarted
    generation = max([head.generation, *(generation for each in seen for generation in each.texts)]) + 1
    if generation > GENERATION_MAX:
        raise Refused("What is kept of it is of more generations than there can be: move away what isn't its own.")
    origin, previous = heads.origin_of(head, generation), " ".join(known[-1].checkpoint.split("\n")[:3])
    opened = await session.maybe(q.open_generation, statement, head.round, generation, origin, previous, actor, FIRST)
    if opened is None:
        raise Unavailable
    following = [past.vkey for past in known[1:]] + [sealer.vkey(origin)]
    for past, vkey in zip(known, following, strict=True):
        # Of a generation that only the files know, nothing is stored here.
        own = past.generation == head.generation
        size, stored = (head.size, head.checkpoint) if own else (0, None)
        signed = past.vkey, size, past.checkpoint, stored, heads.hand_over(sealer, past, vkey)
        second = heads.second_vkey(sealer, past)
        await session.execute(q.end_generation, statement, past.generation, past.origin, *signed, second)
    await session.execute(q.forget_all, statement)
    await session.execute(session.q.tallies.begin_anew, statement)
    await session.execute(session.q.statements.announce, statement)


async def _recommit(db: Database, found: Iterable[tuple[Head | OutdatedChange, OutdatedEndorsement]]) -> None:
    """Gives endorsements a fresh salt and a commitment for a log, in key order; each comes with the log that it is for."""
    items = []
    for log, old in found:
        salt = secrets.token_bytes(32)
        committed = entries.commitment(
            origin=log.origin, statement_sha256=log.sha256, kind=old.kind, identity=old.identity, salt=salt
        )
        items.append((old.endorsement_id, old.commitment, salt, committed, log.generation))
    await db.in_key_order(db.q.endorsements.recommit, items)
