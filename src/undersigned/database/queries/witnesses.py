"""Witnesses: strangers who cosign what was released of a log; and this installation as one of other people's logs."""

import datetime as dt

import msgspec

from undersigned.database.queries.declaring import Command, Noun, Query


class Seen(msgspec.Struct, frozen=True):
    """When a witness last cosigned, the size that it goes on from, and the trouble there was since, if any."""

    name: str
    vkey: str
    generation: int
    size: int
    cosigned_at: dt.datetime | None
    trouble: str | None


class Cosigned(msgspec.Struct, frozen=True):
    """The newest head that a quorum cosigned; `cosigned_at` is the oldest time that one of its cosignatures tells."""

    generation: int
    size: int
    checkpoint: str
    witness_count: int
    cosigned_at: dt.datetime


class Watched(msgspec.Struct, frozen=True):
    """Another's log that this installation is a witness of, and the newest head that it cosigned, if it did."""

    origin: str
    vkey: str
    size: int
    root: bytes | None
    checkpoint: str | None
    cosigned_at: dt.datetime | None


class Witnesses(Noun, frozen=True):
    due: Query[str]
    take: Query[str]
    known: Query[Seen]
    note: Command
    publish: Command
    cosigned: Query[Cosigned]
    watch: Query[str]
    unwatch: Query[str]
    watched: Query[Watched]
    advance: Query[int]
    monitored: Query[str]
