"""Tallies: every web worker holds the newest one in memory, encoded, so that reading a count never asks the database."""

import datetime as dt
from typing import Annotated

import msgspec
from msgspec import Meta

from undersigned.database.connection import Database
from undersigned.errors import Unavailable
from undersigned.statements.published import State, state_between
from undersigned.words import languages

NEXT_POLL_S = 15
Count = Annotated[int, Meta(ge=0)]


class Formatted(msgspec.Struct, frozen=True):
    """The two numbers as the asked-for language writes them (CLDR), with their nouns; `sentence` has both."""

    language: str
    individuals: str
    organisations: str
    individuals_noun: str
    organisations_noun: str
    sentence: str


def formatted(individuals: int, organisations: int, language: str) -> Formatted:
    """Both numbers in this language."""
    with languages.speaking(language):
        people, bodies = languages.number(individuals), languages.number(organisations)
        sentence = (
            languages.ngettext("%(number)s person", "%(number)s people", individuals) % {"number": people},
            languages.ngettext("%(number)s organisation", "%(number)s organisations", organisations)
            % {"number": bodies},
        )
        return Formatted(
            languages.current(),
            people,
            bodies,
            languages.ngettext("person", "people", individuals),
            languages.ngettext("organisation", "organisations", organisations),
            " · ".join(sentence),
        )


class Rejected(msgspec.Struct, frozen=True):
    """Endorsements that were counted and taken back, by reason."""

    duplicate: Count
    fraud: Count
    error: Count


class Breakdown(msgspec.Struct, frozen=True):
    """Individuals by country and by objective; renewed at most daily, and no cell under 10."""

    as_of: dt.datetime
    countries: dict[str, Count]
    objectives: dict[str, Count]


class Tally(msgspec.Struct, frozen=True):
    """What is counted. People and organisations are not one number, so there is no total."""

    statement: str
    state: State
    individuals: Count
    organisations: Count
    held: Count
    rejected: Rejected
    withdrawn: Count
    as_of: dt.datetime
    log_origin: Annotated[str, Meta(description="The log that this tally is the sum of")]
    log_size: Count
    log_root: Annotated[
        str | None, Meta(description="Root of the released checkpoint that proves this tally, in base64")
    ]
    log_followed_by: Annotated[
        str | None,
        Meta(
            description="While a log that began anew is still adding everybody again: the origin of that log. Until it "
            "has caught up, this tally stays the last one of the log before. Else null"
        ),
    ]
    next_poll_s: Count
    formatted: Formatted
    breakdown: Breakdown | None
    cosigned_size: Annotated[
        Count | None,
        Meta(description="How many of the log's entries a quorum of witnesses cosigned; null while none did"),
    ]
    cosigned_at: Annotated[
        dt.datetime | None, Meta(description="When the first of these witnesses saw that; null while none did")
    ]
    witness_count: Annotated[Count | None, Meta(description="How many witnesses cosigned it; null while none did")]


class Released(msgspec.Struct, frozen=True):
    """A tally that a released checkpoint proves, or the last one of the log before, with the breakdown that is published."""

    statement: str
    individual_count: int
    organisation_count: int
    held_count: int
    withdrawn_count: int
    duplicate_count: int
    fraud_count: int
    error_count: int
    log_size: int
    as_of: dt.datetime
    origin: str
    checkpoint: str | None
    followed_by: str | None
    countries: dict[str, int] | None
    objectives: dict[str, int] | None
    breakdown_as_of: dt.datetime | None
    cosigned_size: int | None = None
    cosigned_at: dt.datetime | None = None
    witness_count: int | None = None


class Snapshot:
    """One statement's tally as of one refresh, encoded once for each language and state."""

    def __init__(self, opens_at: dt.datetime | None, closes_at: dt.datetime | None, released: Released) -> None:
        self.opens_at = opens_at
        self.closes_at = closes_at
        self.released = released
        self._encoded: dict[tuple[str, State], bytes] = {}

    def is_of(self, opens_at: dt.datetime | None, closes_at: dt.datetime | None, released: Released) -> bool:
        """Whether another one of these would say the same."""
        return (self.opens_at, self.closes_at, self.released) == (opens_at, closes_at, released)

    @property
    def state(self) -> State:
        return state_between(self.opens_at, self.closes_at)

    def tally(self, language: str = "en") -> Tally:
        told = self.released
        breakdown = None
        if told.breakdown_as_of:
            breakdown = Breakdown(told.breakdown_as_of, told.countries or {}, told.objectives or {})
        people, organisations = told.individual_count, told.organisation_count
        return Tally(
            told.statement,
            self.state,
            people,
            organisations,
            told.held_count,
            Rejected(told.duplicate_count, told.fraud_count, told.error_count),
            told.withdrawn_count,
            told.as_of,
            told.origin,
            told.log_size,
            told.checkpoint and told.checkpoint.split("\n")[2],
            told.followed_by,
            NEXT_POLL_S,
            formatted(people, organisations, language),
            breakdown,
            told.cosigned_size,
            told.cosigned_at,
            told.witness_count,
        )

    def encoded(self, language: str) -> bytes:
        """The tally as JSON."""
        key = (language, self.state)
        if key not in self._encoded:
            self._encoded[key] = msgspec.json.encode(self.tally(language))
        return self._encoded[key]


class Tallies:
    """The newest snapshot of every statement that a released checkpoint was seen of."""

    def __init__(self) -> None:
        self._snapshots: dict[str, Snapshot] = {}

    async def refresh(self, db: Database) -> dict[str, dt.datetime]:
        """Takes over what changed; returns when each statement was last published, whatever is released of its log."""
        rows = await db.many(db.q.tallies.snapshot)
        for row in rows:
            old = self._snapshots.get(row.statement)
            if row.log_size is not None:
                released = msgspec.convert(row, Released, from_attributes=True)
            elif old:
                released = old.released
            else:
                continue
            if not (old and old.is_of(row.opens_at, row.closes_at, released)):
                self._snapshots[row.statement] = Snapshot(row.opens_at, row.closes_at, released)
        return {row.statement: row.published_at for row in rows}

    def find(self, slug: str) -> Snapshot | None:
        """None while no released checkpoint proves the tally of this published statement yet."""
        return self._snapshots.get(slug)

    def get(self, slug: str) -> Snapshot:
        """Raises Unavailable while no released checkpoint proves the tally of this published statement yet."""
        found = self.find(slug)
        if found is None:
            raise Unavailable
        return found
