"""Breakdowns: what may be told of the count by country and objective without pointing at anybody."""

import datetime as dt
from collections.abc import Mapping, Sequence

from undersigned.database.connection import Database
from undersigned.database.queries.tallies import Cell

CELL_MIN = 10
BREAKDOWN_EVERY = dt.timedelta(days=1)


def fold(cells: Mapping[str, int]) -> dict[str, int]:
    """The cells that may be published: those under 10 make up `other`, which takes in the next cell if that leaves it under 10.

    Nothing at all is published where even everything together stays under 10.
    """
    ranked = sorted(((count, key) for key, count in cells.items() if count > 0), reverse=True)
    shown = [(count, key) for count, key in ranked if count >= CELL_MIN]
    other = sum(count for count, _ in ranked if count < CELL_MIN)
    if 0 < other < CELL_MIN and shown:
        other += shown.pop()[0]  # which alone holds 10, as every cell does that is shown
    folded = {key: count for count, key in shown}
    if other >= CELL_MIN:
        folded["other"] = other
    return folded


async def publish_breakdowns(db: Database) -> int:
    """Publishes the breakdowns that are ripe: a day old, with at least 10 individuals added. Returns how many."""
    ripe = await db.many(db.q.tallies.ripe, CELL_MIN, BREAKDOWN_EVERY)
    for each in ripe:
        cells = await db.many(db.q.tallies.cells, each.statement)
        await db.execute(
            db.q.tallies.publish_breakdown,
            each.statement,
            _folded(cells, "country"),
            _folded(cells, "objective"),
            each.individual_added_count,
        )
    return len(ripe)


def _folded(cells: Sequence[Cell], dimension: str) -> dict[str, int]:
    return fold({cell.key: cell.individual_count for cell in cells if cell.dimension == dimension})
