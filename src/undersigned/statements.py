"""Statements: read from their directories, published once, held in memory by whoever serves."""

import datetime as dt
import hashlib
import tomllib
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from undersigned import passages, texts
from undersigned.database import queries
from undersigned.database.connection import Connection, Database
from undersigned.errors import (
    StatementChanged,
    StatementClosed,
    StatementInvalid,
    StatementNotFound,
    StatementNotOpen,
    StatementSealed,
)
from undersigned.settings import is_loopback
from undersigned.texts import Locale, Objective, Text, Title, Translation, TranslationDescription

RESERVED_DOMAINS = (".invalid", ".example", ".test", ".example.org", ".example.com", ".example.net")


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


class Description(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What `statement.toml` says beside the text."""

    slug: Annotated[str, Meta(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$(?!\n)", max_length=64)]
    title: Title
    locale: Locale
    policy: Literal["review_all", "domain_proof"]
    embedding: Literal["open", "partners"] = "open"
    controller: Controller
    recipients: Annotated[list[Text], Meta(min_length=1)]
    retention: Text
    contributions: list[Literal["experience", "resources", "knowledge"]] = []
    adopted_on: Annotated[str, Meta(pattern=r"^\d{4}(-\d\d(-\d\d)?)?$")] | None = None
    editorial_note: Text | None = None
    opens_at: dt.datetime | None = None
    closes_at: dt.datetime | None = None
    translations: dict[Locale, TranslationDescription] = {}
    milestones: list[Milestone] = []


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
        return self.translations.get(language.lower().partition("-")[0])

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


class Statements:
    """All published statements, in memory."""

    def __init__(self) -> None:
        self._by_slug: dict[str, Statement] = {}

    @property
    def published_at(self) -> dict[str, dt.datetime]:
        return {slug: statement.published_at for slug, statement in self._by_slug.items()}

    async def load(self, db: Database) -> None:
        rows = await db.pool.fetch(db.q.statements.all)
        self._by_slug = {
            row["slug"]: msgspec.convert({**row, "html": passages.html(row["text"])}, Statement) for row in rows
        }

    def get(self, slug: str) -> Statement:
        """Raises StatementNotFound."""
        try:
            return self._by_slug[slug]
        except KeyError:
            raise StatementNotFound from None

    def all(self) -> list[Statement]:
        return list(self._by_slug.values())


def read(directory: Path) -> tuple[Description, str]:
    """The description and the text, byte for byte, of `statement.toml` and `<locale>.md` in a directory.

    Raises StatementInvalid, saying which file and what to do.
    """
    try:
        # A date may stand there as TOML's own or as a string.
        described = msgspec.convert(tomllib.loads((directory / "statement.toml").read_bytes().decode()), Description)
        text = (directory / f"{described.locale}.md").read_bytes().decode()
    except OSError as error:
        raise StatementInvalid(f"{error.filename} can't be read: {error.strerror}.") from None
    except (msgspec.ValidationError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise StatementInvalid(f"{directory}: {error}.") from None
    for word in described.contributions:
        if word not in text:
            raise StatementInvalid(f"{directory}: the text doesn't ask for {word!r}, so contributions can't offer it.")
    if described.opens_at and described.closes_at and described.opens_at >= described.closes_at:
        raise StatementInvalid(f"{directory}: it closes before it opens.")
    if "\0" in text:
        raise StatementInvalid(f"{directory}: the text has a NUL character in it.")
    for time in (described.opens_at, described.closes_at):
        if time and time.tzinfo is None:
            raise StatementInvalid(
                f"{directory}: opens_at and closes_at need a time zone, such as 2027-01-01T00:00:00Z."
            )
    return described, text


def consent_text(described: Description, sha256: bytes) -> str:
    """What a mailbox's owner agrees to: who processes what for which purpose, and how it ends (GDPR Art. 7, 9, 13)."""
    who = described.controller
    return "\n\n".join(
        (
            f"I am 16 or older, and I endorse “{described.title}”, the whole text (SHA-256 {sha256.hex()}).",
            f"{who.name} ({who.address}) will process my name, my e-mail address and what else is shown above, in order to "
            "count my endorsement once and to be able to prove it. This reveals a political opinion of mine, and I expressly "
            "agree to that.",
            "My name is made public only if I choose so; an organisation's name is public once it is counted. "
            f"Who receives the data: {' '.join(described.recipients)} How long they are kept: {described.retention}.",
            "I can undo this at any time, with the link in the mail that follows or by writing to "
            f"{who.privacy_contact}; then my data are deleted, and the public log says only that one endorsement was withdrawn.",
        )
    )


async def publish(db: Database, directory: Path, base_url: str) -> bool:
    """Publishes a statement from its directory; returns whether anything changed.

    Raises StatementInvalid; StatementChanged if the text differs and something was submitted under the old one; or
    StatementSealed if it would close at another time though its counts are final.
    """
    described, text = read(directory)
    translations = texts.read_translations(directory, described.translations, described.locale, text)
    host = urlsplit(base_url).netloc
    _refuse_placeholders(described, base_url)
    sha256 = hashlib.sha256(text.encode()).digest()
    consent = consent_text(described, sha256)
    consent_sha256 = hashlib.sha256(consent.encode()).digest()
    _refuse_stale_consents(described, sha256, translations)
    q = db.q.statements
    async with db.pool.acquire() as connection, connection.transaction():
        await connection.execute(q.lock, described.slug)
        old = await connection.fetchrow(q.find_text, described.slug)
        if old and old["used"] and old["sha256"] != sha256:
            raise StatementChanged
        if old and old["sealed"] and old["closes_at"] != described.closes_at:
            raise StatementSealed
        if old and old["sha256"] != sha256:
            await connection.execute(q.forget_translations, described.slug)
        changed = await connection.fetchval(
            q.publish,
            described.slug,
            described.title,
            text,
            sha256,
            described.locale,
            described.adopted_on,
            described.editorial_note,
            msgspec.to_builtins(texts.objectives(text)),
            described.contributions,
            described.policy,
            msgspec.to_builtins(described.controller),
            described.recipients,
            described.retention,
            consent_sha256,
            described.opens_at,
            described.closes_at,
            described.embedding,
            msgspec.to_builtins(sorted(described.milestones, key=lambda milestone: milestone.on)),
        )
        await connection.execute(q.keep_consent, consent_sha256, described.slug, consent, described.locale)
        await connection.execute(q.open_log, described.slug, f"{host}/log/{described.slug}")
        await connection.execute(q.open_tally, described.slug)
        translated = await _publish_translations(connection, db.q.statements, described.slug, translations)
    return changed is not None or translated


async def _publish_translations(
    connection: Connection, q: queries.Statements, slug: str, translations: list[Translation]
) -> bool:
    """Makes these the current translations; those before them stay known. Returns whether anything changed."""
    locales, hashes = [each.locale for each in translations], [each.sha256 for each in translations]
    changed = await connection.fetch(q.retire_translations, slug, locales, hashes)
    for each in translations:
        if each.consent_text:
            await connection.execute(q.keep_consent, each.consent_sha256, slug, each.consent_text, each.locale)
        changed += await connection.fetch(
            q.publish_translation,
            slug,
            each.sha256,
            each.locale,
            each.title,
            each.text,
            each.translator,
            each.consent_sha256,
        )
    if changed:
        await connection.execute(q.announce, slug)
    return bool(changed)


async def publish_all(db: Database, directory: Path, base_url: str) -> list[str]:
    """Publishes every statement below a directory; returns the slugs that changed."""
    if not directory.is_dir():
        raise StatementInvalid(f"{directory} is no directory of statements.")
    homes = sorted(file.parent for file in directory.glob("*/statement.toml"))
    return [home.name for home in homes if await publish(db, home, base_url)]


def _refuse_stale_consents(described: Description, sha256: bytes, translations: list[Translation]) -> None:
    """What is the same in every language must be in every consent text, or it would speak of another text or controller."""
    for each in translations:
        for needed in (sha256.hex(), described.controller.privacy_contact):
            if each.consent_text and needed not in each.consent_text:
                raise StatementInvalid(
                    f"{described.slug}: the consent in [translations.{each.locale}] lacks {needed}, which the original has."
                )


def _refuse_placeholders(described: Description, base_url: str) -> None:
    domain = described.controller.privacy_contact.rpartition("@")[2]
    reserved = f".{domain}".endswith(RESERVED_DOMAINS)
    if reserved and not is_loopback(urlsplit(base_url).hostname or ""):
        raise StatementInvalid(
            f"{described.slug}: [controller] still holds a placeholder. Name who answers for the data, "
            "with a privacy_contact that can be written to."
        )
