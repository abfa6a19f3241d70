"""Persons: requests that come by letter, about everything that is held under one address."""

import datetime as dt
from typing import Literal
from uuid import UUID

import msgspec

from undersigned.admins import trail
from undersigned.database.connection import Database, Record
from undersigned.errors import Refused
from undersigned.identity import keys, mailboxes
from undersigned.identity.tokens import OwnerLink, Signer
from undersigned.signing import endorsements, owners

# GDPR Art. 12(3): one month from receipt.
ANSWER_WITHIN = dt.timedelta(days=30)
Meant = Literal["leave", "withdraw"]


class Held(msgspec.Struct, frozen=True):
    """What is held under a mailbox: counted endorsements, and the numbers of claims and mails."""

    endorsements: list[Record]
    others: Record


async def find(db: Database, mailbox_id: UUID) -> Held:
    found = await db.pool.fetch(db.q.persons.endorsements, mailbox_id)
    others = await db.pool.fetchrow(db.q.persons.others, mailbox_id)
    assert others is not None  # noqa: S101 -- the query always has one row
    return Held(list(found), others)


def mailbox_id(pepper: str, address: str) -> UUID:
    """The key that everything under an address is found by. Raises ValueError if it is no address."""
    return keys.mailbox_id(pepper, mailboxes.mailbox(address))


def manage_links(signer: Signer, held: Held, url: str) -> list[str]:
    """A link to manage each endorsement, good for a day, to be handed to its owner."""
    return [f"{url}/m/{signer.manage(OwnerLink(row['id'], row['bound']))}" for row in held.endorsements]


async def withdraw(db: Database, held: Held, mailbox_id: UUID, organisations: Meant | None = None) -> int:
    """Withdraws or leaves every endorsement under a mailbox and drops every claim; returns how many of both.

    Where the mailbox speaks for an organisation, `organisations` says what its owner means: to withdraw the organisation, or
    to leave, so that only the person is erased and the organisation stays counted. Raises Refused, before anything is done, if
    that isn't said.
    """
    bodies = [
        f"{row['organisation']} ({row['statement']})" for row in held.endorsements if row["kind"] == "organisation"
    ]
    if bodies and organisations is None:
        raise Refused(
            f"Nothing was done. This address speaks for {', '.join(bodies)}. Ask what its owner means, and say it: "
            "`--organisations leave` erases the person, and the organisation stays counted; `--organisations withdraw` takes the "
            "organisation's endorsement back as well."
        )
    done = 0
    for row in held.endorsements:
        link = OwnerLink(row["id"], row["bound"])
        leaves = row["kind"] == "organisation" and organisations == "leave"
        done += await (owners.leave if leaves else endorsements.withdraw)(db, link)
    claims = await db.pool.fetch(db.q.persons.claims, mailbox_id)
    dropped = await db.in_key_order(db.q.persons.drop_claim, [(row["endorsement_id"], row["id"]) for row in claims])
    return done + sum(int(row["dropped"]) for _, row in dropped)


async def note_letter(db: Database, action: str, received_on: dt.date) -> dt.date:
    """Notes in the trail what was done about a letter, without saying whose; returns the day it was due."""
    due_on = received_on + ANSWER_WITHIN
    done_on = dt.datetime.now(dt.UTC).date()
    detail = f"received {received_on}, due {due_on}, done {done_on}"
    await trail.leave_trail(db, "console", f"person {action}", None, None, detail)
    return due_on
