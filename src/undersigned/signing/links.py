"""Links: the row that a mailed link leads to. A short one says only how its keys begin, and has a seal that no other row fits.

Where no row fits any more, a link leads to keys that nothing has, and whoever follows it is told that it is gone.
"""

from uuid import UUID

from undersigned.database.connection import Database
from undersigned.identity.shortening import Located
from undersigned.identity.tokens import ConfirmLink, OwnerLink, Purpose, Signer, SuccessorLink

NIL = UUID(int=0)
NOTHING = b""


async def claim(db: Database, signer: Signer, token: str, *, expired_too: bool = False) -> ConfirmLink:
    """The claim behind a link to confirm; of one that is gone, the endorsement that it may have become.

    Raises LinkInvalid, or LinkExpired after 7 days unless `expired_too`.
    """
    read = signer.read_confirm(token, expired_too=expired_too)
    if not isinstance(read, Located):
        return read
    rows = await db.many(db.q.submissions.locate, read.first, read.last, read.tie)
    for row in rows:
        if row.submission_id and signer.opens("confirm", read, row.endorsement_id, row.submission_id.bytes):
            return ConfirmLink(row.endorsement_id, row.submission_id)
    became = {row.endorsement_id for row in rows if row.submission_id is None}
    return ConfirmLink(became.pop() if len(became) == 1 else read.first, NIL)


async def to_manage(db: Database, signer: Signer, token: str) -> OwnerLink:
    """The owner behind a link to manage an endorsement. Raises LinkInvalid, or LinkExpired after a day."""
    read = signer.read_manage(token)
    return await _owner(db, signer, "manage", read) if isinstance(read, Located) else read


async def to_withdraw(db: Database, signer: Signer, token: str) -> OwnerLink:
    """The owner behind a link to withdraw an endorsement. Raises LinkInvalid."""
    read = signer.read_withdraw(token)
    return await _owner(db, signer, "withdraw", read) if isinstance(read, Located) else read


async def offer(db: Database, signer: Signer, token: str) -> SuccessorLink:
    """The offer behind a successor's link. Raises LinkInvalid, or LinkExpired after 7 days."""
    read = signer.read_succeed(token)
    if not isinstance(read, Located):
        return read
    for row in await db.many(db.q.successions.locate, read.first, read.last, read.tie):
        if signer.opens("succeed", read, row.endorsement_id, row.bound):
            return SuccessorLink(row.endorsement_id, row.offer_id or NIL, row.bound)
    return SuccessorLink(read.first, NIL, NOTHING)


async def _owner(db: Database, signer: Signer, purpose: Purpose, read: Located) -> OwnerLink:
    for row in await db.many(db.q.owners.locate, read.first, read.last, read.tie):
        if signer.opens(purpose, read, row.endorsement_id, row.bound):
            return OwnerLink(row.endorsement_id, row.bound)
    return OwnerLink(read.first, NOTHING)
