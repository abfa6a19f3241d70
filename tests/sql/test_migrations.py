"""Migrations run on full tables while the version before goes on, and those that are interrupted go on at the next start."""

import asyncio
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from tests.waiting import until
from undersigned.database import migrations
from undersigned.database.migrations import DIRECTORY, MigrationStuck
from undersigned.database.trouble import DatabaseAway

FILES = sorted(DIRECTORY.glob("*.sql"))
# Released before this rule, with a column that the version before doesn't fill. Whoever comes from there stops it first.
AFTER_A_STOP = {"0004_translations"}
PERSONS = ("submission", "message", "endorsement", "signatory", "log_queue")
FILL = """
INSERT INTO statement (slug, title, text, sha256, locale, objectives, contributions, policy, controller, recipients, retention,
                       consent_sha256)
VALUES ('example', 'Example', 'Text', sha256('Text'), 'en', '[]', '{}', 'review_all', '{}', '{}', 'none', '');
INSERT INTO consent (sha256, statement, text) VALUES (sha256('Yes'), 'example', 'Yes');
INSERT INTO log_head (statement, origin, size, checkpoint, released_size, released_checkpoint, vkey)
VALUES ('example', 'example.org/log/example', 100, 'a', 100, 'a', 'k');
INSERT INTO tally (statement, individual_count, log_size) VALUES ('example', 4000, 4002);
INSERT INTO tally_cell (statement, dimension, key, individual_count) VALUES ('example', 'country', 'AM', 4000);
INSERT INTO endorsement (id, statement, kind, country, objectives, commitment)
SELECT gen_random_uuid(), 'example', 'individual', 'AM', '{}', sha256('c') FROM generate_series(1, 4000);
INSERT INTO signatory (endorsement_id, mailbox_id, address, name, name_status, locale, source, mail_domain, consent, salt, bound)
SELECT id, id, id || '@example.org', 'Ada', 'hidden', 'en', '{}', 'example.org', '{"endorse": {"at": "2026-01-01T00:00:00Z"}}',
       sha256('s'), sha256('c') FROM endorsement;
INSERT INTO log_entry (statement, generation, index, entry)
SELECT 'example', 0, n, E'undersigned/v1 add individual\\nYw==\\n' FROM generate_series(0, 3999) AS n;
INSERT INTO log_member (endorsement_id, statement, index) SELECT id, 'example', row_number() OVER () FROM endorsement;
INSERT INTO submission (endorsement_id, id, statement, kind, mailbox_id, address, name, locale, objectives, source, salt,
                        commitment, expires_at)
SELECT gen_random_uuid(), gen_random_uuid(), 'example', 'individual', gen_random_uuid(), 'a@example.org', 'Ada', 'en', '{}', '{}',
       sha256('s'), sha256('c'), now() + interval '7 days' FROM generate_series(1, 4000);
INSERT INTO message (endorsement_id, id, statement, template, mailbox_id, address, locale)
SELECT endorsement_id, id, statement, 'confirm', mailbox_id, address, locale FROM submission;
INSERT INTO log_queue (endorsement_id, statement, op, kind, commitment, objectives)
SELECT id, statement, 'add', kind, commitment, '{}' FROM endorsement LIMIT 1000;
"""
COLUMNS = """
SELECT table_name, array_agg(column_name::text) AS columns FROM information_schema.columns
WHERE table_schema = 'public' AND table_name = ANY ($1) GROUP BY table_name
"""


class Signing:
    """What the version before does meanwhile, with the columns that it knows: it claims, mails, counts, withdraws."""

    def __init__(self, connection: "asyncpg.Connection[asyncpg.Record]", columns: dict[str, list[str]]) -> None:
        self._connection = connection
        self._columns = columns
        self.rounds = 0

    @classmethod
    async def at(cls, url: str) -> "Signing":
        connection = await asyncpg.connect(url)
        # A write that had to wait longer than a migration may fails, and with it the test.
        await connection.execute("SET lock_timeout = '8s'")
        rows = await connection.fetch(COLUMNS, list(PERSONS))
        return cls(connection, {row["table_name"]: row["columns"] for row in rows})

    async def go_on(self) -> None:
        while True:
            for table, columns in self._columns.items():
                await self._write(table, columns)
            self.rounds += 1

    async def _write(self, table: str, columns: list[str]) -> None:
        if table == "signatory":  # its endorsement must be there, so that it is only corrected
            await self._connection.execute(
                "UPDATE signatory SET name = 'Grace' WHERE endorsement_id IN (SELECT endorsement_id FROM signatory LIMIT 3)"
            )
            return
        renewed = [f"'{uuid4()}'" if column in ("endorsement_id", "id") else column for column in columns]
        await self._connection.execute(
            f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(renewed)} FROM {table} LIMIT 1"
        )
        await self._connection.execute(
            f"UPDATE {table} SET statement = statement WHERE id IN (SELECT id FROM {table} LIMIT 3)"
        )

    async def close(self) -> None:
        await self._connection.close()


def up_to(directory: Path, number: int) -> Path:
    """A directory with the first so many migrations."""
    directory.mkdir()
    for file in FILES[:number]:
        (directory / file.name).symlink_to(file)
    return directory


