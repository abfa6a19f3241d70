"""Publishing: a statement is read from its directory, checked, and written once."""

import datetime as dt
import hashlib
import tomllib
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from undersigned.database.connection import Database
from undersigned.database.session import Session
from undersigned.errors import (
    StatementChanged,
    StatementInvalid,
    StatementSealed,
)
from undersigned.settings import is_loopback
from undersigned.statements import texts
from undersigned.statements.published import Controller, Milestone, zone
from undersigned.statements.texts import Locale, Text, Title, Translation, TranslationDescription

RESERVED_DOMAINS = (".invalid", ".example", ".test", ".example.org", ".example.com", ".example.net")


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
    time_zone: str | None = None
    translations: dict[Locale, TranslationDescription] = {}
    milestones: list[Milestone] = []


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
    if described.time_zone is not None and zone(described.time_zone) is None:
        raise StatementInvalid(f"{directory}: time_zone must be one that this machine knows, such as Asia/Yerevan.")
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
    async with db.transaction() as session:
        await session.execute(q.lock, described.slug)
        await session.execute(q.mark_used, described.slug)
        old = await session.maybe(q.find_text, described.slug)
        if old and old.used and old.sha256 != sha256:
            raise StatementChanged
        if old and old.sealed and old.closes_at != described.closes_at:
            raise StatementSealed
        if old and old.sha256 != sha256:
            await session.execute(q.forget_translations, described.slug)
        changed = await session.maybe(
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
            described.time_zone,
        )
        await session.execute(q.keep_consent, consent_sha256, described.slug, consent, described.locale)
        await session.execute(q.open_log, described.slug, f"{host}/log/{described.slug}")
        await session.execute(q.open_tally, described.slug)
        translated = await _publish_translations(session, described.slug, translations)
    return changed is not None or translated


async def _publish_translations(session: Session, slug: str, translations: list[Translation]) -> bool:
    """Makes these the current translations; those before them stay known. Returns whether anything changed."""
    q = session.q.statements
    locales, hashes = [each.locale for each in translations], [each.sha256 for each in translations]
    changed = await session.many(q.retire_translations, slug, locales, hashes)
    for each in translations:
        if each.consent_text:
            await session.execute(q.keep_consent, each.consent_sha256, slug, each.consent_text, each.locale)
        changed += await session.many(
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
        await session.execute(q.announce, slug)
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
