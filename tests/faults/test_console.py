"""The `undersigned` command: what it offers, and how it ends when nobody reads on."""

import asyncio
import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.process import free_port
from undersigned import console
from undersigned.__main__ import main
from undersigned.console.command import as_long_as_somebody_reads
from undersigned.database.connection import Database
from undersigned.settings import Settings, replace

COMMAND = [sys.executable, "-m", "undersigned"]


def environ(settings: Settings) -> dict[str, str]:
    return {"PATH": "/usr/bin:/bin", "COLUMNS": "80"} | {k: v for k, v in settings.to_environ().items() if v}


def run(settings: Settings, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *arguments], env=environ(settings), capture_output=True, text=True, timeout=60)


def test_without_a_command_the_help_is_shown_with_a_line_for_each_command(settings: Settings) -> None:
    shown = run(settings)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert shown.stdout == run(settings, "--help").stdout
    commands = shown.stdout.partition("COMMAND\n")[2].splitlines()
    assert len(commands) > 15
    for line in commands:
        assert re.fullmatch(r"    [a-z]+ +\S.*", line), line


def test_every_file_of_the_console_is_a_noun_that_declares_its_commands() -> None:
    files = {file.stem for file in Path(console.__file__).parent.glob("[a-z]*.py")}
    assert {noun.__name__.rpartition(".")[2] for noun in console.NOUNS} == files - {"command"}


def test_an_unknown_command_is_refused_with_the_known_ones(settings: Settings) -> None:
    refused = run(settings, "petition")
    assert refused.returncode == 2
    assert "publish" in refused.stderr


@pytest.mark.parametrize("arguments", [["--help"], ["export", "example"], ["review"], ["retention", "--dry-run"]])
async def test_a_command_whose_reader_left_ends_as_programs_on_unix_do(
    db: Database, settings: Settings, arguments: list[str]
) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = await asyncio.create_subprocess_exec(
        *COMMAND, *arguments, env=environ(settings), stdout=writing, stderr=subprocess.PIPE
    )
    os.close(writing)
    _, said = await done.communicate()
    assert (done.returncode, said) == (-signal.SIGPIPE, b"")


async def test_a_reader_who_leaves_in_the_middle_of_an_export_is_no_trouble_either(
    db: Database, settings: Settings
) -> None:
    await db.pool.execute(
        "INSERT INTO endorsement (id, statement, kind, objectives, commitment)"
        " SELECT gen_random_uuid(), 'example', 'individual', '{}', '' FROM generate_series(1, 20000)"
    )
    await db.pool.execute(
        "INSERT INTO signatory (endorsement_id, mailbox_id, address, name, name_status, locale, source, mail_domain, consent,"
        " salt, bound, identity) SELECT id, id, 'a@example.org', 'Ada', 'hidden', 'en', '{}', 'example.org',"
        """ '{"endorse": {"at": "2026-01-01T00:00:00Z", "text_sha256": ""}}', '', '', 'mailbox:' || id FROM endorsement"""
    )
    await db.pool.execute(
        "INSERT INTO log_member SELECT id, 'example', row_number() OVER () FROM endorsement WHERE statement = 'example'"
    )
    done = await asyncio.create_subprocess_shell(
        f"{shlex.join([*COMMAND, 'export', 'example'])} | head -2",
        env=environ(settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    printed, said = await done.communicate()
    assert b"a@example.org" in printed.splitlines()[1]
    assert (done.returncode, said) == (0, b"")


def test_a_pipe_that_is_not_standard_output_is_no_reason_to_end_quietly() -> None:
    with pytest.raises(BrokenPipeError), as_long_as_somebody_reads():
        raise BrokenPipeError


def test_a_database_that_is_away_is_one_line_with_its_cause(settings: Settings) -> None:
    done = run(replace(settings, database_url=f"postgresql://127.0.0.1:{free_port()}/undersigned"), "review")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines() == [
        "undersigned: the database can't be used (ConnectionRefusedError, errno ECONNREFUSED). "
        "Check UNDERSIGNED_DATABASE_URL and that the server runs."
    ]


def test_help_of_a_step_is_reached_in_the_same_process(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["partner", "add", "--help"])
    assert "--origin" in capsys.readouterr().out
