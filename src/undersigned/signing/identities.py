"""Identities of claims and signatories that an older version made without keeping them: filled in while signing goes on.

They follow the rules that the installation was filled with, since no program with others may start on it (`keys.RULES`).
"""

import logging
from uuid import UUID

from undersigned.database.connection import Database
from undersigned.identity import endorsers, mailboxes

log = logging.getLogger(__name__)

BATCH_SIZE = 1000
FIRST = UUID(int=0)


async def fill(db: Database) -> None:
    """Gives every claim and signatory its identity, and forbids any without; does nothing once that is so.

    In batches, in key order. One that was interrupted begins again and passes by what is filled. What an older version still
    writes beside it is filled as well, until null is forbidden; from then on that version can take no more claims.
    """
    if await db.one(db.q.identities.whole):
        return
    log.info("Identities are filled in; this is done once.")
    await _fill_all(db)
    q = db.q.identities
    async with db.transaction() as session:
        await session.one(q.be_brief)
        await session.execute(q.require_of_claims)
        await session.execute(q.require_of_signatories)
    await _fill_all(db)
    await db.execute(q.validate_claims)
    await db.execute(q.validate_signatories)
    log.info("All identities are kept.")


async def _fill_all(db: Database) -> None:
    # Claims first: a claim that is confirmed meanwhile takes its identity along, or is a signatory to be filled then.
    await _fill_claims(db)
    await _fill_signatories(db)


async def _fill_claims(db: Database) -> None:
    q, behind = db.q.identities, (FIRST, FIRST)
    while page := await db.many(q.claims, *behind, BATCH_SIZE):
        await db.in_key_order(
            q.fill_claim,
            [(each.endorsement_id, each.id, each.given or _of(each.address)) for each in page if not each.filled],
        )
        behind = page[-1].endorsement_id, page[-1].id


async def _fill_signatories(db: Database) -> None:
    q, behind = db.q.identities, FIRST
    while page := await db.many(q.signatories, behind, BATCH_SIZE):
        await db.in_key_order(
            q.fill_signatory,
            [(each.endorsement_id, each.given or _of(each.address)) for each in page if not each.filled],
        )
        behind = page[-1].endorsement_id


def _of(address: str) -> str:
    return endorsers.of_individual(mailboxes.mailbox(address))
