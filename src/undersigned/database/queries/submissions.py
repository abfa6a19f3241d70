"""Submissions: claims to endorse. $1 is always the endorsement id."""

import datetime as dt
from typing import Any, Literal
from uuid import UUID

import msgspec

from undersigned.database.declaring import Noun, Query
from undersigned.identity.endorsers import Kind


class Standing(msgspec.Struct, frozen=True):
    """Where a claim stands; all but the endorsement's part is null where nothing is left of it."""

    statement: str | None
    kind: Kind | None
    status: Literal["pending", "held"] | None
    name: str | None
    role: str | None
    country: str | None
    objectives: list[str] | None
    partner: str | None
    organisation: dict[str, Any] | None
    expires_at: dt.datetime | None
    expired: bool | None
    endorsement_status: Literal["counted", "rejected"] | None
    endorsed_statement: str | None


class OverdueClaim(msgspec.Struct, frozen=True):
    """A claim that is over its time, as `purge` takes it."""

    endorsement_id: UUID
    id: UUID
    grace: dt.timedelta


class ClaimKey(msgspec.Struct, frozen=True):
    """What names one claim."""

    endorsement_id: UUID
    id: UUID


class Submissions(Noun, frozen=True):
    submit: Query[bool]
    find: Query[Standing]
    renew: Query[Literal["renewed", "absent"]]
    deny: Query[Literal["deleted", "absent"]]
    extend: Query[dt.datetime | None]
    overdue: Query[OverdueClaim]
    purge: Query[int]
    networks_overdue: Query[ClaimKey]
    forget_network: Query[int]
