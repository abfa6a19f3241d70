"""Letters: requests about everything that is held under one address. What is held is never read for one without a trace."""

import datetime as dt
from typing import Literal
from uuid import UUID

import msgspec

from undersigned.database.connection import Database
from undersigned.database.queries.persons import OtherwiseHeld, OwnEndorsement
from undersigned.database.session import Asking, Session
from undersigned.errors import Refused
from undersigned.identity import keys, mailboxes
from undersigned.identity.tokens import OwnerLink, Signer

# GDPR Art. 12(3): one month from receipt.
ANSWER_WITHIN = dt.timedelta(days=30)
Meant = Literal["leave", "withdraw"]


class Letter(msgspec.Struct, frozen=True):
    """A letter from whoever owns a mailbox, and who answers it."""

    mailbox_id: UUID
    received_on: dt.date
    actor: str

    @property
    def due_on(self) -> dt.date:
        """The day by which it has to be answered."""
        return self.received_on + ANSWER_WITHIN


class Held(msgspec.Struct, frozen=True):
    """What is held under a mailbox: counted endorsements, and the numbers of claims and mails."""

    endorsements: list[OwnEndorsement]
    others: OtherwiseHeld


def mailbox_id(pepper: str, address: str) -> UUID:
    """The key that everything under an address is found by. Raises ValueError if it is no address."""
    return keys.mailbox_id(pepper, mailboxes.mailbox(address))


async def find(db: Database, letter: Letter) -> Held:
    """Everything that is held under the letter's mailbox."""
    own = await _endorsements(db, letter, "find")
    return Held(own, await db.one(db.q.persons.others, letter.mailbox_id))


async def manage_links(db: Database, signer: Signer, letter: Letter, url: str) -> list[str]:
    """A link to manage each endorsement, good for a day, to be handed to its owner."""
    own = await _endorsements(db, letter, "manage-link")
    return [f"{url}/m/{signer.manage(OwnerLink(each.id, each.bound))}" for each in own]


async def withdraw(db: Database, letter: Letter, organisations: Meant | None = None) -> int:
    """Withdraws or leaves every endorsement under the letter's mailbox and drops every claim; returns how many of both.

    All of it is done, with its trace, or nothing. Where the mailbox speaks for an organisation, `organisations` says what its
    owner means: to withdraw the organisation, or to leave, so that only the person is erased and the organisation stays counted.
    Raises Refused if that isn't said.
    """
    async with db.transaction() as session:
        own = await _endorsements(session, letter, "withdraw")
        bodies = [f"{each.organisation} ({each.statement})" for each in own if each.kind == "organisation"]
        if bodies and organisations is None:
            raise Refused(
                f"Nothing was done. This address speaks for {', '.join(bodies)}. Ask what its owner means, and say it: "
                "`--organisations leave` erases the person, and the organisation stays counted; `--organisations withdraw` takes "
                "the organisation's endorsement back as well."
            )
        claims = await session.many(session.q.persons.claims, letter.mailbox_id)
        done = 0
        # One pass in key order, as all that locks endorsers: two would wait for signers who wait for them.
        for endorsement_id in sorted({each.id for each in own} | {claim.endorsement_id for claim in claims}):
            for each in (each for each in own if each.id == endorsement_id):
                done += await _end(session, each, leave=each.kind == "organisation" and organisations == "leave")
            for claim in (claim for claim in claims if claim.endorsement_id == endorsement_id):
                done += await session.one(session.q.persons.drop_claim, claim.endorsement_id, claim.id)
        return done


async def _end(session: Session, own: OwnEndorsement, *, leave: bool) -> bool:
    """Withdraws an endorsement, or takes leave of an organisation; False if it was gone already."""
    if leave:
        return await session.one(session.q.owners.leave, own.id, own.bound) == "left"
    return await session.one(session.q.endorsements.withdraw, own.id, own.bound) == "withdrawn"


async def _endorsements(asking: Asking, letter: Letter, action: str) -> list[OwnEndorsement]:
    """The counted endorsements under a mailbox. The same statement leaves the trace of what is done with them, and not whose."""
    done_on = dt.datetime.now(dt.UTC).date()
    detail = f"received {letter.received_on}, due {letter.due_on}, done {done_on}"
    return await asking.many(asking.q.persons.endorsements, letter.mailbox_id, letter.actor, f"person {action}", detail)
