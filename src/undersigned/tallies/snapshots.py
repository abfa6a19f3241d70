"""Tallies: every web worker holds the newest one in memory, encoded, so that reading a count never asks the database."""

import datetime as dt
from typing import Annotated

import msgspec
from msgspec import Meta

from undersigned.database.connection import Database, Record
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


class Snapshot:
    """One statement's tally as of one refresh, encoded once for each language and state."""

    def __init__(self, row: Record) -> None:
        self.row = row
        self._encoded: dict[tuple[str, State], bytes] = {}

    @property
    def state(self) -> State:
        return state_between(self.row["opens_at"], self.row["closes_at"])

    def tally(self, language: str = "en") -> Tally:
        row = self.row
        breakdown = None
        if row["breakdown_as_of"]:
            breakdown = Breakdown(row["breakdown_as_of"], row["countries"], row["objectives"])
        people, organisations = row["individual_count"], row["organisation_count"]
        return Tally(
            row["statement"],
            self.state,
            people,
            organisations,
            row["held_count"],
            Rejected(row["duplicate_count"], row["fraud_count"], row["error_count"]),
            row["withdrawn_count"],
            row["as_of"],
            row["origin"],
            row["log_size"],
            row["checkpoint"] and row["checkpoint"].split("\n")[2],
            row["followed_by"],
            NEXT_POLL_S,
            formatted(people, organisations, language),
            breakdown,
        )

    def encoded(self, language: str) -> bytes:
        """The tally as JSON."""
        key = (language, self.state)
        if key not in self._encoded:
            self._encoded[key] = msgspec.json.encode(self.tally(language))
        return self._encoded[key]


class Tallies:
    """The newest snapshot of every statement."""

    def __init__(self) -> None:
        self._snapshots: dict[str, Snapshot] = {}

    async def refresh(self, db: Database) -> dict[str, dt.datetime]:
        """Takes over what changed; returns when each statement was last published."""
        rows = await db.pool.fetch(db.q.tallies.snapshot)
        for row in rows:
            old = self._snapshots.get(row["statement"])
            if old is None or old.row != row:
                self._snapshots[row["statement"]] = Snapshot(row)
        return {row["statement"]: row["published_at"] for row in rows}

    def get(self, slug: str) -> Snapshot:
        """Raises Unavailable while no checkpoint proves the tally of this published statement yet."""
        try:
            return self._snapshots[slug]
        except KeyError:
            raise Unavailable from None
