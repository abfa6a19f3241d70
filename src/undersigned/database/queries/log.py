"""The log: what the sequencer does in its one transaction, in this order."""

import datetime as dt
from typing import Literal
from uuid import UUID

import msgspec

from undersigned.database.queries.declaring import Command, Noun, Query
from undersigned.identity.endorsers import Kind

Reason = Literal["withdrawn", "duplicate", "fraud", "error"]


class Head(msgspec.Struct, frozen=True):
    """The head that the next batch builds on; without key and checkpoint as long as the log is empty."""

    statement: str
    generation: int
    origin: str
    previous: str | None
    vkey: str | None
    ml_dsa_vkey: str | None
    size: int
    checkpoint: str | None
    released_size: int
    stopped_reason: str | None
    round: int
    sealed_at: dt.datetime | None
    shown_generation: int
    recommitting_behind: UUID | None
    sha256: bytes


class Change(msgspec.Struct, frozen=True):
    """A queue row that can be appended, with the entry that counts its endorser, if one does."""

    endorsement_id: UUID
    id: UUID
    op: Literal["add", "sub"]
    kind: Kind
    commitment: bytes | None
    country: str | None
    partner: str | None
    objectives: list[str]
    reason: Reason | None
    member_index: int | None


class StoredTile(msgspec.Struct, frozen=True):
    """A tile as it is stored, 1 to 256 hashes wide."""

    level: int
    index: int
    hashes: bytes


class LogKey(msgspec.Struct, frozen=True):
    """The key that a log is signed with; null until it is."""

    origin: str
    vkey: str | None


class Released(msgspec.Struct, frozen=True):
    """A released head: what the outside may know of a log."""

    statement: str
    generation: int
    origin: str
    vkey: str
    ml_dsa_vkey: str | None
    checkpoint: str
    size: int


class Standing(msgspec.Struct, frozen=True):
    """A log's head and the tally that stands beside it, in one view of the world."""

    size: int
    checkpoint: str | None
    sealed_at: dt.datetime | None
    individual_count: int
    organisation_count: int
    withdrawn_count: int
    duplicate_count: int
    fraud_count: int
    error_count: int


class MembersAt(msgspec.Struct, frozen=True):
    """Of a range of entries those that count somebody, and which of them are not of the endorsement that they count.

    `size` is the log's in the same view of the world.
    """

    size: int
    indexes: list[int]
    strange: list[int]


class EndorsedFrom(msgspec.Struct, frozen=True):
    """Of a page of endorsements, how many are neither counted nor queued, how many wait for the generation, and its last id."""

    last: UUID | None
    uncounted: int
    left_behind: int


class Kept(msgspec.Struct, frozen=True):
    """How many entries of an ended generation are stored here."""

    generation: int
    size: int


class Checked(msgspec.Struct, frozen=True):
    """The outcome of a recount."""

    size: int
    disagreements: list[str]
    checked_at: dt.datetime


class Past(msgspec.Struct, frozen=True):
    """How a generation ended; without a tally where none of its entries is stored here."""

    origin: str
    vkey: str
    size: int
    checkpoint: str
    stored_checkpoint: str | None
    ended_at: dt.datetime
    individual_count: int | None
    organisation_count: int | None
    withdrawn_count: int | None
    duplicate_count: int | None
    fraud_count: int | None
    error_count: int | None
    as_of: dt.datetime | None
    handover: str | None
    followed_by: str


class CatchingUp(msgspec.Struct, frozen=True):
    """A log whose newest generation is still adding everybody again."""

    statement: str
    generation: int


class OutdatedChange(msgspec.Struct, frozen=True):
    """A queue row of an older generation, with its log; `kind` and all behind it are null where the endorsement is gone."""

    statement: str
    generation: int
    origin: str
    sha256: bytes
    endorsement_id: UUID
    id: UUID
    kind: Kind | None
    commitment: bytes | None
    identity: str | None


class Unsettled(msgspec.Struct, frozen=True):
    """What keeps a log from being sealed; claims and queue rows are counted up to a thousand."""

    closed: bool
    catching_up: bool | None
    claims: int
    queued: int


class Log(Noun, frozen=True):
    waiting: Query[str]
    read_head: Query[Head]
    heads: Query[str]
    take_head: Query[int]
    queue: Query[Change]
    append: Command
    remember: Command
    forget: Command
    read_tiles: Query[StoredTile]
    write_tiles: Command
    set_head: Command
    release: Command
    stop: Query[str]
    go_on: Query[str]
    adopt: Command
    keys: Query[LogKey]
    released: Query[Released]
    entries: Query[str]
    subtracted: Query[str]
    tiles_beyond: Query[str]
    standing: Query[Standing]
    members: Query[MembersAt]
    endorsed: Query[EndorsedFrom]
    kept: Query[Kept]
    keep_check: Command
    latest_check: Query[Checked]
    due_checks: Query[str]
    past: Query[Past]
    end_generation: Command
    open_generation: Query[int]
    recommitted: Command
    catching_up: Query[CatchingUp]
    show: Command
    forget_all: Command
    outdated: Query[OutdatedChange]
    drop: Query[int]
    dequeue: Command
    unsettled: Query[Unsettled]
    seal: Command
