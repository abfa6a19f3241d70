"""Submissions: claims to endorse. $1 is always the endorsement id, but where a link has only its beginning."""

import datetime as dt
from typing import Literal
from uuid import UUID

import msgspec

from undersigned.database.queries.declaring import Noun, Query
from undersigned.identity.endorsers import Kind, Proof


class ClaimedOrganisation(msgspec.Struct, frozen=True):
    """The organisation that a claim names, as it is kept with the claim."""

    name: str
    website: str | None
    country: str
    identity: str
    contributions: list[str]
    proof: Proof


class KeptClaim(msgspec.Struct, frozen=True):
    """A claim as its mailbox's owner gets to see it."""

    statement: str
    kind: Kind
    status: Literal["pending", "held"]
    name: str
    role: str | None
    country: str | None
    objectives: list[str]
    partner: str | None
    source: dict[str, str]
    organisation: ClaimedOrganisation | None
    expired: bool


class Fact(msgspec.Struct, frozen=True):
    """The endorsement under a claim's key, whoever confirmed it."""

    statement: str
    kind: Kind
    status: Literal["counted", "rejected"]


class Standing(msgspec.Struct, frozen=True):
    """A claim and the endorsement under its key, as far as they are there."""

    claim: KeptClaim | None
    endorsement: Fact | None


class OverdueClaim(msgspec.Struct, frozen=True):
    """A claim that is over its time, as `purge` takes it."""

    endorsement_id: UUID
    id: UUID
    grace: dt.timedelta


class ClaimKey(msgspec.Struct, frozen=True):
    """What names one claim."""

    endorsement_id: UUID
    id: UUID


class LocatedClaim(msgspec.Struct, frozen=True):
    """A claim that a mailed link may mean; without its id, an endorsement that one of them became."""

    endorsement_id: UUID
    submission_id: UUID | None


class Submissions(Noun, frozen=True):
    submit: Query[bool]
    find: Query[Standing]
    locate: Query[LocatedClaim]
    correct: Query[Literal["corrected", "absent"]]
    renew: Query[Literal["renewed", "absent"]]
    deny: Query[Literal["deleted", "absent"]]
    extend: Query[dt.datetime | None]
    overdue: Query[OverdueClaim]
    purge: Query[int]
    networks_overdue: Query[ClaimKey]
    forget_network: Query[int]
