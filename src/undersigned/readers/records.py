"""What the page of a statement shows beside text and tally: one query, whose answer each web worker keeps for seconds."""

from undersigned.database.connection import Database
from undersigned.database.queries.records import Record
from undersigned.readers import public_names
from undersigned.readers.keeping import Kept, Memory
from undersigned.tallies.charts import Point

KEPT_S = 5.0
ORGANISATIONS_MAX = 24


def points(record: Record) -> list[Point]:
    """The people counted over time, for a chart."""
    return [Point(total.as_of, total.individuals) for total in record.history]


class Records:
    """The record of each statement, as of five seconds ago at most: whoever withdraws isn't shown any more by then."""

    def __init__(self) -> None:
        self._kept: Memory[Record] = Memory()

    async def get(self, db: Database, slug: str) -> Kept[Record]:
        """The record of a published statement, an older one while the database is away. Raises DatabaseAway if there is none."""

        async def read() -> Record:
            return await db.one(db.q.records.read, slug, ORGANISATIONS_MAX, *public_names.bounds(slug))

        return await self._kept.get(slug, KEPT_S, read)
