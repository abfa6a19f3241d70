"""Exports: verified endorsements, for admins."""

import datetime as dt
from typing import Any, Literal

import msgspec

from undersigned.database.queries.declaring import Noun, Query
from undersigned.database.queries.names import NameStatus
from undersigned.identity.endorsers import Kind


class CountedEndorsement(msgspec.Struct, frozen=True):
    """A line of an export, with what opens its entry. Without a representative, an organisation has nothing of a person."""

    log_index: int
    kind: Kind
    counted_at: dt.datetime
    name: str | None
    name_status: NameStatus | None
    address: str | None
    country: str | None
    role: str | None
    locale: str | None
    objectives: list[str]
    partner: str | None
    source: dict[str, Any] | None
    updates: bool
    organisation: str | None
    website: str | None
    contributions: list[str] | None
    proof: Literal["domain", "none"] | None
    origin: str
    statement_sha256: str
    shown_sha256: str | None
    identity: str
    salt: bytes


class Announced(msgspec.Struct, frozen=True):
    """What is known of an export before its first row. Where nothing was released yet there is no checkpoint."""

    row_count: int
    checkpoint: str | None


class Exports(Noun, frozen=True):
    endorsements: Query[CountedEndorsement]
    bound: Query[list[str]]
    announced: Query[Announced]
