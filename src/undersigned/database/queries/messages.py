"""Messages: the outbox. Claimed by compare-and-swap on due_at, sent outside any transaction, then marked."""

import datetime as dt
from typing import Any, Literal
from uuid import UUID

import msgspec

from undersigned.database.queries.declaring import Command, Noun, Query

Template = Literal["confirm", "counted", "rejected", "manage", "succeed", "handed"]
Pot = Literal["claims", "owner"]


class DueMessage(msgspec.Struct, frozen=True):
    """A message whose time has come."""

    endorsement_id: UUID
    id: UUID
    statement: str
    template: Template
    submission_id: UUID | None
    mailbox_id: UUID
    address: str
    locale: str
    detail: dict[str, Any] | None
    network_key: UUID | None
    due_at: dt.datetime
    attempt_count: int


class Lease(msgspec.Struct, frozen=True):
    """Until when a message is this worker's; null if another one took it first."""

    id: UUID
    leased_until: dt.datetime | None


class Circumstances(msgspec.Struct, frozen=True):
    """What decides what a message says; what a message that is gone meanwhile had is null."""

    id: UUID
    age: dt.timedelta | None
    attempted: bool | None
    claimed: bool
    claim_status: Literal["pending", "held"] | None
    expires_at: dt.datetime | None
    expired: bool | None
    bound: bytes | None
    proven_address: str | None
    offered: bool
    organisation: str | None
    endorsed_by_this_mailbox: bool
    suppressed: bool
    superseded: bool
    renewed: bool
    told_today: bool


class Trouble(msgspec.Struct, frozen=True):
    """Why no mail goes out, since when, when one is tried again, and whether that is now."""

    reason: str
    began_at: dt.datetime
    probe_at: dt.datetime
    is_due: bool


class Waiting(msgspec.Struct, frozen=True):
    """How many messages wait, or failed, for one reason; `next_at` is when the first of them is tried."""

    status: Literal["due", "failed"]
    reason: str
    message_count: int
    oldest_at: dt.datetime
    next_at: dt.datetime | None


class CountedForMailbox(msgspec.Struct, frozen=True):
    """A mail that counts in one of a mailbox's budgets, and for how long it still does."""

    mailbox_id: UUID
    pot: Pot
    network_key: UUID | None
    counts_for: dt.timedelta


class Counted(msgspec.Struct, frozen=True):
    """How many mails count for a network, or for a network at a mail domain, and in how long the first of them counts no more."""

    key: UUID
    sent_count: int
    room_in: dt.timedelta | None


class CountedInAll(msgspec.Struct, frozen=True):
    """How many mails everybody asked for, and in how long the first of them counts no more."""

    sent_count: int
    room_in: dt.timedelta | None


class MessageKey(msgspec.Struct, frozen=True):
    """What names one message."""

    endorsement_id: UUID
    id: UUID


class Messages(Noun, frozen=True):
    due: Query[DueMessage]
    lease: Query[Lease]
    postpone: Query[int]
    put_off: Query[Literal["due", "failed"] | None]
    trouble: Query[Trouble]
    pause: Command
    probe: Query[bool]
    resume: Command
    waiting: Query[Waiting]
    retryable: Query[MessageKey]
    retry: Query[int]
    probe_now: Command
    finish: Query[int]
    circumstances: Query[Circumstances]
    counted_for_mailboxes: Query[CountedForMailbox]
    counted_for_networks: Query[Counted]
    counted_for_domains: Query[Counted]
    counted_in_all: Query[CountedInAll]
    crowded_out: Query[MessageKey]
    suppress: Command
    unsuppress: Command
    is_suppressed: Query[bool]
    overdue: Query[MessageKey]
    purge: Query[int]
