"""How much may be submitted: by one network, and in the whole installation, by all web processes on all machines together.

Each process counts in its memory, so that nothing that is asked waits for it. A few times a second it adds what it counted to the
database's sums and reads what the others counted, in one statement. While the database is away, each goes on with what it knows.
"""

import datetime as dt
import math
import time
from collections.abc import Callable
from uuid import UUID

from undersigned.database.connection import Database
from undersigned.errors import NoRoom, TooManyRequests
from undersigned.settings import Settings
from undersigned.signing.meters import Meter

EXCHANGE_EVERY_S = 0.25
# What other processes counted is read of the meters that are fullest; of a network that asks here, always.
FULLEST_READ = 500
# So much of what a key may have in its hour or minute may be unknown to the others, of each process.
UNTOLD_SHARE = 1 / 16
EMPTY_DROPPED_MIN = 1000
HOUR_S, MINUTE_S = 3600.0, 60.0
# A burst ends by itself: each quiet minute takes one level off.
LEVEL_MAX = 6
INSTALLATION = UUID(int=0)
UNKNOWN = UUID(int=2**128 - 1)
# Whoever's turn would come later than this had better come back later.
TURNS_MOST_S = 600.0


class Limits:
    """The limits of these settings, as this process knows them. A network is named by its key, None if it can't be told."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._ahead_s = time.time() - clock()
        self._budget_s = {
            False: _interval_s(settings.submit_budget_network, HOUR_S),
            True: _interval_s(settings.submit_budget_total, HOUR_S),
        }
        self._burst_s = {
            False: _interval_s(settings.submit_burst_network, MINUTE_S),
            True: _interval_s(settings.submit_burst_total, MINUTE_S),
        }
        self._budgets = Meter("budget", 2 * HOUR_S, UNTOLD_SHARE * HOUR_S, clock)
        self._bursts = Meter("burst", (LEVEL_MAX + 0.5) * MINUTE_S, UNTOLD_SHARE * MINUTE_S, clock)
        self._turns = Meter("turns", 2 * TURNS_MOST_S, 0.0, clock)
        self._meters = (self._budgets, self._bursts, self._turns)

    def now_s(self) -> float:
        """The database's time, in seconds since 1970: no two machines' own clocks have to agree."""
        return self._clock() + self._ahead_s

    def spend(self, network_key: UUID | None) -> None:
        """Counts a request of a network that is no submission. Raises TooManyRequests, with the seconds to wait, if its budget
        is spent; nothing is counted then.
        """
        self._must_have(network_key)
        if self._budget_s[False]:
            self._budgets.add(network_key or UNKNOWN, self._budget_s[False])

    def must_have_left(self, network_key: UUID | None) -> None:
        """Raises TooManyRequests if a network's budget is spent, and NoRoom if the installation's is."""
        self._must_have(network_key)
        if _over_s(self._budgets.fill_s(INSTALLATION), self._budget_s[True]):
            raise NoRoom

    def level(self, network_key: UUID | None) -> int:
        """How much a burst asks of whoever submits now, from 0, nothing, to LEVEL_MAX: one more for each minute's worth that came
        from their network beyond what may come in a minute, or from all networks.
        """
        fullest_s = max(self._bursts.fill_s(network_key or UNKNOWN), self._bursts.fill_s(INSTALLATION))
        return min(int(fullest_s / MINUTE_S + 1e-6), LEVEL_MAX)

    def count(self, network_key: UUID | None) -> None:
        """Counts a submission that is let in."""
        for key, is_all in ((network_key or UNKNOWN, False), (INSTALLATION, True)):
            for meter, interval_s in ((self._budgets, self._budget_s), (self._bursts, self._burst_s)):
                if interval_s[is_all]:
                    meter.add(key, interval_s[is_all])

    def queue(self, network_key: UUID | None, turn_s: float) -> float:
        """Takes a turn of so many seconds in a network's queue; returns the seconds until it comes.

        Raises TooManyRequests if that would be longer than ten minutes.
        """
        wait_s = self._turns.fill_s(network_key or UNKNOWN)
        if wait_s > TURNS_MOST_S:
            raise TooManyRequests(math.ceil(wait_s - TURNS_MOST_S))
        self._turns.add(network_key or UNKNOWN, turn_s)
        return wait_s

    async def exchange(self, db: Database) -> int:
        """Adds what was counted here to what all count, and takes over what the others counted; returns 0, for nothing waits.

        Raises DatabaseAway; what was counted then waits for the next time, as far as it still matters.
        """
        taken = [(meter, meter.take_untold()) for meter in self._meters]
        told = [(meter.name, key, dt.timedelta(seconds=s)) for meter, untold in taken for key, s in untold.items()]
        columns = [[each[place] for each in told] for place in range(3)]
        most = [dt.timedelta(seconds=meter.most_s) for meter in self._meters]
        asked_at = self._clock()
        try:
            found = await db.many(db.q.limits.exchange, *columns, *most, FULLEST_READ)
        except BaseException:
            for meter, untold in taken:
                meter.give_back(untold)
            raise
        by_name = {meter.name: meter for meter in self._meters}
        for row in found:
            self._ahead_s = row.clock.timestamp() - asked_at
            if row.name and row.key is not None and row.fill is not None:
                by_name[row.name].learn(row.key, asked_at + row.fill.total_seconds())
        # At least as many go as may have come, so that the table is no larger than what still counts.
        await db.execute(db.q.limits.drain, max(2 * len(told), EMPTY_DROPPED_MIN))
        return 0

    def _must_have(self, network_key: UUID | None) -> None:
        over_s = _over_s(self._budgets.fill_s(network_key or UNKNOWN), self._budget_s[False])
        if over_s:
            raise TooManyRequests(math.ceil(over_s))


async def is_spent(db: Database, settings: Settings) -> bool:
    """Whether all that the installation takes in an hour was submitted. Raises DatabaseAway."""
    fill = await db.one(db.q.limits.fill, "budget", INSTALLATION)
    return _over_s(fill.total_seconds(), _interval_s(settings.submit_budget_total, HOUR_S)) > 0


def _interval_s(count: int, period_s: float) -> float:
    """The seconds that one of so many in a period takes; 0 if they aren't limited."""
    return period_s / count if count else 0.0


def _over_s(fill_s: float, interval_s: float) -> float:
    """The seconds until one more fits into an hour's budget; 0 if it does now."""
    over_s = fill_s + interval_s - HOUR_S
    return over_s if interval_s and over_s > interval_s / 2 else 0.0
