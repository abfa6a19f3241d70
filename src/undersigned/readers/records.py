"""What the page of a statement shows beside text and tally: one query, whose answer each web worker keeps for seconds."""

import asyncio
import time
from collections import defaultdict

from undersigned.database.connection import Database
from undersigned.database.queries.records import Record
from undersigned.readers import public_names
from undersigned.tallies.charts import Point

KEPT_S = 5.0
ORGANISATIONS_MAX = 24


def points(record: Record) -> list[Point]:
    """The people counted over time, for a chart."""
    return [Point(total.as_of, total.individuals) for total in record.history]


class Records:
    """The record of each statement, as of five seconds ago at most: whoever withdraws isn't shown any more by then."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[float, Record]] = {}
        self._reading: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def get(self, db: Database, slug: str) -> Record:
        """The record of a published statement; of many who ask at once, one reads it."""
        async with self._reading[slug]:
            kept = self._kept.get(slug)
            if kept is None or time.monotonic() - kept[0] >= KEPT_S:
                record = await db.one(db.q.records.read, slug, ORGANISATIONS_MAX, *public_names.bounds(slug))
                kept = self._kept[slug] = (time.monotonic(), record)
            return kept[1]
