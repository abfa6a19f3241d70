"""Tallies: written by the sequencer, read by everyone from memory."""

import datetime as dt
from typing import Literal

import msgspec

from undersigned.database.queries.declaring import Command, Noun, Query


class Published(msgspec.Struct, frozen=True):
    """When a statement was last published, and its tally with its breakdown.

    All of the tally but `held_count` is null while no released checkpoint proves the newest one.
    """

    statement: str
    published_at: dt.datetime
    opens_at: dt.datetime | None
    closes_at: dt.datetime | None
    individual_count: int | None
    organisation_count: int | None
    held_count: int
    withdrawn_count: int | None
    duplicate_count: int | None
    fraud_count: int | None
    error_count: int | None
    log_size: int | None
    as_of: dt.datetime | None
    origin: str | None
    checkpoint: str | None
    followed_by: str | None
    countries: dict[str, int] | None
    objectives: dict[str, int] | None
    breakdown_as_of: dt.datetime | None
    cosigned_size: int | None
    cosigned_at: dt.datetime | None
    witness_count: int | None


class Exact(msgspec.Struct, frozen=True):
    """Both numbers, exactly, and the size of the log that they are of."""

    individual_count: int
    organisation_count: int
    log_size: int


class Net(msgspec.Struct, frozen=True):
    """Both numbers after a batch."""

    individual_count: int
    organisation_count: int


class Ripe(msgspec.Struct, frozen=True):
    """A statement whose breakdown may be published again."""

    statement: str
    individual_added_count: int


class Cell(msgspec.Struct, frozen=True):
    """An exact, private count."""

    dimension: Literal["country", "objective", "partner"]
    key: str
    individual_count: int


class Tallies(Noun, frozen=True):
    snapshot: Query[Published]
    read: Query[Exact]
    add: Query[Net]
    begin_anew: Command
    add_cells: Command
    count_held: Command
    ripe: Query[Ripe]
    cells: Query[Cell]
    publish_breakdown: Command
