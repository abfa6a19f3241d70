"""Meters: how much came lately under each key, counted in this process's memory and added up with what others counted."""

import time
from collections.abc import Callable
from uuid import UUID

from undersigned.database.queries.limits import MeterName

KEYS_MAX = 100_000


class Meter:
    """Leaky buckets, one a key: what is counted fills one by some seconds, and each second that goes by empties it by one.

    The generic cell rate algorithm (ITU-T I.371): one time stamp a key, when it will be empty. None is ever fuller than `most_s`
    seconds, and the keys that were counted longest ago make room for new ones. Others are told of a key once what they don't know
    would take `told_s` seconds to run out: of most networks, which ask once, nobody needs to hear.
    """

    def __init__(
        self, name: MeterName, most_s: float, told_s: float = 0.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.name = name
        self.most_s = most_s
        self._told_s = told_s
        self._clock = clock
        self._empty_at: dict[UUID, float] = {}
        self._untold: dict[UUID, float] = {}

    def fill_s(self, key: UUID) -> float:
        """The seconds that this key's bucket takes to run empty."""
        now = self._clock()
        return max(self._empty_at.get(key, now) - now, 0.0)

    def add(self, key: UUID, seconds: float) -> None:
        self._set(key, self.fill_s(key) + seconds)
        self._untold[key] = min(self._untold.pop(key, 0.0) + seconds, self.most_s)
        if len(self._untold) > KEYS_MAX:
            del self._untold[next(iter(self._untold))]

    def take_untold(self) -> dict[UUID, float]:
        """What others have to be told, in seconds, as far as it has not run out by itself meanwhile."""
        left = [(key, min(seconds, self.fill_s(key))) for key, seconds in self._untold.items()]
        self._untold = {key: seconds for key, seconds in left if 0 < seconds < self._told_s}
        return {key: seconds for key, seconds in left if seconds >= self._told_s and seconds > 0}

    def give_back(self, untold: dict[UUID, float]) -> None:
        """Has what was taken, and could not be told, wait for the next time."""
        for key, seconds in untold.items():
            self._untold[key] = min(self._untold.get(key, 0.0) + seconds, self.most_s)

    def learn(self, key: UUID, empty_at: float) -> None:
        """Takes over when all processes together say a bucket is empty, and adds what was counted here while they were asked."""
        self._set(key, max(empty_at - self._clock(), 0.0) + self._untold.get(key, 0.0))

    def _set(self, key: UUID, fill_s: float) -> None:
        self._empty_at.pop(key, None)
        if fill_s > 0:
            self._empty_at[key] = self._clock() + min(fill_s, self.most_s)
        if len(self._empty_at) > KEYS_MAX:
            del self._empty_at[next(iter(self._empty_at))]
