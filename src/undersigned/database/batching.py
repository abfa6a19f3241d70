"""Requests that wait at the same moment share one round trip and one commit."""

import asyncio
import logging
from collections import deque
from collections.abc import Sequence
from typing import Any

import asyncpg

from undersigned.database.lending import lent
from undersigned.database.trouble import DatabaseAway, TooBusy, told_apart, why

log = logging.getLogger(__name__)

BATCH_SIZE_MAX = 128
# With more than this many waiting for one statement, the next are told to come back: an answer now beats one after a time-out.
WAITING_MAX = 1024
# Longer than a migration may hold up signers while it waits for its locks.
RUN_TIMEOUT_S = 7
Item = tuple[Sequence[Any], "asyncio.Future[asyncpg.Record]"]


class Batcher:
    """Runs a one-row statement for many callers at once; an answer goes out only after its commit.

    `query` takes the endorsement id as `$1` and returns exactly one row for each set of arguments. Nothing is delayed
    when idle: the first caller starts a batch, and whoever comes while it runs makes up the next one. Batches are sorted
    by endorsement id, so that all processes take their locks in the same order. A batch that fails is run again item by
    item, so that a poisoned item fails alone.
    """

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]", query: str) -> None:
        self._pool = pool
        self._query = query
        self._waiting: deque[Item] = deque()
        self._flushing: asyncio.Task[None] | None = None

    async def run(self, *arguments: Any) -> asyncpg.Record:
        """The row for these arguments.

        Raises TooBusy at once if too many wait already, DatabaseAway if the database can't be used, and otherwise what it has
        against these arguments.
        """
        if len(self._waiting) >= WAITING_MAX:
            raise TooBusy
        future: asyncio.Future[asyncpg.Record] = asyncio.get_running_loop().create_future()
        self._waiting.append((arguments, future))
        if self._flushing is None:
            self._flushing = asyncio.create_task(self._flush())
        return await future

    async def _flush(self) -> None:
        try:
            while self._waiting:
                batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), BATCH_SIZE_MAX))]
                await self._run_batch(sorted(batch, key=lambda item: tuple(item[0][:2])))
        finally:
            # In the same step as the last look at the queue: a caller that comes later must start a new task.
            self._flushing = None

    async def _run_batch(self, batch: list[Item]) -> None:
        try:
            rows = await self._run_together(batch)
        except DatabaseAway as error:
            # One by one they would only wait, one after the other, for the same thing; and so would all who wait behind them.
            for _, future in (*batch, *self._waiting):
                _settle(future, error)
            self._waiting.clear()
        except Exception as error:
            log.warning("A batch of %d failed (%s); its items run one by one.", len(batch), why(error))
            await self._run_alone(batch)
        else:
            for (_, future), row in zip(batch, rows, strict=True):
                _settle(future, row)

    async def _run_together(self, batch: list[Item]) -> list[asyncpg.Record]:
        async with lent(self._pool) as connection:
            with told_apart():
                rows: list[asyncpg.Record] = await connection.fetchmany(
                    self._query, [arguments for arguments, _ in batch], timeout=RUN_TIMEOUT_S
                )
        if len(rows) != len(batch):
            raise RuntimeError(f"A statement for {len(batch)} items returned {len(rows)} rows.")
        return rows

    async def _run_alone(self, batch: list[Item]) -> None:
        for arguments, future in batch:
            try:
                row = (await self._run_together([(arguments, future)]))[0]
            except Exception as error:
                _settle(future, error)
            else:
                _settle(future, row)


def _settle(future: "asyncio.Future[asyncpg.Record]", outcome: asyncpg.Record | Exception) -> None:
    """Answers a caller, unless it went away meanwhile."""
    if future.done():
        return
    if isinstance(outcome, Exception):
        future.set_exception(outcome)
    else:
        future.set_result(outcome)
