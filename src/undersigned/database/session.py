"""Asking: one, perhaps one or many rows in the shape that the query declares, on a connection or on any of the pool."""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext, suppress
from typing import Any, Literal, TypeVar

from undersigned.database.queries import Queries
from undersigned.database.queries.declaring import Command, Query
from undersigned.database.trouble import DatabaseAway, told_apart

R = TypeVar("R")


class RowMissing(RuntimeError):
    """A query that always gives a row gave none."""


class Asking:
    """What asks: `q` has the queries. Every method raises DatabaseAway if the database can't be used at the moment.

    `lend` gives a connection to ask on; `timeout_s` is how long an answer may take, None for what the connection grants.
    """

    def __init__(
        self, lend: Callable[[], AbstractAsyncContextManager[Any]], q: Queries, timeout_s: float | None = None
    ) -> None:
        self._lend = lend
        self._timeout_s = timeout_s
        self.q = q

    async def one(self, query: Query[R], *arguments: Any) -> R:
        """The row of a query that always gives one. Raises RowMissing if it doesn't."""
        row = await self.maybe(query, *arguments)
        if row is None:
            raise RowMissing(f"{query.name} gave no row.")
        return row

    async def maybe(self, query: Query[R], *arguments: Any) -> R | None:
        """The first row, or None."""
        async with self._lend() as connection:
            with told_apart():
                row = await connection.fetchrow(query.sql, *arguments, timeout=self._timeout_s)
        return None if row is None else query.read(row)

    async def many(self, query: Query[R], *arguments: Any) -> list[R]:
        async with self._lend() as connection:
            with told_apart():
                rows = await connection.fetch(query.sql, *arguments, timeout=self._timeout_s)
        return [query.read(row) for row in rows]

    async def execute(self, command: Command, *arguments: Any) -> None:
        async with self._lend() as connection:
            with told_apart():
                await connection.execute(command.sql, *arguments, timeout=self._timeout_s)


class Session(Asking):
    """One connection."""

    def __init__(self, connection: Any, q: Queries) -> None:
        super().__init__(lambda: nullcontext(connection), q)
        self._connection = connection

    async def execute_all(self, command: Command, items: Iterable[Sequence[Any]]) -> None:
        """Runs a command for each item, in one round trip."""
        with told_apart():
            await self._connection.executemany(command.sql, items)

    @asynccontextmanager
    async def transaction(
        self, *, isolation: Literal["read_committed", "repeatable_read"] | None = None, readonly: bool = False
    ) -> AsyncIterator[None]:
        """Within, all or nothing: leaving commits, an exception rolls back."""
        transaction = self._connection.transaction(isolation=isolation, readonly=readonly)
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
            cursor = await self._connection.cursor(query.sql, *arguments)
        while True:
            with told_apart():
                rows = await cursor.fetch(prefetch)
            for row in rows:
                yield query.read(row)
            if len(rows) < prefetch:
                return
