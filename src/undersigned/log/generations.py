"""Generations: a log whose database fell behind what was released begins anew, with everybody that counts added again.

What was committed to for an older generation is brought up to date before the sequencer takes it. So nothing has to stand still
meanwhile: a claim made before the restart can be confirmed during it or long after. Until everybody is an entry of the new log,
readers see the last tally of the one before.
"""

import datetime as dt
import secrets
from collections.abc import Sequence
from uuid import UUID

import msgspec

from undersigned.database.connection import Connection, Database, Record
from undersigned.database.queries.endorsements import OutdatedEndorsement
from undersigned.errors import LogNotStarted, Refused, Unavailable
from undersigned.log import entries, heads, note
from undersigned.log.heads import Sealer
from undersigned.tallies.snapshots import Rejected

BATCH_SIZE = 500
FIRST = UUID(int=0)


class Ended(msgspec.Struct, frozen=True):
    """A generation that ended: the tally of those of its entries that are stored here, and the last checkpoint known of it.

    Where the database fell behind, `last_size` is more than `log_size`, and what the entries in between said is lost.
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


async def ended(db: Database, statement: str, generation: int) -> Ended | None:
    """What is published about an ended generation; None if there was none or it goes on."""
    row = await db.pool.fetchrow(db.q.log.past, statement, generation)
    if row is None:
        return None
    return Ended(
        statement,
        row["individual_count"],
        row["organisation_count"],
        Rejected(row["duplicate_count"], row["fraud_count"], row["error_count"]) if row["size"] else None,
        row["withdrawn_count"],
        row["as_of"],
        row["origin"],
        row["size"],
        row["stored_checkpoint"],
        note.parse_checkpoint(note.parse(row["checkpoint"]).text).size,
        row["checkpoint"],
        row["ended_at"],
        row["followed_by"],
    )


async def restart(db: Database, sealer: Sealer, statement: str) -> int:
    """Opens a new generation of a log and queues everybody that counts; completes one that was begun and is not lost itself.

    Returns the generation's number. Raises LogNotStarted, Refused if the log is sealed, or Unavailable if a sequencer was faster.
    """
    head = await _head(db, statement)
    async with db.pool.acquire() as connection:
        whole = head["shown_generation"] == head["generation"]
        if whole or await heads.objection(connection, db, sealer, head):
            async with connection.transaction():
                await _open(connection, db, sealer, head)
    head = await _head(db, statement)
    after = FIRST
    while page := await db.many(db.q.endorsements.outdated, statement, head["generation"], after):
        for at in range(0, len(page), BATCH_SIZE):
            await _recommit(db, [(head, row) for row in page[at : at + BATCH_SIZE]])
        after = page[-1].endorsement_id
    while await catch_up(db):
        pass
    return int(head["generation"])


async def catch_up(db: Database) -> int:
    """Brings up to date what was queued for older generations, or drops what is gone; returns how many rows it saw."""
    rows = await db.pool.fetch(db.q.log.outdated)
    found = {
        row["endorsement_id"]: (
            row,
            OutdatedEndorsement(row["endorsement_id"], row["kind"], row["commitment"], row["identity"]),
        )
        for row in rows
        if row["commitment"]
    }
    await _recommit(db, list(found.values()))
    gone = [(row["endorsement_id"], row["id"], row["generation"]) for row in rows if not row["commitment"]]
    await db.in_key_order(db.q.log.drop, gone)
    if not rows:
        await _show(db)
    return len(rows)


async def _show(db: Database) -> None:
    """Lets readers see the tallies of the generations that have caught up."""
    for log in await db.pool.fetch(db.q.log.catching_up):
        if not await db.one(db.q.endorsements.left_behind, log["statement"], log["generation"]):
            await db.pool.execute(db.q.log.show, log["statement"], log["generation"])


async def _head(db: Database, statement: str) -> Record:
    head = await db.pool.fetchrow(db.q.log.read_head, statement)
    if head is None:
        raise LogNotStarted
    return head


async def _open(connection: Connection, db: Database, sealer: Sealer, head: Record) -> None:
    """Moves the head to an empty log behind the last checkpoint. Raises LogNotStarted, Refused or Unavailable."""
    q, statement = db.q.log, head["statement"]
    if head["sealed_at"]:
        raise Refused(
            f"It was sealed on {head['sealed_at']:%Y-%m-%d}: its counts are final, and nothing will follow them."
        )
    known = heads.known(sealer, head)
    if not known:
        raise LogNotStarted
    generation = max([head["generation"], *sealer.generations(statement)]) + 1
    origin, previous = heads.origin_of(head, generation), " ".join(known[-1].checkpoint.split("\n")[:3])
    if not await connection.fetchval(q.open_generation, statement, head["round"], generation, origin, previous):
        raise Unavailable
    for past in known:
        # Of a generation that only the files know, nothing is stored here.
        own = past.generation == head["generation"]
        size, stored = (head["size"], head["checkpoint"]) if own else (0, None)
        await connection.execute(
            q.end_generation, statement, past.generation, past.origin, past.vkey, size, past.checkpoint, stored
        )
    await connection.execute(q.forget_all, statement)
    await connection.execute(db.q.tallies.begin_anew, statement)
    await connection.execute(db.q.statements.announce, statement)


async def _recommit(db: Database, found: Sequence[tuple[Record, OutdatedEndorsement]]) -> None:
    """Gives endorsements a fresh salt and a commitment for a log, in key order; each comes with the log that it is for."""
    items = []
    for log, row in found:
        salt = secrets.token_bytes(32)
        committed = entries.commitment(
            origin=log["origin"], statement_sha256=log["sha256"], kind=row.kind, identity=row.identity, salt=salt
        )
        items.append((row.endorsement_id, row.commitment, salt, committed, log["generation"]))
    await db.in_key_order(db.q.endorsements.recommit, items)
