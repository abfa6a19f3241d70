"""Vacuuming: what was purged or withdrawn also leaves the tables' files as rows, within about an hour."""

import datetime as dt

from undersigned.database.connection import connect

EVERY = dt.timedelta(hours=1)
# On a connection of its own, for no other command may take so long.
TIMEOUT_S = 1800


async def vacuum(database_url: str, every: dt.timedelta = EVERY) -> bool:
    """Clears the dead rows of the tables of persons, unless nothing died there since or the last time is too recent.

    Returns whether it did. Several processes may call it at once: a table is vacuumed by one of them, by PostgreSQL's own lock.
    Raises DatabaseAway.
    """
    async with connect(database_url, connections_max=1, command_timeout_s=TIMEOUT_S) as db, db.session() as session:
        if not await session.one(session.q.vacuum.is_due, every):
            return False
        await session.execute(session.q.vacuum.gently)
        await session.execute(session.q.vacuum.tables)
        await session.execute(session.q.vacuum.samples)
        return True
