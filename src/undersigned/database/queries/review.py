"""Review: claims that wait for a look. $1 is the endorsement id where something is written."""

import datetime as dt
from typing import Literal
from uuid import UUID

import msgspec

from undersigned.database.queries.declaring import Noun, Query
from undersigned.database.queries.submissions import ClaimedOrganisation
from undersigned.identity.endorsers import Kind


class HeldClaim(msgspec.Struct, frozen=True):
    """A confirmed claim as a reviewer sees it, with the number of rivals that claim the same."""

    endorsement_id: UUID
    id: UUID
    statement: str
    kind: Kind
    name: str
    role: str | None
    address: str
    country: str | None
    organisation: ClaimedOrganisation | None
    hold_reason: str | None
    confirmed_at: dt.datetime
    rival_count: int
    counted_already: bool
    rejected_before: bool


class FoundClaim(msgspec.Struct, frozen=True):
    """Where a held claim lies, and whether a rival of it is counted."""

    endorsement_id: UUID
    id: UUID
    statement: str
    counted_already: bool


class Review(Noun, frozen=True):
    held: Query[HeldClaim]
    find_held: Query[FoundClaim]
    reject_claim: Query[Literal["rejected", "absent"]]
