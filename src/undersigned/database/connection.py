"""The connection to PostgreSQL: a pool, and a batcher for each query that many ask at once."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Literal, TypeVar, cast

import asyncpg
import msgspec

from undersigned.database import queries
from undersigned.database.batching import Batcher
from undersigned.database.hosts import HOST_TIMEOUT_S, reach
from undersigned.database.lending import lent
from undersigned.database.queries.declaring import Query
from undersigned.database.session import Asking, Session
from undersigned.database.stations import Stations
from undersigned.database.trouble import told_apart

Item = Sequence[Any]
R = TypeVar("R")
STREAMS_MAX = 2
COMMAND_TIMEOUT_S = 30


class Database(Asking):
    """What a use case works with: asks on any connection of the pool, and `batched` for one-row writes keyed by an endorser."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]", answer_timeout_s: float | None = None) -> None:
        super().__init__(lambda: lent(pool), queries.load(), answer_timeout_s)
        self.pool = pool
        # A slow reader keeps its connection for as long as it reads, so that only a few may.
        self.streams = asyncio.Semaphore(STREAMS_MAX)
        self.stations = Stations()
        self._batchers: dict[str, Batcher] = {}

    async def batched(self, query: Query[R], *arguments: Any) -> R:
        """The one row of a batched query; `$1` is the endorsement id. Returns after the commit.

        Raises TooBusy at once if too many wait for this query already, and DatabaseAway.
        """
        batcher = self._batchers.get(query.name)
        if batcher is None:
            batcher = self._batchers[query.name] = Batcher(self.pool, query.sql)
        return query.read(await batcher.run(*arguments))

    async def in_key_order(self, query: Query[R], items: Iterable[Item]) -> list[tuple[Item, R]]:
        """Runs a one-row query for many endorsers, in one batch sorted by key; each item with its row. Raises DatabaseAway."""
        ordered = sorted(items, key=lambda item: tuple(item[:2]))
        if not ordered:
            return []
        async with lent(self.pool) as connection:
            with told_apart():
                rows = await connection.fetchmany(query.sql, ordered)
        return list(zip(ordered, map(query.read, rows), strict=True))

    @asynccontextmanager
    async def session(self) -> AsyncIterator[Session]:
        """One connection, for as long as the context lasts."""
        async with lent(self.pool) as connection:
            yield Session(connection, self.q)

    @asynccontextmanager
    async def transaction(
        self, *, isolation: Literal["read_committed", "repeatable_read"] | None = None, readonly: bool = False
    ) -> AsyncIterator[Session]:
        """A session whose every statement is one transaction: leaving commits, an exception rolls back."""
        async with self.session() as session, session.transaction(isolation=isolation, readonly=readonly):
            yield session


@asynccontextmanager
async def connect(
    url: str,
    *,
    connections_max: int = 8,
    command_timeout_s: float = COMMAND_TIMEOUT_S,
    answer_timeout_s: float | None = None,
) -> AsyncIterator[Database]:
    """A Database for as long as the context lasts. `url` is what `hosts.servers` reads. Raises DatabaseAway.

    `command_timeout_s` bounds each command, and `answer_timeout_s` in its place what is asked by `one`, `maybe`, `many` and
    `execute` on any connection: somebody waits for that.
    """
    pool = asyncpg.create_pool(
        url,
        connect=cast(Any, reach),
        min_size=1,
        max_size=connections_max,
        init=_prepare,
        timeout=HOST_TIMEOUT_S,
        command_timeout=command_timeout_s,
    )
    with told_apart():
        await pool
    try:
        yield Database(pool, answer_timeout_s)
    finally:
        await pool.close()


async def _prepare(connection: Any) -> None:
    await connection.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        encoder=lambda value: msgspec.json.encode(value).decode(),
        decoder=msgspec.json.decode,
    )
