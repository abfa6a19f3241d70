"""Statements: loaded from their directories, immutable once used."""

import datetime as dt
from typing import Any, Literal

import msgspec

from undersigned.database.queries.declaring import Command, Noun, Query


class PublishedText(msgspec.Struct, frozen=True):
    """The published text's hash, whether anything was ever submitted under it, and whether its log is sealed."""

    sha256: bytes
    closes_at: dt.datetime | None
    sealed: bool
    used: bool


class StoredStatement(msgspec.Struct, frozen=True):
    """A statement with its consent text, its log, its current translations by locale and the locales of all there ever were."""

    slug: str
    title: str
    text: str
    sha256: bytes
    locale: str
    adopted_on: str | None
    editorial_note: str | None
    objectives: list[dict[str, str]]
    contributions: list[str]
    policy: Literal["review_all", "domain_proof"]
    controller: dict[str, str]
    recipients: list[str]
    retention: str
    consent_sha256: bytes
    opens_at: dt.datetime | None
    closes_at: dt.datetime | None
    published_at: dt.datetime
    embedding: Literal["open", "partners"]
    milestones: list[dict[str, Any]]
    time_zone: str | None
    consent_text: str
    origin: str
    generation: int
    translations: dict[str, dict[str, Any]]
    translated: dict[str, str]
    translated_consents: dict[str, str]


class Statements(Noun, frozen=True):
    lock: Command
    mark_used: Command
    find_text: Query[PublishedText]
    publish: Query[str]
    keep_consent: Command
    retire_translations: Query[bytes]
    publish_translation: Query[bytes]
    forget_translations: Command
    open_log: Command
    open_tally: Command
    announce: Command
    announce_all: Command
    all: Query[StoredStatement]
