"""Persons: what is held under one mailbox, for requests that come by letter. Rare, so it reads whole tables."""

import datetime as dt
from typing import Literal
from uuid import UUID

import msgspec

from undersigned.database.queries.declaring import Noun, Query
from undersigned.database.queries.submissions import ClaimKey
from undersigned.identity.endorsers import Kind


class OwnEndorsement(msgspec.Struct, frozen=True):
    """A counted endorsement that a mailbox confirmed; not yet an entry where `log_index` is null."""

    id: UUID
    statement: str
    kind: Kind
    bound: bytes
    counted_at: dt.datetime
    name: str
    name_status: Literal["hidden", "queued", "shown", "refused"]
    organisation: str | None
    log_index: int | None


class OtherwiseHeld(msgspec.Struct, frozen=True):
    """How much else is held under a mailbox."""

    pending: int
    held: int
    offers: int
    messages: int
    suppressed: bool


class Persons(Noun, frozen=True):
    endorsements: Query[OwnEndorsement]
    others: Query[OtherwiseHeld]
    claims: Query[ClaimKey]
    drop_claim: Query[int]
