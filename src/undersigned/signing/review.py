"""Review: claims that a person has to look at before they count, above all organisations; rivals wait side by side."""

import uuid
from uuid import UUID

from undersigned.admins import trail
from undersigned.database.connection import Database, Record
from undersigned.errors import ClaimNotFound
from undersigned.signing import endorsements
from undersigned.signing.endorsements import Outcome
from undersigned.words.languages import noop

COUNTED_ALREADY = noop(
    "An organisation with the same website (or, if it has none of its own, with the same name and country) is counted "
    "already. If that is yours, there is nothing more to do. If yours is another one that shares the website, such as a "
    "second faculty or office, it is not counted: please write to us and say so."
)


async def held(db: Database, slug: str | None = None) -> list[Record]:
    """The held claims of one statement or of all, oldest first, rival claims next to each other."""
    return list(await db.pool.fetch(db.q.organisations.held, slug))


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
    await trail.leave_trail(db, actor, "approve", claim["statement"], submission_id, outcome)
    return outcome


async def reject(db: Database, submission_id: UUID, actor: str, reason: str) -> None:
    """Deletes a held claim and mails its representative the reason; the organisation can still be signed for.

    Raises ClaimNotFound.
    """
    claim = await _find(db, submission_id)
    await _delete(db, claim, reason)
    await trail.leave_trail(db, actor, "reject claim", claim["statement"], submission_id, None)


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
