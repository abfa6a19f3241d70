"""Claims, behind the link that was mailed: where one stands, a new link for it, and "this was not me"."""

import uuid
from typing import Literal

import msgspec

from undersigned.database.connection import Database
from undersigned.database.queries.submissions import KeptClaim
from undersigned.identity.tokens import ConfirmLink
from undersigned.signing import submissions
from undersigned.signing.bodies import Correcting
from undersigned.statements.published import Statement


class Settled(msgspec.Struct, frozen=True):
    """What became of a claim that there is nothing more to confirm about, and of which statement, if that is still known.

    One that `expired` can be renewed; of one that is `gone` nothing is left.
    """

    outcome: Literal["held", "already_confirmed", "rejected", "expired", "gone"]
    statement: str | None


async def find(db: Database, link: ConfirmLink) -> KeptClaim | Settled:
    """The claim behind a link, for its owner to confirm; or what became of it."""
    standing = await db.one(db.q.submissions.find, link.endorsement_id, link.submission_id)
    claim, fact = standing.claim, standing.endorsement
    if claim and claim.status == "held":
        return Settled("held", claim.statement)
    # Where an organisation is counted, a reviewer still decides about each further claim for it.
    if fact and fact.status == "counted" and (claim is None or claim.kind == "individual"):
        return Settled("already_confirmed", fact.statement)
    # What was decided about an organisation isn't told to everybody who claims it: a rejected one looks like a new one.
    if fact and fact.status == "rejected" and fact.kind == "individual":
        return Settled("rejected", fact.statement)
    if claim is None:
        return Settled("gone", fact.statement if fact and fact.status == "counted" else None)
    return Settled("expired", claim.statement) if claim.expired else claim


async def correct(db: Database, link: ConfirmLink, statement: Statement, claim: KeptClaim, said: Correcting) -> None:
    """Keeps what its owner corrects of a claim before they confirm it; nothing if it is gone. Raises InvalidFields."""
    right = submissions.corrected(statement, claim, said)
    if right != claim:
        await db.batched(
            db.q.submissions.correct,
            link.endorsement_id,
            link.submission_id,
            right.country,
            right.objectives,
            right.partner,
            right.source,
            right.role,
            right.organisation,
        )


async def renew(db: Database, link: ConfirmLink) -> bool:
    """Mails a new link for a claim whose link expired; returns False if the claim is gone."""
    outcome = await db.batched(
        db.q.submissions.renew, link.endorsement_id, link.submission_id, submissions.TTL, uuid.uuid4()
    )
    return outcome == "renewed"


async def deny(db: Database, link: ConfirmLink) -> bool:
    """Deletes a claim at its mailbox owner's word; returns False if there was none to delete."""
    outcome = await db.batched(db.q.submissions.deny, link.endorsement_id, link.submission_id)
    return outcome == "deleted"
