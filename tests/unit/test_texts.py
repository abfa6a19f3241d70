"""Texts: a translation is read byte for byte, named by its translator, and true to the original's letters."""

import hashlib
from pathlib import Path

import msgspec
import pytest

from undersigned.errors import StatementInvalid
from undersigned.statements.texts import (
    Locale,
    Objective,
    Translation,
    TranslationDescription,
    objectives,
    read_translations,
)

ORIGINAL = "We ask:\n\n- a) Open on Sundays\n- b) Be quiet\n"
GERMAN = "Wir bitten:\n\n- a) Öffnet am Sonntag\n- b) Seid leise\n"
DESCRIBED = TranslationDescription(title="Leise", translator="Greta Muster, sworn translator")


def made(directory: Path, text: bytes = GERMAN.encode(), **described: TranslationDescription) -> list[Translation]:
    (directory / "en.md").write_text(ORIGINAL)
    (directory / "de.md").write_bytes(text)
    return read_translations(directory, described, "en", ORIGINAL)


def refusal(directory: Path, text: bytes = GERMAN.encode(), **described: TranslationDescription) -> str:
    with pytest.raises(StatementInvalid) as refused:
        made(directory, text, **described)
    assert str(directory) in refused.value.detail
    return refused.value.detail


def test_a_translation_is_read_to_the_last_byte(tmp_path: Path) -> None:
    raw = f"\ufeff{GERMAN}\r\n e\u0301 \u200f\n\n".encode()
    [translation] = made(tmp_path, raw, de=DESCRIBED)
    assert translation.text.encode() == raw
    assert translation.sha256 == hashlib.sha256(raw).digest()
    assert (translation.locale, translation.title, translation.translator) == (
        "de",
        "Leise",
        "Greta Muster, sworn translator",
    )
    assert translation.objectives == [Objective("a", "Öffnet am Sonntag"), Objective("b", "Seid leise")]
    assert translation.consent_text is None


def test_a_statement_without_translations_has_none(tmp_path: Path) -> None:
    (tmp_path / "en.md").write_text(ORIGINAL)
    (tmp_path / "README.md").write_text("Notes of whoever keeps this directory.")
    assert read_translations(tmp_path, {}, "en", ORIGINAL) == []


def test_a_text_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    explained = refusal(tmp_path)
    assert "de.md" in explained
    assert "[translations.de]" in explained


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (GERMAN.replace("- b) Seid leise\n", ""), "a; the original has a, b"),
        (GERMAN.replace("- b)", "- c)"), "a, c; the original has a, b"),
        (GERMAN.replace("- a)", "- z)").replace("- b)", "- a)"), "z, a"),
        (GERMAN + "- c) Mehr\n", "a, b, c"),
        ("Wir bitten.", "none"),
        (ORIGINAL, "the original once more"),
        (" \n", "empty"),
        (GERMAN + "\0", "NUL"),
    ],
)
def test_a_text_that_is_no_translation_of_the_original_is_refused(text: str, named: str, tmp_path: Path) -> None:
    assert named in refusal(tmp_path, text.encode(), de=DESCRIBED)


def test_bytes_that_are_no_utf_8_are_refused(tmp_path: Path) -> None:
    assert "utf-8" in refusal(tmp_path, b"\xff", de=DESCRIBED)


def test_a_described_translation_must_be_there(tmp_path: Path) -> None:
    assert "fr.md" in refusal(tmp_path, de=DESCRIBED, fr=DESCRIBED)


def test_the_original_is_not_its_own_translation(tmp_path: Path) -> None:
    assert "is the original" in refusal(tmp_path, de=DESCRIBED, en=DESCRIBED)


def test_one_text_is_no_translation_into_two_languages(tmp_path: Path) -> None:
    (tmp_path / "fr.md").write_text(GERMAN)
    assert "several languages" in refusal(tmp_path, de=DESCRIBED, fr=DESCRIBED)


@pytest.mark.parametrize(
    "described",
    [
        'title = "Leise"',
        'translator = "Greta"',
        'title = "Leise"\ntranslator = ""',
        'title = "Leise"\ntranslator = "  "',
        'title = ""\ntranslator = "Greta"',
        'title = "Leise\\nlaut"\ntranslator = "Greta"',
        'title = "Leise"\ntranslator = "Gr\\u0000eta"',
        'title = "Leise"\ntranslator = "Greta"\nconsent = ""',
        'title = "Leise"\ntranslator = "Greta"\nreviewed = true',
    ],
)
def test_a_translation_needs_a_title_and_a_translator(described: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.toml.decode(described.encode(), type=TranslationDescription)
    good = 'title = "Leise"\ntranslator = "Greta"\nconsent = """Ich\n\nstimme zu."""'
    assert msgspec.toml.decode(good.encode(), type=TranslationDescription).consent == "Ich\n\nstimme zu."


@pytest.mark.parametrize("locale", ["../de", "DE", "d", "de_AT", '"de\\n"'])
def test_a_translations_language_is_a_plain_code(locale: str) -> None:
    table = f"[{locale}]" if locale.startswith('"') else f'["{locale}"]'
    with pytest.raises(msgspec.ValidationError):
        msgspec.toml.decode(
            f'{table}\ntitle = "x"\ntranslator = "y"\n'.encode(),
            type=dict[Locale, TranslationDescription],
        )


def test_objectives_are_read_in_their_order() -> None:
    assert [objective.key for objective in objectives("- b) two\n- a) one  \n* c) no\n- D) no\n")] == ["b", "a"]
