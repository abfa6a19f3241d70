"""Generations: a log whose database fell behind what was released begins anew, with everybody that counts added again.

What was committed to for an older generation is brought up to date before the sequencer takes it. So nothing has to stand still
meanwhile: a claim made before the restart can be confirmed during it or long after.
"""

import secrets
from collections.abc import Sequence
from uuid import UUID

from undersigned import identity
from undersigned.database import Connection, Database, Record
from undersigned.errors import LogNotStarted, Unavailable
from undersigned.log import entries, heads, note
from undersigned.log.heads import Sealer

BATCH_SIZE = 500
FIRST = UUID(int=0)


async def restart(db: Database, sealer: Sealer, statement: str) -> int:
    """Opens a new generation of a log and queues everybody that counts; completes one that was begun and interrupted.

    Returns the generation's number. Raises LogNotStarted, or Unavailable if a sequencer was faster.
    """
    head = await _head(db, statement)
    if not await db.pool.fetchval(db.q.endorsements.left_behind, statement, head["generation"]):
        async with db.pool.acquire() as connection, connection.transaction():
            await _open(connection, db, sealer, head)
        head = await _head(db, statement)
    after = FIRST
    while page := await db.pool.fetch(db.q.endorsements.outdated, statement, head["generation"], after, BATCH_SIZE):
        await _recommit(db, [(head, row) for row in page])
        after = page[-1]["endorsement_id"]
    while await catch_up(db):
        pass
    return int(head["generation"])


async def catch_up(db: Database) -> int:
    """Brings up to date what was queued for older generations, or drops what is gone; returns how many rows it saw."""
    rows = await db.pool.fetch(db.q.log.outdated, BATCH_SIZE)
    await _recommit(db, list({row["endorsement_id"]: (row, row) for row in rows if row["commitment"]}.values()))
    gone = [(row["endorsement_id"], row["id"], row["generation"]) for row in rows if not row["commitment"]]
    await db.in_key_order(db.q.log.drop, gone)
    return len(rows)


async def _head(db: Database, statement: str) -> Record:
    head = await db.pool.fetchrow(db.q.log.read_head, statement)
    if head is None:
        raise LogNotStarted
    return head


async def _open(connection: Connection, db: Database, sealer: Sealer, head: Record) -> None:
    """Moves the head to an empty log behind the last checkpoint. Raises LogNotStarted or Unavailable."""
    q, statement = db.q.log, head["statement"]
    last = heads.newest(sealer, head)
    if last is None:
        raise LogNotStarted
    text = note.parse(last).text
    generation = max([head["generation"], *sealer.generations(statement)]) + 1
    origin, previous = heads.origin_of(head, generation), " ".join(text.split("\n")[:3])
    if not await connection.fetchval(q.open_generation, statement, head["round"], generation, origin, previous):
        raise Unavailable
    vkey = head["vkey"] or sealer.vkey(head["origin"])
    kept = last if note.parse_checkpoint(text).origin == head["origin"] else head["checkpoint"]
    if kept:
        await connection.execute(
            q.end_generation, statement, head["generation"], head["origin"], vkey, head["size"], kept
        )
    await connection.execute(q.forget_all, statement)
    await connection.execute(db.q.tallies.begin_anew, statement)
    await connection.execute(db.q.statements.announce, statement)


async def _recommit(db: Database, found: Sequence[tuple[Record, Record]]) -> None:
    """Gives endorsements a fresh salt and a commitment for a log, in key order; each comes with the log that it is for."""
    items = []
    for log, row in found:
        salt = secrets.token_bytes(32)
        who = row["identity"] or identity.of_individual(identity.mailbox(row["address"]))
        committed = entries.commitment(
            origin=log["origin"], statement_sha256=log["sha256"], kind=row["kind"], identity=who, salt=salt
        )
        items.append((row["endorsement_id"], row["commitment"], salt, committed, log["generation"]))
    await db.in_key_order(db.q.endorsements.recommit, items)
