"""A statement's texts: what is read out of one, and the translations that stand beside the one that is endorsed."""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from undersigned.errors import StatementInvalid
from undersigned.statements import passages

OBJECTIVE = re.compile(r"^- ([a-z])\) (.+)$", re.MULTILINE)
TRANSLATION_FILE = re.compile(r"[a-z]{2,3}\.md")

Text = Annotated[str, Meta(min_length=1, pattern=r"^[^\x00]*$")]
Line = Annotated[str, Meta(pattern=r"^(?=.*\S)[^\x00\n]*$")]
# Long enough for a sentence; every picture of a statement measures it letter by letter.
Title = Annotated[str, Meta(max_length=300, pattern=r"^(?=.*\S)[^\x00-\x1f\x7f]*$(?!\n)")]
Locale = Annotated[str, Meta(pattern=r"^[a-z]{2,3}$(?!\n)")]


class Objective(msgspec.Struct, frozen=True):
    """A lettered aim of the statement, in the statement's own words."""

    key: str
    text: str


class TranslationDescription(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What `statement.toml` says of a translation: its title, who made it and what makes them fit, the consent text in it."""

    title: Title
    translator: Line
    consent: Text | None = None


class Translation(msgspec.Struct, frozen=True, kw_only=True):
    """A statement's text in another language, for information: it is not what is endorsed."""

    locale: str
    title: str
    text: str
    sha256: bytes
    translator: str
    consent_text: str | None
    consent_sha256: bytes | None

    @property
    def objectives(self) -> list[Objective]:
        return objectives(self.text)

    @property
    def html(self) -> str:
        return passages.html(self.text)


def objectives(text: str) -> list[Objective]:
    """The lettered aims in a text, in their order."""
    return [Objective(key, words.strip()) for key, words in OBJECTIVE.findall(text)]


def read_translations(
    directory: Path, described: Mapping[str, TranslationDescription], locale: str, original: str
) -> list[Translation]:
    """The translations in a statement's directory, byte for byte, of an original in this locale.

    Raises StatementInvalid, saying which file and what to do.
    """
    for file in sorted(directory.iterdir()):
        if TRANSLATION_FILE.fullmatch(file.name) and file.stem not in (locale, *described):
            raise StatementInvalid(
                f"{file}: statement.toml has no [translations.{file.stem}] that gives its title and names its translator."
            )
    found = [_read_translation(directory, each, described[each], locale, original) for each in sorted(described)]
    if len({each.sha256 for each in found}) < len(found):
        raise StatementInvalid(f"{directory}: one text is said to be a translation into several languages.")
    return found


def _read_translation(
    directory: Path, locale: str, described: TranslationDescription, original_locale: str, original: str
) -> Translation:
    file = directory / f"{locale}.md"
    if locale == original_locale:
        raise StatementInvalid(f"{file} is the original: [translations.{locale}] can't describe it.")
    try:
        text = file.read_bytes().decode()
    except OSError as error:
        raise StatementInvalid(f"{error.filename} can't be read: {error.strerror}.") from None
    except UnicodeDecodeError as error:
        raise StatementInvalid(f"{file}: {error}.") from None
    if "\0" in text:
        raise StatementInvalid(f"{file}: the text has a NUL character in it.")
    if not text.strip() or text == original:
        raise StatementInvalid(f"{file}: this is no translation: it is empty, or the original once more.")
    letters, wanted = ([aim.key for aim in objectives(words)] for words in (text, original))
    if letters != wanted:
        raise StatementInvalid(
            f"{file}: the lettered objectives are {', '.join(letters) or 'none'}; the original has {', '.join(wanted) or 'none'}."
        )
    consent = described.consent.strip() if described.consent else None
    return Translation(
        locale=locale,
        title=described.title,
        text=text,
        sha256=hashlib.sha256(text.encode()).digest(),
        translator=described.translator,
        consent_text=consent,
        consent_sha256=hashlib.sha256(consent.encode()).digest() if consent else None,
    )
