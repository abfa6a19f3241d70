"""Published statements, held in memory by whoever serves."""

import datetime as dt
import re
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Meta

from undersigned.database.connection import Database
from undersigned.database.queries.statements import StoredStatement
from undersigned.errors import (
    StatementClosed,
    StatementNotFound,
    StatementNotOpen,
)
from undersigned.statements import passages
from undersigned.statements.texts import Objective, Text, Translation

State = Literal["upcoming", "open", "closed"]


class Controller(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who answers for the personal data (GDPR Art. 4(7)), and whom to write to about it."""

    name: Text
    address: Text
    privacy_contact: Annotated[str, Meta(pattern=r"^[^@\s]+@[^@\s]+$")]


class Milestone(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What became of a statement on a day, in the statement's language, and where to read more."""

    on: dt.date
    text: Annotated[str, Meta(min_length=1, max_length=300, pattern=r"^[^\x00]*$")]
    url: Annotated[str, Meta(pattern=r"^https://[^\s\x00]+$", max_length=500)] | None = None


def state_between(opens_at: dt.datetime | None, closes_at: dt.datetime | None) -> State:
    """What a statement with these times is at this moment."""
    now = dt.datetime.now(dt.UTC)
    if opens_at and now < opens_at:
        return "upcoming"
    return "closed" if closes_at and now >= closes_at else "open"


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """A published statement, as the database holds it."""

    slug: str
    title: str
    text: str
    html: str
    sha256: bytes
    locale: str
    policy: str
    controller: Controller
    recipients: list[str]
    retention: str
    objectives: list[Objective]
    contributions: list[str]
    consent_text: str
    consent_sha256: bytes
    origin: str
    generation: int
    published_at: dt.datetime
    embedding: Literal["open", "partners"]
    adopted_on: str | None
    editorial_note: str | None
    opens_at: dt.datetime | None
    closes_at: dt.datetime | None
    milestones: list[Milestone] = []
    translations: dict[str, Translation] = {}
    # By hash in hex, the locales of all translations there ever were, and of all translations of a consent text.
    translated: dict[str, str] = {}
    translated_consents: dict[str, str] = {}

    def locale_of(self, sha256: str) -> str | None:
        """The locale of the original or of any translation there ever was, by its hash in hex; None if there is no such text."""
        return self.locale if sha256 == self.sha256.hex() else self.translated.get(sha256)

    def translation(self, language: str) -> Translation | None:
        """The current translation for a language tag such as `de` or `de-AT`; None where there is none."""
        return self.translations.get(re.split("[-_]", language.lower(), maxsplit=1)[0])

    def title_in(self, language: str) -> str:
        """The title in a language if it was translated, or else as it was published."""
        return (self.translation(language) or self).title

    def consent_was_read(self, consent: str | None, translation: str | None) -> bool:
        """Whether these are the hashes in hex of the consent text in force and, if one was shown, of a translation of ours."""
        current = {each.consent_sha256.hex() for each in self.translations.values() if each.consent_sha256}
        return consent == self.consent_sha256.hex() and translation in {None, *current, *self.translated_consents}

    @property
    def state(self) -> State:
        return state_between(self.opens_at, self.closes_at)

    def must_be_open(self) -> None:
        """Raises StatementNotOpen or StatementClosed outside the statement's times."""
        if self.state != "open":
            raise StatementNotOpen if self.state == "upcoming" else StatementClosed


def zone(name: str) -> ZoneInfo | None:
    """A time zone by its IANA name; None where this machine knows none of that name."""
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        return None


def _statement(stored: StoredStatement) -> Statement:
    times = {"opens_at": stored.opens_at, "closes_at": stored.closes_at}
    if stored.time_zone and (own := zone(stored.time_zone)):
        times = {name: time and time.astimezone(own) for name, time in times.items()}
    return msgspec.convert(msgspec.structs.asdict(stored) | times | {"html": passages.html(stored.text)}, Statement)


class Statements:
    """All published statements, in memory."""

    def __init__(self) -> None:
        self._by_slug: dict[str, Statement] = {}

    @property
    def published_at(self) -> dict[str, dt.datetime]:
        return {slug: statement.published_at for slug, statement in self._by_slug.items()}

    async def load(self, db: Database) -> None:
        self._by_slug = {row.slug: _statement(row) for row in await db.many(db.q.statements.all)}

    def get(self, slug: str) -> Statement:
        """Raises StatementNotFound."""
        try:
            return self._by_slug[slug]
        except KeyError:
            raise StatementNotFound from None

    def all(self) -> list[Statement]:
        return list(self._by_slug.values())
