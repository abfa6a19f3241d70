"""Endorsements: facts, counted once. $1 is always the endorsement id, and the primary key is the deduplication."""

import datetime as dt
from typing import Literal
from uuid import UUID

import msgspec

from undersigned.database.queries.declaring import Noun, Query
from undersigned.identity.endorsers import Kind


class Confirmed(msgspec.Struct, frozen=True):
    """What became of a claim, and what the owner's links are bound to if this call made an endorsement of it."""

    outcome: Literal["counted", "held", "rejected", "already_confirmed", "expired"]
    bound: bytes | None


class EndorsementKey(msgspec.Struct, frozen=True):
    """What names one endorsement, for a query that takes it."""

    endorsement_id: UUID


class OverdueRejection(msgspec.Struct, frozen=True):
    """A rejected endorsement that is over its time, as `forget_rejected` takes it."""

    id: UUID
    grace: dt.timedelta


class OutdatedEndorsement(msgspec.Struct, frozen=True):
    """A counted endorsement that was committed to for an older generation of its log."""

    endorsement_id: UUID
    kind: Kind
    commitment: bytes
    identity: str


class Endorsements(Noun, frozen=True):
    confirm: Query[Confirmed]
    withdraw: Query[Literal["withdrawn", "absent"]]
    reject: Query[Literal["rejected", "sealed", "absent"]]
    networks_overdue: Query[EndorsementKey]
    forget_network: Query[int]
    outdated: Query[OutdatedEndorsement]
    recommit: Query[int]
    find_by_entry: Query[UUID]
    rejected_overdue: Query[OverdueRejection]
    forget_rejected: Query[int]
