"""What waits or failed, by reason, and its being sent again at an operator's word."""

from uuid import UUID

from undersigned.database.connection import Database
from undersigned.database.queries.messages import Waiting

BATCH_SIZE = 1000
NOBODY = UUID(int=0)


async def listed(db: Database) -> list[Waiting]:
    """The messages that wait and those that failed, counted by reason."""
    return await db.many(db.q.messages.waiting)


async def retry(db: Database, reason: str) -> int:
    """Makes due at once what was tried and waits, or with a `reason` what waits or failed for such a one; returns how many.

    What failed is sent again only if its address is still known: with the claim, the endorsement or the offer it is about. It
    also ends the pause that trouble with the relay brought.
    """
    total, after = 0, (NOBODY, NOBODY)
    while found := await db.many(db.q.messages.retryable, reason, *after, BATCH_SIZE):
        after = (found[-1].endorsement_id, found[-1].id)
        done = await db.in_key_order(db.q.messages.retry, [(key.endorsement_id, key.id) for key in found])
        total += sum(count for _, count in done)
    await db.execute(db.q.messages.probe_now)
    return total
