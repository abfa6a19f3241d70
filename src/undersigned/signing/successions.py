"""Successions: a representative offers their place; whoever owns the named mailbox takes it, with a consent of their own."""

import datetime as dt
import uuid
from uuid import UUID

import msgspec

from undersigned.database.connection import Database
from undersigned.database.queries.successions import Offer
from undersigned.errors import LinkExpired, TooManyOffers
from undersigned.identity import keys
from undersigned.identity.tokens import OwnerLink, SuccessorLink
from undersigned.signing import endorsements, submissions

# The mailed link is good for 7 days. An offer waits 7 more, because a budget may put its mail off.
KEPT = submissions.TTL + dt.timedelta(days=7)


class Taken(msgspec.Struct, frozen=True):
    """An offer that was taken up: its successor speaks for this organisation."""

    organisation: str


async def offer(
    db: Database, pepper: str, link: OwnerLink, *, name: str, role: str, email: str, network_key: UUID | None
) -> bool:
    """Offers a representative's place to a successor, by mail; an offer before is void. Returns False if the place is gone.

    Raises InvalidFields, or TooManyOffers after three in a day: the last of them stays open then.
    """
    name, role, box = submissions.successor(name, role, email)
    outcome = await db.batched(
        db.q.successions.offer,
        link.endorsement_id,
        link.bound,
        uuid.uuid4(),
        keys.mailbox_id(pepper, box),
        box.address,
        name,
        role,
        KEPT,
        uuid.uuid4(),
        network_key,
    )
    if outcome == "too_many":
        raise TooManyOffers
    return outcome == "offered"


async def take_back(db: Database, link: OwnerLink) -> bool:
    """Deletes the offer that a representative made; returns False if there was none."""
    outcome = await db.batched(db.q.successions.take_back, link.endorsement_id, link.bound)
    return outcome == "deleted"


async def find(db: Database, link: SuccessorLink) -> Offer | Taken | None:
    """The offer behind a link if it is open, or for whom it was taken up; None if it is gone."""
    found = await db.one(db.q.successions.find, link.endorsement_id, link.offer_id, link.bound)
    return Taken(found.taken_for) if found.taken_for is not None else found.open


async def accept(
    db: Database,
    link: SuccessorLink,
    *,
    name: str,
    role: str,
    show_name: bool,
    translation_sha256: str | None = None,
) -> OwnerLink:
    """Puts the successor in the representative's place, by their consent; a repeated call reads like the first.

    Returns what the successor's links lead to. Raises InvalidFields or LinkExpired.
    """
    name, role = submissions.representative(name, role)
    became = await db.batched(
        db.q.successions.accept,
        link.endorsement_id,
        link.offer_id,
        name,
        role,
        "queued" if show_name else "hidden",
        {"endorse": endorsements.consented(translation_sha256)},
        uuid.uuid4(),
        uuid.uuid4(),
    )
    if became.outcome == "absent":
        raise LinkExpired
    return OwnerLink(link.endorsement_id, became.bound)


async def decline(db: Database, link: SuccessorLink) -> bool:
    """Deletes an offer at the word of the mailbox's owner; returns False if it was gone."""
    outcome = await db.batched(db.q.successions.decline, link.endorsement_id, link.offer_id)
    return outcome == "deleted"
