"""Readiness: what keeps this installation from being served as it should, in plain words."""

from undersigned.database.connection import Database
from undersigned.database.queries import SQL

DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "data_checksums": "on"}


async def problems(db: Database) -> list[str]:
    """What keeps the database from being served from, in plain words; empty when all is well.

    Raises DatabaseAway if it can't be reached.
    """
    found = []
    applied = set(await db.many(db.q.installation.migrations))
    missing = sorted(file.stem for file in (SQL / "migrations").glob("*.sql") if file.stem not in applied)
    if missing:
        found.append(f"migrations missing: {', '.join(missing)}")
    settings = {each.name: each.setting for each in await db.many(db.q.installation.durability)}
    found += [
        f"{name} is {settings.get(name)}, must be {value}"
        for name, value in DURABLE.items()
        if settings.get(name) != value
    ]
    return found
