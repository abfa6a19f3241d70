"""Migrations: the way from one version's tables to the next, while the version before goes on."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg

from undersigned.database.hosts import reach
from undersigned.database.queries import SQL
from undersigned.database.trouble import told_apart
from undersigned.errors import Explained

DIRECTORY = SQL / "migrations"
MIGRATION_LOCK = 0x756E6465
CLOSE_TIMEOUT_S = 5
LOCK_LOOK_S = 0.1
# A file that begins so runs statement by statement, each of which may be run again.
CONCURRENTLY = "-- concurrently\n"
INDEX = re.compile(r"\bCREATE (?:UNIQUE )?INDEX CONCURRENTLY IF NOT EXISTS (\w+)")


class MigrationStuck(Explained):
    """A migration couldn't get the locks or the time that it needs."""

    code = "migration_stuck"


async def migrate(url: str, directory: Path = DIRECTORY) -> list[str]:
    """Applies the migrations that are missing, in order, and returns their names.

    Each runs in a transaction, or, if its file begins with `-- concurrently`, beside everything that goes on: what was built
    halfway by a process that was interrupted is dropped and built again. Any number of processes may call it at once. Raises
    MigrationStuck if one can't get its locks within 5 s, so that signers aren't held up behind it, and DatabaseAway.
    """
    # A transaction of its own holds the lock: behind a pooler, a session would be another one with each statement.
    async with _connection(url) as holder, _connection(url) as connection:
        await _take_lock(holder)
        await _run(
            connection,
            "CREATE TABLE IF NOT EXISTS migration (name text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())",
        )
        with told_apart():
            applied = {row["name"] for row in await connection.fetch("SELECT name FROM migration")}
        missing = [file for file in sorted(directory.glob("*.sql")) if file.stem not in applied]
        for file in missing:
            await _apply(connection, file)
        return [file.stem for file in missing]


@asynccontextmanager
async def _connection(url: str) -> AsyncIterator[Any]:
    with told_apart():
        connection = await reach(url)
    try:
        yield connection
    finally:
        await connection.close(timeout=CLOSE_TIMEOUT_S)


async def _take_lock(connection: Any) -> None:
    """Begins a transaction that holds the lock, once no other process migrates.

    It waits outside any statement: building an index beside others waits for all of theirs.
    """
    while True:
        with told_apart():
            await connection.execute("BEGIN; SET LOCAL idle_in_transaction_session_timeout = 0")
            if await connection.fetchval("SELECT pg_try_advisory_xact_lock($1)", MIGRATION_LOCK):
                # The portal of that question would keep its snapshot, which building an index beside others waits for.
                await connection.execute("SELECT")
                return
            await connection.execute("ROLLBACK")
        await asyncio.sleep(LOCK_LOOK_S)


async def _apply(connection: Any, file: Path) -> None:
    text = file.read_text()
    try:
        if text.startswith(CONCURRENTLY):
            await _apply_concurrently(connection, text)
            await _run(connection, "INSERT INTO migration (name) VALUES ($1)", file.stem)
        else:
            async with connection.transaction():
                await _run(connection, "SET LOCAL lock_timeout = '5s'; SET LOCAL statement_timeout = '10min'")
                await _run(connection, text)
                await _run(connection, "INSERT INTO migration (name) VALUES ($1)", file.stem)
    except asyncpg.LockNotAvailableError:
        raise MigrationStuck(
            f"The migration {file.stem} didn't get its locks in time, and nothing of it was kept: something else works on the "
            "same tables. Start again at a quieter moment."
        ) from None


async def _apply_concurrently(connection: Any, text: str) -> None:
    # It waits for whoever reads an old state, such as a long export, but nobody waits behind it: no short time-out is needed.
    await _run(connection, "SET lock_timeout = '10min'; SET statement_timeout = '60min'")
    for statement in (part.strip() for part in re.split(r";\s*$", text, flags=re.MULTILINE)):
        if made := INDEX.search(statement):
            await _drop_if_unfinished(connection, made[1])
        if statement:
            await _run(connection, statement)
    await _run(connection, "RESET lock_timeout; RESET statement_timeout")


async def _drop_if_unfinished(connection: Any, index: str) -> None:
    with told_apart():
        unfinished = await connection.fetchval(
            "SELECT NOT indisvalid FROM pg_index WHERE indexrelid = to_regclass($1)::oid", index
        )
    if unfinished:
        await _run(connection, f"DROP INDEX CONCURRENTLY {index}")


async def _run(connection: Any, statement: str, *arguments: object) -> None:
    with told_apart():
        await connection.execute(statement, *arguments)
