"""Successions: a representative offers their place, and whoever owns the named mailbox takes it. $1 is always the
endorsement id.
"""

import datetime as dt
from typing import Literal
from uuid import UUID

import msgspec

from undersigned.database.queries.declaring import Noun, Query


class Offer(msgspec.Struct, frozen=True):
    """An open offer: what the successor would speak for, and how the representative named them."""

    statement: str
    name: str
    role: str
    organisation: str
    website: str | None
    country: str


class OfferAndOutcome(msgspec.Struct, frozen=True):
    """An offer if it is open, or the organisation that it was taken up for; neither where it is gone."""

    open: Offer | None
    taken_for: str | None


class LocatedOffer(msgspec.Struct, frozen=True):
    """An offer that a mailed link may mean; without its id, one that was taken up."""

    endorsement_id: UUID
    offer_id: UUID | None
    bound: bytes


class Accepted(msgspec.Struct, frozen=True):
    """What became of an offer, and what the successor's links are bound to if they took it up."""

    outcome: Literal["taken", "absent"]
    bound: bytes


class OverdueOffer(msgspec.Struct, frozen=True):
    """An offer that is over its time, as `purge` takes it."""

    endorsement_id: UUID
    id: UUID
    grace: dt.timedelta


class Successions(Noun, frozen=True):
    offer: Query[Literal["offered", "too_many", "absent"]]
    find: Query[OfferAndOutcome]
    locate: Query[LocatedOffer]
    accept: Query[Accepted]
    decline: Query[Literal["deleted", "absent"]]
    take_back: Query[Literal["deleted", "absent"]]
    overdue: Query[OverdueOffer]
    purge: Query[int]
