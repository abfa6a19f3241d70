"""Owners: what endorsers see of themselves, change and take back. $1 is always the endorsement id."""

import datetime as dt
from typing import Literal
from uuid import UUID

import msgspec

from undersigned.database.queries.declaring import Noun, Query
from undersigned.identity.endorsers import Kind, Proof


class Agreement(msgspec.Struct, frozen=True, omit_defaults=True):
    """When an owner agreed to be counted, and what they read: the consent, a translation of it, which text of the statement."""

    at: str
    text_sha256: str
    translation_sha256: str | None = None
    shown_sha256: str | None = None


class News(msgspec.Struct, frozen=True):
    """When an owner asked for news."""

    at: str


class Consent(msgspec.Struct, frozen=True, omit_defaults=True):
    """What an owner agreed to."""

    endorse: Agreement
    updates: News | None = None


class HeldEndorsement(msgspec.Struct, frozen=True):
    """All that is held on a counted endorsement and its signatory; what is about an organisation is null of a person."""

    statement: str
    kind: Kind
    status: Literal["counted"]
    country: str | None
    partner: str | None
    objectives: list[str]
    counted_at: dt.datetime
    address: str
    name: str
    name_status: Literal["hidden", "queued", "shown", "refused"]
    role: str | None
    locale: str
    source: dict[str, str]
    mail_domain: str
    network_kept: bool
    consent: Consent
    salt: bytes
    organisation: str | None
    website: str | None
    identity: str
    contributions: list[str] | None
    proof: Proof | None
    log_index: int | None
    offered_to: str | None


class LocatedOwner(msgspec.Struct, frozen=True):
    """A signatory whom a mailed link may mean."""

    endorsement_id: UUID
    bound: bytes


class Owners(Noun, frozen=True):
    request_link: Query[bool]
    read: Query[HeldEndorsement]
    locate: Query[LocatedOwner]
    change: Query[Literal["changed", "absent"]]
    leave: Query[Literal["left", "absent"]]
    entry: Query[int]