async def filled(url: str, directory: Path) -> None:
    await migrations.migrate(url, directory)
    connection = await asyncpg.connect(url)
    await connection.execute(FILL)
    await connection.close()


@pytest.mark.parametrize("number", range(1, len(FILES)), ids=[file.stem for file in FILES[1:]])
async def test_each_migration_runs_on_full_tables_while_signing_goes_on(
    blank_url: str, tmp_path: Path, number: int
) -> None:
    await filled(blank_url, up_to(tmp_path / "first", 1))
    await migrations.migrate(blank_url, up_to(tmp_path / "before", number))
    signing = await Signing.at(blank_url)
    going_on = asyncio.create_task(signing.go_on())
    await until(lambda: signing.rounds > 2)
    name = FILES[number].stem
    assert await migrations.migrate(blank_url, up_to(tmp_path / "after", number + 1)) == [name]
    rounds = signing.rounds
    await until(lambda: going_on.done() or signing.rounds > rounds + 2)
    assert going_on.done() == (name in AFTER_A_STOP), going_on
    going_on.cancel()
    await asyncio.wait([going_on])
    await signing.close()


async def test_a_migration_that_gets_no_lock_gives_up_and_is_told_in_words(blank_url: str, tmp_path: Path) -> None:
    await filled(blank_url, up_to(tmp_path / "first", 1))
    (tmp_path / "first" / "0002_more.sql").write_text("ALTER TABLE message ADD COLUMN more text;")
    holder = await asyncpg.connect(blank_url)
    async with holder.transaction():
        await holder.execute("LOCK TABLE message IN ROW EXCLUSIVE MODE")
        with pytest.raises(MigrationStuck, match="0002_more"):
            await migrations.migrate(blank_url, tmp_path / "first")
    assert await migrations.migrate(blank_url, tmp_path / "first") == ["0002_more"]
    await holder.close()


def with_an_index(directory: Path) -> Path:
    (directory / "0002_index.sql").write_text(
        "-- concurrently\n-- A way to find mails by language.\n\n"
        "CREATE INDEX CONCURRENTLY IF NOT EXISTS message_locale ON message (locale);\n"
        "CREATE INDEX CONCURRENTLY IF NOT EXISTS message_template ON message (template) WHERE status = 'due';\n"
    )
    return directory


VALID = """
SELECT relname AS index, indisvalid FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
WHERE relname IN ('message_locale', 'message_template')
"""


async def test_an_index_is_built_while_signing_goes_on_and_a_transaction_stays_open(
    blank_url: str, tmp_path: Path
) -> None:
    await filled(blank_url, up_to(tmp_path / "first", 1))
    open_one, other = await asyncpg.connect(blank_url), await asyncpg.connect(blank_url)
    transaction = open_one.transaction()
    await transaction.start()
    await open_one.execute("UPDATE message SET locale = 'fr' WHERE id = (SELECT id FROM message OFFSET 2000 LIMIT 1)")
    building = asyncio.create_task(migrations.migrate(blank_url, with_an_index(tmp_path / "first")))
    await until(lambda: other.fetch(VALID))
    signing = await Signing.at(blank_url)
    going_on = asyncio.create_task(signing.go_on())
    await until(lambda: going_on.done() or signing.rounds > 2)
    assert not building.done()
    going_on.cancel()
    await asyncio.wait([going_on])
    await transaction.commit()
    assert await building == ["0002_index"]
    assert all(row["indisvalid"] for row in await other.fetch(VALID))
    for connection in (open_one, other):
        await connection.close()
    await signing.close()


async def test_an_index_whose_building_was_interrupted_is_built_at_the_next_start(
    blank_url: str, tmp_path: Path
) -> None:
    await filled(blank_url, up_to(tmp_path / "first", 1))
    directory = with_an_index(tmp_path / "first")
    writer, other = await asyncpg.connect(blank_url), await asyncpg.connect(blank_url)
    transaction = writer.transaction()
    await transaction.start()
    await writer.execute("UPDATE message SET locale = 'fr' WHERE id = (SELECT id FROM message OFFSET 2000 LIMIT 1)")
    building = asyncio.create_task(migrations.migrate(blank_url, directory))
    await until(lambda: other.fetch(VALID))
    await other.execute(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
        " WHERE query LIKE '-- concurrently%' AND datname = current_database()"
    )
    with pytest.raises(DatabaseAway):
        await building
    assert [tuple(row) for row in await other.fetch(VALID)] == [("message_locale", False)]
    await transaction.commit()
    assert await migrations.migrate(blank_url, directory) == ["0002_index"]
    assert [tuple(row) for row in await other.fetch(f"{VALID} ORDER BY 1")] == [
        ("message_locale", True),
        ("message_template", True),
    ]
    assert await migrations.migrate(blank_url, directory) == []
    for connection in (writer, other):
        await connection.close()


async def test_what_is_built_concurrently_may_be_run_again(blank_url: str, tmp_path: Path) -> None:
    for file in FILES:
        text = file.read_text()
        if text.startswith(migrations.CONCURRENTLY):
            statements = [line for line in text.splitlines() if line and not line.startswith(("--", " "))]
            assert all(migrations.INDEX.match(statement) for statement in statements), file.name
        else:
            assert "CONCURRENTLY" not in text, f"{file.name} has to begin with: -- concurrently"
