"""A step that is run for ever, and goes on whatever goes wrong in it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from undersigned.database.stations import Stations
from undersigned.database.trouble import DatabaseAway

log = logging.getLogger(__name__)

PAUSE_AFTER_ERROR_S = 2.0


async def repeat(stations: Stations, name: str, every_s: float, step: Callable[[], Awaitable[int]]) -> None:
    """Runs a step for ever: again at once while it finds work, and after a pause when it fails or the database is away.

    Each round is noted under the step's name.
    """
    while True:
        try:
            busy = await step()
        except DatabaseAway as error:
            log.warning("The %s waits for the database (%s).", name, error.why)
            stations.note(f"loop {name}", "waited")
            await asyncio.sleep(PAUSE_AFTER_ERROR_S)
        except Exception:
            log.exception("The %s failed; it goes on.", name)
            stations.note(f"loop {name}", "failed")
            await asyncio.sleep(PAUSE_AFTER_ERROR_S)
        else:
            stations.note(f"loop {name}", "done")
            await asyncio.sleep(0 if busy else every_s)
