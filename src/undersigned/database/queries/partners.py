"""Partners: sites that embed, their keys kept as SHA-256, and what each may know of its own."""

import datetime as dt

import msgspec

from undersigned.database.queries.declaring import Command, Noun, Query


class Partner(msgspec.Struct, frozen=True, kw_only=True):
    """A site that embeds. `url` is where its visitors are led back to, `origins` are where forms may stand."""

    slug: str
    name: str
    url: str
    origins: list[str]
    key_sha256: bytes
    added_at: dt.datetime
    retired_at: dt.datetime | None


class PublishedCount(msgspec.Struct, frozen=True):
    """What was last published for a partner."""

    individual_count: int
    as_of: dt.datetime


class Partners(Noun, frozen=True):
    add: Query[bool]
    change: Query[bool]
    renew_key: Query[bool]
    retire: Query[bool]
    all: Query[Partner]
    publish_tallies: Command
    tally: Query[PublishedCount]
