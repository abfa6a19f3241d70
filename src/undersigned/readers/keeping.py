"""What was read last: kept in a web worker's memory for seconds, and through an outage of the database for an hour."""

import asyncio
import datetime as dt
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

import msgspec

from undersigned.database.trouble import DatabaseAway

T = TypeVar("T")
OUTAGE_S = 3600.0


class Kept(msgspec.Struct, Generic[T], frozen=True):
    """What was read; `as_of` is when, if the database is away since, and else None."""

    value: T
    as_of: dt.datetime | None = None


class _Last(msgspec.Struct, Generic[T], frozen=True):
    kept: Kept[T]
    read_at: dt.datetime
    read_s: float
    looked_s: float


class Memory(Generic[T]):
    """What was read last under each key."""

    def __init__(self) -> None:
        self._last: dict[str, _Last[T]] = {}
        self._failed_s: dict[str, float] = {}
        self._reading: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def get(self, key: str, kept_s: float, read: Callable[[], Awaitable[T]]) -> Kept[T]:
        """What was read under a key, `kept_s` ago at most; of many who ask at once, one reads it.

        While the database is away it is what was read last, up to an hour ago. Raises DatabaseAway if there is no such thing.
        """
        last, came_s, reading = self._last.get(key), time.monotonic(), self._reading[key]
        if last and last.kept.as_of and reading.locked():
            # Somebody looks already whether the database is back, and that may take seconds.
            return last.kept
        async with reading:
            last = self._last.get(key)
            if last and time.monotonic() - last.looked_s < kept_s:
                return last.kept
            if self._failed_s.get(key, 0.0) >= came_s:
                raise DatabaseAway("as a moment ago")
            last = self._last[key] = await self._look(key, last, read)
            return last.kept

    def clear(self) -> None:
        """Forgets everything."""
        self._last.clear()

    async def _look(self, key: str, last: _Last[T] | None, read: Callable[[], Awaitable[T]]) -> _Last[T]:
        try:
            found, now_s = Kept(await read()), time.monotonic()
        except DatabaseAway:
            now_s = time.monotonic()
            if last is None or now_s - last.read_s > OUTAGE_S:
                self._last.pop(key, None)
                self._failed_s[key] = now_s
                raise
            old = last.kept if last.kept.as_of else Kept(last.kept.value, last.read_at)
            return _Last(old, last.read_at, last.read_s, now_s)
        return _Last(found, dt.datetime.now(dt.UTC), now_s, now_s)
