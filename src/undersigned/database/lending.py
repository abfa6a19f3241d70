"""Connections of the pool, lent and given back: neither takes longer than seconds, however the database fares."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import asyncpg

from undersigned.database.trouble import DatabaseAway, told_apart

# With the time to connect, if the connection that comes next is gone.
LEND_TIMEOUT_S = 3
RETURN_TIMEOUT_S = 1


@asynccontextmanager
async def lent(pool: "asyncpg.Pool[Any]") -> AsyncIterator[Any]:
    """A connection, for as long as the context lasts. Raises DatabaseAway if there is none within seconds."""
    with told_apart():
        connection = await pool.acquire(timeout=LEND_TIMEOUT_S)
    try:
        yield connection
    finally:
        # What was asked on it is answered by now, or has failed with a better reason: one that can't come back is ended.
        with suppress(DatabaseAway), told_apart():
            await pool.release(connection, timeout=RETURN_TIMEOUT_S)
