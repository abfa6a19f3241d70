"""The `undersigned` command: what it offers, and how it ends when nobody reads on."""

import asyncio
import io
import logging
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from tests.process import free_port
from undersigned import console
from undersigned.__main__ import main
from undersigned.console.command import as_long_as_somebody_reads
from undersigned.database.connection import Database, connect
from undersigned.process import installation
from undersigned.settings import ROOT, Settings, load, remember, replace
from undersigned.statements import publishing

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


# What every command with an argument is asked with: nonsense of the right form, and of none.
NOBODY = "00000000-0000-0000-0000-000000000000"
NONSENSE = [
    "person find not-an-address", "person manage-link not-an-address", "person withdraw @",
    "person find a@example.org --received yesterday", "names show x", "names refuse x --reason other", f"names show {NOBODY}:x",
    "names --statement nothing", "review list nothing", "review approve x", f"review approve {NOBODY}",
    f"review reject {NOBODY} --reason x", "reports done x", f"reports done {NOBODY}", "publish nowhere", "mail test nonsense",
    "audit announce nothing", "audit announce example --size x", "audit announce example --size 99999999999999999999",
    "audit announce example --commitment zz", "audit announce example --commitment ab", "audit draw example",
    "audit report example --genuine x --not-genuine 1 --no-answer 1", "export nothing", "check nothing", "seal nothing",
    "seal example", "log restart nothing", "log restart example",
    "log adopt nothing", "log adopt example --checkpoint nothing", "partner add X --name a --url https://a.example.org",
    "partner add x --name a --url nothing", "partner change x --name a --url https://a.example.org", "partner remove x",
    "partner key x", "reject example x --reason fraud --tell x", "reject example 99999999999999999999 --reason fraud --tell x",
    "reject example 5 --reason fraud --tell x", "reject nothing 5 --reason fraud --tell x", "key revoke x",
    f"key revoke {NOBODY}", "key create \udcff", "mail retry \udcff", "doctor --public nonsense", "verify receipt nothing",
]  # fmt: skip


@pytest.fixture
def beside(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Iterator[Settings]:
    """The settings, as the environment in which a command runs, with nobody at the keyboard. Its log ends with the test."""
    for name, value in settings.to_environ().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    monkeypatch.setattr(logging.root, "handlers", [])
    level, ours = logging.root.level, logging.getLogger("undersigned").level
    yield settings
    logging.root.setLevel(level)
    logging.getLogger("undersigned").setLevel(ours)


def status(arguments: list[str]) -> int:
    """The exit status of a command in this process."""
    try:
        return main(arguments)
    except SystemExit as ended:
        return int(ended.code or 0)


def test_nonsense_is_answered_with_what_was_wrong(beside: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    asyncio.run(publish(beside))
    for command in NONSENSE:
        assert status(command.split()) in (1, 2), command
        said = "".join(capsys.readouterr())
        assert said, command
        assert not re.search(r"Traceback|looked_at|UUID|fromhex|fromisoformat|\bint\b", said), (command, said)


async def publish(settings: Settings) -> None:
    async with connect(settings.database_url) as db:
        await installation.establish(db, settings.pepper)
        await publishing.publish(db, ROOT / "statements" / "example", settings.url)


ON_A_DATABASE = [
    "review", "names", "reports", "person find a@example.org", "export example", "partner list", "key list", "check", "log key",
    "mail waiting", "retention --dry-run", "audit draw example", "seal example", "publish statements/example",
]  # fmt: skip


def test_where_nothing_was_ever_served_that_is_said_and_nothing_is_made(
    beside: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("UNDERSIGNED_DATABASE_URL")
    monkeypatch.setenv("UNDERSIGNED_DATA_DIR", str(tmp_path / "var"))
    for command in ON_A_DATABASE:
        assert status(command.split()) == 1, command
        assert capsys.readouterr().err.startswith("undersigned: Nothing was ever served from "), command
    assert list(tmp_path.iterdir()) == []


def test_a_database_without_our_tables_is_told_from_one_that_is_away(
    beside: Settings, blank_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("UNDERSIGNED_DATABASE_URL", blank_url)
    for command in ON_A_DATABASE:
        assert status(command.split()) == 1, command
        assert capsys.readouterr().err.startswith("undersigned: This database lacks migrations of this version"), (
            command
        )
    for command in ("doctor --no-public", "doctor --live=worker"):
        assert status(command.split()) == 1, command
        assert "✗ database: migrations missing: 0001_initial" in capsys.readouterr().out, command
    assert run(replace(beside, database_url=blank_url), "work").stderr.startswith("undersigned: This database lacks")


def test_a_command_beside_a_server_knows_where_that_is_reached(settings: Settings, tmp_path: Path) -> None:
    served = replace(settings, data_dir=str(tmp_path), base_url="", statements_dir="")
    remember(msgspec.structs.replace(served, port=8123))
    given = {
        name: value for name, value in served.to_environ().items() if name.rpartition("_")[2] not in ("HOST", "PORT")
    }
    assert load(given, beside_server=True).url == "http://127.0.0.1:8123"
    assert load(given).url == "http://127.0.0.1:8000"
    named = given | {"UNDERSIGNED_BASE_URL": "https://sign.example.org"}
    assert load(named, beside_server=True).url == "https://sign.example.org"


def test_help_of_a_step_is_reached_in_the_same_process(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["partner", "add", "--help"])
    assert "--origin" in capsys.readouterr().out
