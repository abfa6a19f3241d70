"""Room: whether there is disk left, and whether few enough claims came lately and are pending, for new ones to be taken."""

import shutil

from undersigned.database.connection import Database
from undersigned.errors import NoRoom
from undersigned.process.embedded import Cluster
from undersigned.settings import PREFIX, Settings
from undersigned.signing import limits

# Between two looks come far fewer submissions than the reserve has room for.
LOOK_EVERY_S = 5.0
MEGABYTE = 1024 * 1024


def free_bytes(settings: Settings) -> int | None:
    """How much disk is left for the embedded database; None if the database isn't embedded, or can't be seen."""
    cluster = Cluster(settings.data_path)
    if settings.database_url and settings.database_url != cluster.url:
        return None
    try:
        return min(shutil.disk_usage(place).free for place in (cluster.directory, cluster.directory / "pg_wal"))
    except OSError:
        return None


def of_disk(settings: Settings) -> list[str]:
    """Whether the disk of an embedded database is nearly full."""
    free = free_bytes(settings)
    if free is None or free >= settings.disk_reserve_mb * MEGABYTE:
        return []
    return [
        f"new submissions are refused: {free // MEGABYTE} MB of disk are free, less than the reserve of "
        f"{settings.disk_reserve_mb} MB ({PREFIX}DISK_RESERVE_MB)"
    ]


async def of_claims(db: Database, settings: Settings) -> list[str]:
    """Whether as many claims wait for their confirmation as may. Raises DatabaseAway."""
    if not settings.pending_max or await db.one(db.q.health.claims, settings.pending_max) < settings.pending_max:
        return []
    return [f"new submissions are refused: {settings.pending_max:,} claims are pending ({PREFIX}PENDING_MAX)"]


async def of_budget(db: Database, settings: Settings) -> list[str]:
    """Whether as much was submitted in the last hour as may be. Raises DatabaseAway."""
    if not await limits.is_spent(db, settings):
        return []
    many = f"{settings.submit_budget_total:,}"
    return [f"new submissions are refused: {many} came within an hour ({PREFIX}SUBMIT_BUDGET_TOTAL)"]


async def problems(db: Database, settings: Settings) -> list[str]:
    """Why new submissions are refused. Raises DatabaseAway."""
    return [*of_disk(settings), *await of_claims(db, settings), *await of_budget(db, settings)]


class Room:
    """What this process saw when it last looked, so that no submission has to look for itself."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._of_disk: list[str] = []
        self._of_claims: list[str] = []

    async def look(self, db: Database) -> int:
        """Looks again; returns 0, for nothing else waits. Raises DatabaseAway."""
        self._of_disk = of_disk(self._settings)
        self._of_claims = await of_claims(db, self._settings)
        return 0

    def must_be_left(self) -> None:
        """Raises NoRoom if there was none at the last look."""
        if self._of_disk or self._of_claims:
            raise NoRoom
