"""What the program says while it runs holds nobody's data, not even when it fails."""

import logging
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from undersigned.database.connection import Database
from undersigned.database.trouble import why
from undersigned.process import diagnostics
from undersigned.settings import ROOT

PERSONAL = "ada@example.org"


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """Puts the process's logging back as it was."""
    root, ours = logging.getLogger(), logging.getLogger("undersigned")
    handlers, levels = root.handlers[:], (root.level, ours.level)
    yield
    root.handlers[:] = handlers
    root.setLevel(levels[0])
    ours.setLevel(levels[1])


def fail() -> None:
    try:
        raise KeyError(PERSONAL)
    except KeyError as error:
        raise ValueError(f"Key (address)=({PERSONAL}) already exists.") from error


def test_an_exceptions_message_is_not_in_the_output(capsys: pytest.CaptureFixture[str]) -> None:
    diagnostics.configure("web")
    try:
        fail()
    except ValueError:
        logging.getLogger("undersigned.x").exception("A request failed.")
        logging.getLogger("asyncio").error("Task exception was never retrieved", exc_info=True)
    said = capsys.readouterr().err
    assert said.count("ValueError") == 2
    assert f"{__file__}:" in said
    assert " fail\n" in said
    assert PERSONAL not in said
    assert "already exists" not in said


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        (
            "INSERT INTO suppression (mailbox_id, reason) VALUES ('018f0000-0000-7000-8000-000000000001', $1)",
            "CheckViolationError, SQLSTATE 23514, constraint suppression_reason_is_known",
        ),
        ("SELECT $1::text::integer", "InvalidTextRepresentationError, SQLSTATE 22P02"),
        ("DO $$ BEGIN RAISE EXCEPTION USING MESSAGE = 'ada@example.org', DETAIL = 'ada@example.org'; END $$", "P0001"),
    ],
)
async def test_what_the_database_says_is_told_by_its_code_and_its_constraint_and_never_with_a_value_of_the_row(
    db: Database, capsys: pytest.CaptureFixture[str], statement: str, told: str
) -> None:
    diagnostics.configure("web")
    with pytest.raises(asyncpg.PostgresError) as raised:
        await db.pool.execute(statement, *([PERSONAL] if "$1" in statement else []))
    assert PERSONAL in f"{raised.value} {raised.value.detail}"  # so that there is something to keep silent about
    logging.getLogger("undersigned.x").error("A request failed.", exc_info=raised.value)
    said = capsys.readouterr().err
    assert told in said
    assert told in why(raised.value)
    assert PERSONAL not in said + why(raised.value)


def test_the_causes_of_an_exception_are_told_as_it_is_itself(capsys: pytest.CaptureFixture[str]) -> None:
    diagnostics.configure("web")
    try:
        fail()
    except ValueError:
        logging.getLogger("undersigned.x").exception("A request failed.")
    said = capsys.readouterr().err.splitlines()
    assert said[-3] == "  caused by"
    assert said[-1] == "    KeyError"
    assert "    ValueError" in said


@pytest.mark.parametrize(
    ("file", "told"), [(ROOT / "openapi" / "gone.json", " gone.json"), (Path("/srv") / PERSONAL, "ENOENT")]
)
def test_a_missing_file_is_told_by_its_name_if_it_came_with_the_program(
    capsys: pytest.CaptureFixture[str], file: Path, told: str
) -> None:
    diagnostics.configure("web")
    try:
        file.read_bytes()
    except FileNotFoundError:
        logging.getLogger("undersigned.x").exception("A request failed.")
    said = capsys.readouterr().err
    assert "FileNotFoundError, errno ENOENT" in said
    assert said.rstrip().endswith(told.lstrip())
    assert PERSONAL not in said


def test_a_line_says_when_which_part_and_how_bad(capsys: pytest.CaptureFixture[str]) -> None:
    diagnostics.configure("worker")
    logging.getLogger("undersigned.mail").info("Something happened.")
    said = capsys.readouterr().err
    assert said.endswith(" worker INFO Something happened.\n")
    assert said.count("\n") == 1


def test_others_are_heard_from_warnings_on_and_ours_from_information_on(capsys: pytest.CaptureFixture[str]) -> None:
    diagnostics.configure("web")
    logging.getLogger("asyncpg").info("chatter")
    logging.getLogger("undersigned.x").debug("chatter")
    assert capsys.readouterr().err == ""
    logging.getLogger("asyncpg").warning("trouble")
    assert "trouble" in capsys.readouterr().err


def test_a_failure_without_a_type_is_still_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    diagnostics.configure("web")
    logging.getLogger("undersigned.x").error("It failed.", exc_info=True)
    assert "It failed." in capsys.readouterr().err
