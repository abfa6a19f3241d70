"""The seal: the very last entry of a log, once its statement has closed and nothing can be counted any more."""

import datetime as dt
from functools import partial

import msgspec

from undersigned.database.connection import Database
from undersigned.database.queries.log import Head
from undersigned.database.session import Session
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


async def seal(db: Database, sealer: Sealer, statement: str, actor: str = "console") -> Sealed:
    """Appends and releases the seal. Raises Refused, saying why, while anything may still be counted."""
    if not await sequencer.advance(db, sealer, statement, partial(_seal, actor)):
        raise Refused("Nothing may be signed at the moment, or the sequencer was faster: see /readyz, and try again.")
    tally = await db.one(db.q.tallies.read, statement)
    return Sealed(tally.log_size - 1, tally.individual_count, tally.organisation_count)


async def _seal(actor: str, session: Session, sealer: Sealer, head: Head) -> int:
    q, statement = session.q, head.statement
    if await session.maybe(q.log.take_head, statement, head.round, head.size) is None:
        return 0
    await _must_be_settled(session, head)
    new = sequencer.opening(head)
    size = head.size + len(new) + 1
    tally = await session.one(q.tallies.add, statement, 0, 0, 0, 0, 0, 0, 0, size)
    new.append(entries.seal(tally.individual_count, tally.organisation_count))
    await sequencer.grow(session, sealer, head, new)
    await session.execute(q.log.seal, statement, actor)
    return len(new)


async def _must_be_settled(session: Session, head: Head) -> None:
    """Raises Refused, saying what still waits."""
    row = await session.one(session.q.log.unsettled, head.statement, AFTER_CLOSING)
    if head.sealed_at:
        raise Refused(f"It was sealed on {head.sealed_at:%Y-%m-%d}.")
    if not row.closed:
        raise Refused("The statement has to be closed for five minutes first: set closes_at, and publish it.")
    if row.catching_up:
        raise Refused(
            "The log began anew and is still adding everybody again: try again in a moment, and if it stays so, "
            "complete it with `undersigned log restart`."
        )
    if row.claims:
        raise Refused(f"{_some(row.claims)} claims are pending or held: decide those held, and let the others expire.")
    if row.queued:
        raise Refused(f"{_some(row.queued)} changes wait for the sequencer: try again in a moment.")


def _some(count: int) -> str:
    return str(count) if count < 1000 else "1,000 or more"
