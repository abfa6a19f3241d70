"""What the page of a statement shows beside text and tally: one query, whose answer each web worker keeps for seconds."""

import datetime as dt

import msgspec

from undersigned.database.connection import Database
from undersigned.database.trouble import told_apart
from undersigned.readers import public_names
from undersigned.readers.keeping import Kept, Memory
from undersigned.readers.organisations import Listed
from undersigned.tallies.charts import Point

KEPT_S = 5.0
ORGANISATIONS_MAX = 24


class Total(msgspec.Struct, frozen=True):
    """Both numbers as they were when a breakdown was published."""

    as_of: dt.datetime
    individuals: int
    organisations: int


class Record(msgspec.Struct, frozen=True):
    """The published totals, oldest first; the first organisations, in the order of the log; whether there are names to see."""

    history: list[Total]
    organisations: list[Listed]
    has_names: bool

    @property
    def points(self) -> list[Point]:
        return [Point(total.as_of, total.individuals) for total in self.history]


class Records:
    """The record of each statement, as of five seconds ago at most: whoever withdraws isn't shown any more by then."""

    def __init__(self) -> None:
        self._kept: Memory[Record] = Memory()

    async def get(self, db: Database, slug: str) -> Kept[Record]:
        """The record of a published statement, an older one while the database is away. Raises DatabaseAway if there is none."""

        async def read() -> Record:
            with told_apart():
                row = await db.pool.fetchrow(db.q.records.read, slug, ORGANISATIONS_MAX, *public_names.bounds(slug))
            return msgspec.convert(dict(row or {}), Record)

        return await self._kept.get(slug, KEPT_S, read)
