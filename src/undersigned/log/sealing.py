"""The seal: the very last entry of a log, once its statement has closed and nothing can be counted any more."""

import datetime as dt

import msgspec

from undersigned.database.connection import Connection, Database, Record
from undersigned.errors import Refused
from undersigned.log import entries, sequencer
from undersigned.log.heads import Sealer

# What was sent before closing has long been answered or cut off by then, whatever the machines' clocks say.
AFTER_CLOSING = dt.timedelta(minutes=5)


class Sealed(msgspec.Struct, frozen=True):
    """The final counts, and the index of the entry that says so."""

    log_index: int
    individuals: int
    organisations: int


async def seal(db: Database, sealer: Sealer, statement: str) -> Sealed:
    """Appends and releases the seal. Raises Refused, saying why, while anything may still be counted."""
    if not await sequencer.advance(db, sealer, statement, _seal):
        raise Refused("Nothing may be signed at the moment, or the sequencer was faster: see /readyz, and try again.")
    tally = await db.pool.fetchrow(db.q.tallies.read, statement)
    assert tally is not None  # noqa: S101 -- publishing makes the row
    return Sealed(tally["log_size"] - 1, tally["individual_count"], tally["organisation_count"])


async def _seal(connection: Connection, db: Database, sealer: Sealer, head: Record) -> int:
    q, statement = db.q.log, head["statement"]
    if not await connection.fetchval(q.take_head, statement, head["round"], head["size"]):
        return 0
    await _must_be_settled(connection, db, head)
    new = sequencer.opening(head)
    size = head["size"] + len(new) + 1
    tally = await connection.fetchrow(db.q.tallies.add, statement, 0, 0, 0, 0, 0, 0, 0, size)
    assert tally is not None  # noqa: S101 -- publishing makes the row
    new.append(entries.seal(tally["individual_count"], tally["organisation_count"]))
    await sequencer.grow(connection, db, sealer, head, new)
    await connection.execute(q.seal, statement)
    return len(new)


async def _must_be_settled(connection: Connection, db: Database, head: Record) -> None:
    """Raises Refused, saying what still waits."""
    row = await connection.fetchrow(db.q.log.unsettled, head["statement"], AFTER_CLOSING)
    assert row is not None  # noqa: S101 -- the query always has one row
    if head["sealed_at"]:
        raise Refused(f"It was sealed on {head['sealed_at']:%Y-%m-%d}.")
    if not row["closed"]:
        raise Refused("The statement has to be closed for five minutes first: set closes_at, and publish it.")
    if row["catching_up"]:
        raise Refused(
            "The log began anew and is still adding everybody again: try again in a moment, and if it stays so, "
            "complete it with `undersigned log restart`."
        )
    if row["claims"]:
        raise Refused(f"{row['claims']} claims are pending or held: decide those held, and let the others expire.")
    if row["queued"]:
        raise Refused(f"{row['queued']} changes wait for the sequencer: try again in a moment.")
