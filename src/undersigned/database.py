"""The connection to PostgreSQL: a pool, the declared queries, a batcher for each hot one, and the migrations."""

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import asyncpg.pool
import msgspec

from undersigned import queries
from undersigned.batching import Batcher
from undersigned.batching import is_unreachable as is_unreachable
from undersigned.errors import InstallationChanged
from undersigned.identity import keys
from undersigned.queries import SQL, Queries

Record = asyncpg.Record
Connection = asyncpg.pool.PoolConnectionProxy
DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "data_checksums": "on"}
STREAMS_MAX = 2
MIGRATION_LOCK = 0x756E6465


class Database:
    """What a use case works with: `q`, the queries; `pool`; and `batched` for one-row writes keyed by an endorser."""

    def __init__(self, pool: "asyncpg.Pool[Record]") -> None:
        self.pool = pool
        self.q: Queries = queries.load()
        # A slow reader keeps its connection for as long as it reads, so that only a few may.
        self.streams = asyncio.Semaphore(STREAMS_MAX)
        self._batchers: dict[str, Batcher] = {}

    async def batched(self, query: str, *arguments: Any) -> Record:
        """The one row of a batched query; `$1` is the endorsement id. Returns after the commit."""
        batcher = self._batchers.get(query)
        if batcher is None:
            batcher = self._batchers[query] = Batcher(self.pool, query)
        return await batcher.run(*arguments)

    async def in_key_order(self, query: str, items: Iterable[Sequence[Any]]) -> list[tuple[Sequence[Any], Record]]:
        """Runs a one-row query for many endorsers, in one batch sorted by key; each item with its row."""
        ordered = sorted(items, key=lambda item: tuple(item[:2]))
        if not ordered:
            return []
        rows = await self.pool.fetchmany(query, ordered)
        return list(zip(ordered, rows, strict=True))


@asynccontextmanager
async def connect(url: str, *, connections_max: int = 8) -> AsyncIterator[Database]:
    """A Database for as long as the context lasts. `url` is a libpq connection URL."""
    async with asyncpg.create_pool(
        url, min_size=1, max_size=connections_max, init=_prepare, command_timeout=30
    ) as pool:
        yield Database(pool)


async def _prepare(connection: Any) -> None:
    await connection.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        encoder=lambda value: msgspec.json.encode(value).decode(),
        decoder=msgspec.json.decode,
    )


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


async def establish(db: Database, pepper: str) -> None:
    """Ties a new database to the pepper and the identity rules, or checks them.

    Raises InstallationChanged if either differs from what the database was filled with: every key would change, and
    whoever signed could sign again.
    """
    check = hmac.digest(pepper.encode(), b"undersigned installation", hashlib.sha256)
    await db.pool.execute(db.q.installation.establish, check, keys.RULES)
    row = await db.pool.fetchrow(db.q.installation.read)
    assert row is not None  # noqa: S101 -- establish() has just written it
    if not hmac.compare_digest(row["pepper_check"], check):
        raise InstallationChanged("UNDERSIGNED_PEPPER is not the one this database was filled with: set the old one.")
    if row["identity_rules"] != keys.RULES:
        raise InstallationChanged(
            "The identity rules of this version differ from those this database was filled with: "
            "install the version before, and migrate with `rekey` first."
        )


async def problems(db: Database) -> list[str]:
    """What keeps the database from being served from, in plain words; empty when all is well.

    Raises what asyncpg raises when the database can't be reached; see `is_unreachable`.
    """
    found = []
    applied = {row["name"] for row in await db.pool.fetch(db.q.installation.migrations)}
    missing = sorted(file.stem for file in (SQL / "migrations").glob("*.sql") if file.stem not in applied)
    if missing:
        found.append(f"migrations missing: {', '.join(missing)}")
    settings = {row["name"]: row["setting"] for row in await db.pool.fetch(db.q.installation.durability)}
    found += [
        f"{name} is {settings.get(name)}, must be {value}"
        for name, value in DURABLE.items()
        if settings.get(name) != value
    ]
    return found
