"""Health: how late each station is, and what it did."""

import datetime as dt

import msgspec

from undersigned.database.queries.declaring import Command, Noun, Query


class Noted(msgspec.Struct, frozen=True):
    """How often a station came to an outcome, in all processes together."""

    station: str
    outcome: str
    count: int


class MailHealth(msgspec.Struct, frozen=True):
    """For how long the oldest due message has been due, null if none is; and how many are, up to a bound."""

    waited: dt.timedelta | None
    due_count: int


class LogHealth(msgspec.Struct, frozen=True):
    """How late a log and its tally are; a time is null where nothing waits."""

    statement: str
    entry_count: int
    queue_waited: dt.timedelta | None
    unreleased_count: int
    unreleased_for: dt.timedelta | None
    stopped_reason: str | None
    unchecked_for: dt.timedelta | None
    disagreement_count: int
    tally_unmoved_for: dt.timedelta | None
    held_count: int | None


class Health(Noun, frozen=True):
    note: Command
    noted: Query[Noted]
    mail: Query[MailHealth]
    queue_length: Query[int]
    logs: Query[LogHealth]
    claims: Query[int]
