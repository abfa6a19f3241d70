"""Audits: samples of counted entries, asked by an auditor. The frame is fixed before the seed exists."""

import datetime as dt
from uuid import UUID

import msgspec

from undersigned.database.queries.declaring import Noun, Query
from undersigned.identity.endorsers import Kind


class UnderWay(msgspec.Struct, frozen=True):
    """An audit that was announced and is not reported yet."""

    id: UUID
    generation: int
    sample_size: int
    frame_size: int
    frame_checkpoint: str
    commitment: bytes | None
    secret: str | None
    drawn_at: dt.datetime | None


class Drawn(msgspec.Struct, frozen=True):
    """What opens an entry that still counts; no person where an organisation's representative left."""

    log_index: int
    kind: Kind
    name: str | None
    address: str | None
    organisation: str | None
    identity: str
    salt: bytes
    origin: str
    statement_sha256: str


class PublishedAudit(msgspec.Struct, frozen=True):
    """An audit, as far as it has come."""

    generation: int
    sample_size: int
    frame_size: int
    frame_checkpoint: str
    announced_at: dt.datetime
    commitment: bytes | None
    secret: str | None
    later_size: int | None
    later_root: str | None
    seed: bytes | None
    live_count: int | None
    drawn_count: int | None
    opened_count: int | None
    drawn_at: dt.datetime | None
    genuine_count: int | None
    not_genuine_count: int | None
    no_answer_count: int | None
    reported_at: dt.datetime | None
    void_since: dt.datetime | None


class Audits(Noun, frozen=True):
    announce: Query[int]
    under_way: Query[UnderWay]
    later_size: Query[int]
    openings: Query[Drawn]
    note_draw: Query[bool]
    report: Query[UUID]
    published: Query[PublishedAudit]
