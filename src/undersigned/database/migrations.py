"""Migrations: the way from one version's tables to the next."""

import asyncpg
import asyncpg.pool

from undersigned.database.queries import SQL

MIGRATION_LOCK = 0x756E6465


async def migrate(url: str) -> list[str]:
    """Applies the migrations that are missing, in order, each in a transaction; returns their names.

    Any number of processes may call it at once. A migration that can't get its locks within 5 s fails rather than
    holding up the signers behind it.
    """
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("SELECT pg_advisory_lock($1)", MIGRATION_LOCK)
        await connection.execute(
            "CREATE TABLE IF NOT EXISTS migration (name text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())"
        )
        applied = {row["name"] for row in await connection.fetch("SELECT name FROM migration")}
        missing = [file for file in sorted((SQL / "migrations").glob("*.sql")) if file.stem not in applied]
        for file in missing:
            async with connection.transaction():
                await connection.execute("SET LOCAL lock_timeout = '5s'; SET LOCAL statement_timeout = '10min'")
                await connection.execute(file.read_text())
                await connection.execute("INSERT INTO migration (name) VALUES ($1)", file.stem)
        return [file.stem for file in missing]
    finally:
        await connection.close()
