"""The connection to PostgreSQL: a pool, the declared queries, and a batcher for each hot one."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import asyncpg.pool
import msgspec

from undersigned.database import queries
from undersigned.database.batching import Batcher
from undersigned.database.queries import Queries

Record = asyncpg.Record
Connection = asyncpg.pool.PoolConnectionProxy
STREAMS_MAX = 2


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
