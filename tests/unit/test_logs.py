"""What the program says while it runs holds nobody's data, not even when it fails."""

import logging
from collections.abc import Iterator

import pytest

from undersigned.process import diagnostics

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
