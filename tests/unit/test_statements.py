"""Statements: the declaration byte for byte, what is read out of a text, and what a directory is refused for."""

import datetime as dt
import hashlib
import textwrap
from pathlib import Path

import pytest

from undersigned.errors import StatementClosed, StatementInvalid, StatementNotOpen
from undersigned.settings import ROOT
from undersigned.statements import passages, publishing
from undersigned.statements.published import Controller, Statement
from undersigned.statements.publishing import Description
from undersigned.statements.texts import OBJECTIVE

DECLARATION = ROOT / "statements" / "recognize-to-reconcile"
SHA256 = "f76f6acfe5a90790390487f4cf632c1aabcf272a103039e36b8df98434891cd2"
TOML = """
slug = "quiet"
title = "Quiet"
locale = "en"
policy = "review_all"
contributions = ["knowledge"]
recipients = ["Nobody else."]
retention = "until you withdraw"
[controller]
name = "The Society"
address = "1 Street, Town"
privacy_contact = "privacy@society.org"
"""


def made(directory: Path, toml: str = TOML, text: bytes = b"We share our knowledge.\n") -> Path:
    (directory / "statement.toml").write_text(toml)
    (directory / "en.md").write_bytes(text)
    return directory


def refusal(directory: Path) -> str:
    with pytest.raises(StatementInvalid) as refused:
        publishing.read(directory)
    return refused.value.detail


def statement(**changes: object) -> Statement:
    given: dict[str, object] = {
        "slug": "s",
        "title": "T",
        "text": "t",
        "html": "t",
        "sha256": b"",
        "locale": "en",
        "policy": "review_all",
        "controller": Controller("n", "a", "p@x.org"),
        "recipients": [],
        "retention": "",
        "objectives": [],
        "contributions": [],
        "consent_text": "",
        "consent_sha256": b"",
        "origin": "",
        "generation": 0,
        "published_at": dt.datetime.now(dt.UTC),
        "embedding": "open",
        "adopted_on": None,
        "editorial_note": None,
        "opens_at": None,
        "closes_at": None,
    }
    return Statement(**given | changes)  # type: ignore[arg-type]


# The declaration ------------------------------------------------------------------------------------------------------


def test_the_declaration_is_reproduced_byte_for_byte() -> None:
    raw = (DECLARATION / "en.md").read_bytes()
    assert hashlib.sha256(raw).hexdigest() == SHA256
    described, text = publishing.read(DECLARATION)
    assert text.encode() == raw
    assert (described.slug, described.locale, described.policy) == (DECLARATION.name, "en", "review_all")


def test_the_declaration_says_outside_its_text_when_it_was_adopted() -> None:
    described, text = publishing.read(DECLARATION)
    assert described.adopted_on is not None
    assert described.editorial_note == "Text of 2022, reproduced as adopted"
    assert described.editorial_note not in text


def test_the_declarations_objectives_run_from_a_to_d_in_its_own_words() -> None:
    _, text = publishing.read(DECLARATION)
    objectives = dict(OBJECTIVE.findall(text))
    assert list(objectives) == ["a", "b", "c", "d"]
    assert all(f"- {key}) {words}\n" in text for key, words in objectives.items())
    assert objectives["d"] == "To launch a coalition of international civil society organizations to achieve these ends"
    assert objectives["a"].endswith('"reconciliation and recognition".')


def test_the_declarations_contributions_are_words_of_its_text() -> None:
    described, text = publishing.read(DECLARATION)
    assert described.contributions == ["experience", "resources", "knowledge"]
    assert "share their experience, resources and knowledge" in text


@pytest.mark.parametrize(
    "directory", sorted((ROOT / "statements").iterdir()), ids=lambda directory: str(directory.name)
)
def test_every_statement_of_the_repository_is_whole(directory: Path) -> None:
    described, text = publishing.read(directory)
    assert described.slug == directory.name
    assert text.strip()


# Reading --------------------------------------------------------------------------------------------------------------


def test_a_text_is_kept_to_the_last_byte(tmp_path: Path) -> None:
    raw = "\ufeffknowledge\r\n\tÉ e\u0301 \u200f \n\n\n".encode()
    assert publishing.read(made(tmp_path, text=raw))[1].encode() == raw


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    assert "statement.toml" in refusal(tmp_path)
    (tmp_path / "statement.toml").write_text(TOML)
    assert "en.md" in refusal(tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ('slug = "quiet"', "", "slug"),
        ('slug = "quiet"', 'slug = "Not Plain"', "slug"),
        ('slug = "quiet"', f'slug = "{"x" * 65}"', "slug"),
        ('title = "Quiet"', 'title = ""', "title"),
        ('title = "Quiet"', f'title = "{"x" * 301}"', "title"),
        ('title = "Quiet"', 'title = "Quiet\\nplease"', "title"),
        ('locale = "en"', 'locale = "../secret"', "locale"),
        ('policy = "review_all"', 'policy = "none"', "policy"),
        ('contributions = ["knowledge"]', 'contributions = ["money"]', "contributions"),
        ('contributions = ["knowledge"]', 'contributions = ["resources"]', "resources"),
        ('recipients = ["Nobody else."]', "recipients = []", "recipients"),
        ('recipients = ["Nobody else."]', "", "recipients"),
        ('retention = "until you withdraw"', "", "retention"),
        ('retention = "until you withdraw"', 'colour = "blue"\nretention = "x"', "colour"),
        ('retention = "until you withdraw"', 'retention = "x"\nopens_at = "soon"', "opens_at"),
        ('retention = "until you withdraw"', 'retention = "x"\ncloses_at = 2027-01-01T00:00:00', "time zone"),
        ("[controller]", "[controler]", "control"),
        ('name = "The Society"', "", "name"),
        ('address = "1 Street, Town"', 'address = ""', "address"),
        ('privacy_contact = "privacy@society.org"', 'privacy_contact = "the office"', "privacy_contact"),
        ('title = "Quiet"', "title = ", "line 3"),
    ],
)
def test_what_is_wrong_is_explained_and_named(old: str, new: str, named: str, tmp_path: Path) -> None:
    assert old in TOML
    explained = refusal(made(tmp_path, TOML.replace(old, new)))
    assert named in explained
    assert str(tmp_path) in explained
    assert "\n" not in explained


