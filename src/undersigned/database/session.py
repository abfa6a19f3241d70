"""Asking: one, perhaps one or many rows in the shape that the query declares, on a connection or on any of the pool."""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, Literal, TypeVar

from undersigned.database.declaring import Command, Query
from undersigned.database.queries import Queries
from undersigned.database.trouble import DatabaseAway, told_apart

R = TypeVar("R")
Executor = "asyncpg.Pool[asyncpg.Record] | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"


class RowMissing(RuntimeError):
    """A query that always gives a row gave none."""


class Asking:
    """What asks: `q` has the queries. Every method raises DatabaseAway if the database can't be used at the moment."""

    def __init__(self, executor: Any, q: Queries) -> None:
        self._executor = executor
        self.q = q

    async def one(self, query: Query[R], *arguments: Any) -> R:
        """The row of a query that always gives one. Raises RowMissing if it doesn't."""
        row = await self.maybe(query, *arguments)
        if row is None:
            raise RowMissing(f"{query.name} gave no row.")
        return row

    async def maybe(self, query: Query[R], *arguments: Any) -> R | None:
        """The first row, or None."""
        with told_apart():
            row = await self._executor.fetchrow(query.sql, *arguments)
        return None if row is None else query.read(row)

    async def many(self, query: Query[R], *arguments: Any) -> list[R]:
        with told_apart():
            rows = await self._executor.fetch(query.sql, *arguments)
        return [query.read(row) for row in rows]

    async def execute(self, command: Command, *arguments: Any) -> None:
        with told_apart():
            await self._executor.execute(command.sql, *arguments)


class Session(Asking):
    """One connection."""

    async def execute_all(self, command: Command, items: Iterable[Sequence[Any]]) -> None:
        """Runs a command for each item, in one round trip."""
        with told_apart():
            await self._executor.executemany(command.sql, items)

    @asynccontextmanager
    async def transaction(
        self, *, isolation: Literal["read_committed", "repeatable_read"] | None = None, readonly: bool = False
    ) -> AsyncIterator[None]:
        """Within, all or nothing: leaving commits, an exception rolls back."""
        transaction = self._executor.transaction(isolation=isolation, readonly=readonly)
        with told_apart():
            await transaction.start()
        try:
            yield
        except BaseException:
            # If the database went away, it has rolled back, and what was raised says more.
            with suppress(DatabaseAway), told_apart():
                await transaction.rollback()
            raise
        with told_apart():
            await transaction.commit()

    async def each(self, query: Query[R], *arguments: Any, prefetch: int) -> AsyncIterator[R]:
        """The rows one by one, from a cursor that reads `prefetch` at a time; only within a transaction."""
        with told_apart():
            cursor = await self._executor.cursor(query.sql, *arguments)
        while True:
            with told_apart():
                rows = await cursor.fetch(prefetch)
            for row in rows:
                yield query.read(row)
            if len(rows) < prefetch:
                return
