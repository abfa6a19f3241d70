"""Review: claims that a person has to look at before they count, above all organisations; rivals wait side by side.

Whatever an admin does here, the statement that does it leaves their trace.
"""

import uuid
from uuid import UUID

from undersigned.database.connection import Database
from undersigned.database.queries.review import FoundClaim, HeldClaim
from undersigned.errors import ClaimNotFound
from undersigned.signing import endorsements
from undersigned.signing.endorsements import Outcome
from undersigned.words.languages import noop

COUNTED_ALREADY = noop(
    "An organisation with the same website (or, if it has none of its own, with the same name and country) is counted "
    "already. If that is yours, there is nothing more to do. If yours is another one that shares the website, such as a "
    "second faculty or office, it is not counted: please write to us and say so."
)


async def held(db: Database, slug: str | None = None) -> list[HeldClaim]:
    """The held claims of one statement or of all, oldest first, rival claims next to each other."""
    return await db.many(db.q.review.held, slug)


async def approve(db: Database, submission_id: UUID, actor: str) -> Outcome:
    """Counts a held claim, or lets it speak for an organisation whose representative left; its owner is told by mail.

    Returns `already_confirmed` if a rival speaks for the organisation already. Raises ClaimNotFound, LinkExpired if somebody was
    faster, or EndorsementRejected.
    """
    claim = await _find(db, submission_id)
    if not claim.counted_already:
        return await endorsements.release(db, claim.endorsement_id, submission_id, actor)
    await _delete(db, claim, COUNTED_ALREADY, actor, "approve", "already_confirmed")
    return "already_confirmed"


async def reject(db: Database, submission_id: UUID, actor: str, reason: str) -> None:
    """Deletes a held claim and mails its representative the reason; the organisation can still be signed for.

    Raises ClaimNotFound.
    """
    await _delete(db, await _find(db, submission_id), reason, actor, "reject claim", None)


async def _delete(db: Database, claim: FoundClaim, reason: str, actor: str, action: str, detail: str | None) -> None:
    """Deletes a held claim and mails its representative why. Raises ClaimNotFound if somebody was faster."""
    outcome = await db.batched(
        db.q.review.reject_claim, claim.endorsement_id, claim.id, uuid.uuid4(), reason, actor, action, detail
    )
    if outcome == "absent":
        raise ClaimNotFound


async def _find(db: Database, submission_id: UUID) -> FoundClaim:
    claim = await db.maybe(db.q.review.find_held, submission_id)
    if claim is None:
        raise ClaimNotFound
    return claim
