"""Claims that a person has to look at before they count, above all organisations; rivals wait side by side."""

import uuid
from uuid import UUID

import msgspec

from undersigned import admins, endorsements
from undersigned.database.connection import Database, Record
from undersigned.endorsements import Outcome
from undersigned.errors import ClaimNotFound
from undersigned.log import reading
from undersigned.statements.published import Statement

PAGE_SIZE = 100
COUNTED_ALREADY = (
    "Your organisation is counted already, through another of its representatives. There is nothing more to do."
)


class Listed(msgspec.Struct, frozen=True):
    """A counted organisation as pages show it; its representative only if they want it and a person looked at the name."""

    log_index: int
    name: str
    website: str | None
    country: str
    representative: str | None

    @property
    def link(self) -> str | None:
        """Its website, if that can be linked to."""
        return self.website if (self.website or "").startswith(("https://", "http://")) else None


async def held(db: Database, slug: str | None = None) -> list[Record]:
    """The held claims of one statement or of all, oldest first, rival claims next to each other."""
    return list(await db.pool.fetch(db.q.organisations.held, slug))


async def counted(db: Database, statement: Statement, after: int) -> list[Record]:
    """The next 100 counted organisations behind a log index, in the order of the log, as far as it is released."""
    log = await reading.released(db, statement.slug)
    size = log.size if log else 0
    return list(await db.pool.fetch(db.q.organisations.counted, statement.slug, after, size, PAGE_SIZE))


async def listed(db: Database, slug: str, after: int) -> list[Listed]:
    """The next 100 counted organisations behind a log index, as pages show them."""
    log = await reading.released(db, slug)
    rows = await db.pool.fetch(db.q.organisations.listed, slug, after, log.size if log else 0, PAGE_SIZE)
    return [Listed(**dict(row)) for row in rows]


async def find_listed(db: Database, slug: str, log_index: int) -> Record | None:
    """A counted organisation by its entry in the log, or None."""
    return await db.pool.fetchrow(db.q.organisations.find_listed, slug, log_index)


async def approve(db: Database, submission_id: UUID, actor: str) -> Outcome:
    """Counts a held claim, or lets it speak for an organisation whose representative left; its owner is told by mail.

    Returns `already_confirmed` if a rival speaks for the organisation already. Raises ClaimNotFound.
    """
    claim = await _find(db, submission_id)
    if claim["counted_already"]:
        await _delete(db, claim, COUNTED_ALREADY)
        outcome: Outcome = "already_confirmed"
    else:
        outcome = await endorsements.release(db, claim["endorsement_id"], submission_id)
    await admins.leave_trail(db, actor, "approve", claim["statement"], submission_id, outcome)
    return outcome


async def reject(db: Database, submission_id: UUID, actor: str, reason: str) -> None:
    """Deletes a held claim and mails its representative the reason; the organisation can still be signed for.

    Raises ClaimNotFound.
    """
    claim = await _find(db, submission_id)
    await _delete(db, claim, reason)
    await admins.leave_trail(db, actor, "reject claim", claim["statement"], submission_id, None)


async def _delete(db: Database, claim: Record, reason: str) -> None:
    """Deletes a held claim and mails its representative why. Raises ClaimNotFound if somebody was faster."""
    row = await db.batched(db.q.organisations.reject_claim, claim["endorsement_id"], claim["id"], uuid.uuid4(), reason)
    if row["outcome"] == "absent":
        raise ClaimNotFound


async def _find(db: Database, submission_id: UUID) -> Record:
    row = await db.pool.fetchrow(db.q.organisations.find_held, submission_id)
    if row is None:
        raise ClaimNotFound
    return row