def test_bytes_that_are_no_utf_8_are_refused(tmp_path: Path) -> None:
    assert "utf-8" in refusal(made(tmp_path, text=b"knowledge \xff"))
    (tmp_path / "statement.toml").write_bytes(b"\xff\xfe")
    assert str(tmp_path) in refusal(tmp_path)


def test_times_with_a_zone_are_read(tmp_path: Path) -> None:
    toml = TOML.replace('retention = "', 'opens_at = 2027-01-01T00:00:00+04:00\nretention = "')
    described, _ = publishing.read(made(tmp_path, toml))
    assert described.opens_at == dt.datetime(2026, 12, 31, 20, tzinfo=dt.UTC)


# Consent --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "directory", sorted((ROOT / "statements").iterdir()), ids=lambda directory: str(directory.name)
)
def test_the_consent_text_says_who_what_why_and_how_it_ends(directory: Path) -> None:
    described, text = publishing.read(directory)
    sha256 = hashlib.sha256(text.encode()).digest()
    consent = publishing.consent_text(described, sha256)
    who = described.controller
    for words in (
        who.name,
        who.address,
        who.privacy_contact,
        described.title,
        sha256.hex(),
        "political opinion",
        "expressly",
        "16 or older",
        "undo this at any time",
        "public only if I choose",
        described.retention,
        *described.recipients,
    ):
        assert words in consent


def test_the_consent_text_changes_with_everything_it_is_built_from(tmp_path: Path) -> None:
    described, _ = publishing.read(made(tmp_path))
    first = publishing.consent_text(described, bytes(32))
    changes: list[dict[str, object]] = [
        {"title": "Loud"},
        {"retention": "for ever"},
        {"recipients": ["Everybody."]},
        {"controller": Controller("Another", "1 Street, Town", "privacy@society.org")},
    ]
    others = {publishing.consent_text(_changed(described, change), bytes(32)) for change in changes}
    assert len(others | {first, publishing.consent_text(described, bytes(31) + b"x")}) == 6


def _changed(described: Description, change: dict[str, object]) -> Description:
    fields = {name: getattr(described, name) for name in described.__struct_fields__}
    return Description(**fields | change)


# Publishing and times -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("contact", ["privacy@controller.invalid", "a@b.example", "a@b.test", "a@example.org"])
def test_a_placeholder_is_accepted_on_loopback_only(contact: str, tmp_path: Path) -> None:
    described, _ = publishing.read(made(tmp_path, TOML.replace("privacy@society.org", contact)))
    for loopback in ("http://127.0.0.1:8000", "http://localhost:8000", "http://[::1]:8000"):
        publishing._refuse_placeholders(described, loopback)
    for public in ("https://sign.example.org", "http://0.0.0.0:8000", "https://localhost.example.org"):
        with pytest.raises(StatementInvalid) as refused:
            publishing._refuse_placeholders(described, public)
        assert "privacy_contact" in refused.value.detail
        assert described.slug in refused.value.detail


def test_the_declarations_controller_is_a_placeholder_so_nobody_publishes_it_by_accident() -> None:
    described, _ = publishing.read(DECLARATION)
    with pytest.raises(StatementInvalid):
        publishing._refuse_placeholders(described, "https://sign.example.org")


def test_a_controller_that_can_be_written_to_is_published_anywhere(tmp_path: Path) -> None:
    described, _ = publishing.read(made(tmp_path))
    publishing._refuse_placeholders(described, "https://sign.example.org")


def test_a_statement_takes_endorsements_within_its_times_only() -> None:
    now, day = dt.datetime.now(dt.UTC), dt.timedelta(days=1)
    assert statement().state == "open"
    assert statement(opens_at=now - day, closes_at=now + day).state == "open"
    assert statement(opens_at=now - 2 * day, closes_at=now - day).state == "closed"
    statement().must_be_open()
    with pytest.raises(StatementNotOpen):
        statement(opens_at=now + day).must_be_open()
    with pytest.raises(StatementClosed):
        statement(closes_at=now - day).must_be_open()


def test_html_in_a_text_is_shown_and_never_run() -> None:
    rendered = passages.html(
        textwrap.dedent("""
            <script>alert(1)</script> <img src=x onerror=alert(1)>

            [a](javascript:alert(1)) [b](data:text/html,x) ![c](vbscript:x)
        """)
    )
    assert "<script" not in rendered
    assert "<img" not in rendered
    assert "href" not in rendered
