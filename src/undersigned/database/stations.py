"""What a process does at each station: counted in memory, and added to the sums in the database every few seconds.

The sums are right for any number of processes on any number of machines, and outlive them all. A process that is killed takes
its last few seconds' counts along; an answer that is lost with a connection may count twice. They are for monitoring, and nothing
that is published comes from them.
"""

from collections import Counter

from undersigned.database.session import Asking

WRITE_DOWN_EVERY_S = 10.0


class Stations:
    """Counts by station and outcome, none of them anybody's."""

    def __init__(self) -> None:
        self._noted: Counter[tuple[str, str]] = Counter()

    def note(self, station: str, outcome: str, number: int = 1) -> None:
        self._noted[station, outcome] += number

    async def write_down(self, db: Asking) -> int:
        """Adds what was noted since the last time to the database's sums; returns 0, for nothing else waits.

        Raises DatabaseAway; what was noted then waits for the next time.
        """
        noted, self._noted = self._noted, Counter()
        try:
            if noted:
                stations, outcomes = zip(*noted, strict=True)
                await db.execute(db.q.health.note, stations, outcomes, list(noted.values()))
        except BaseException:
            self._noted.update(noted)
            raise
        return 0
