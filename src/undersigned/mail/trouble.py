"""Trouble with the relay: while there is some, all workers wait, and one of them tries one mail now and then."""

import datetime as dt
import logging

from undersigned.database.connection import Database
from undersigned.database.queries.messages import Trouble

log = logging.getLogger(__name__)

PROBE_EVERY = dt.timedelta(seconds=45)
# A relay locks out whoever tries a wrong password again and again.
LOG_IN_EVERY = dt.timedelta(minutes=30)
# So many refusals alike, one after the other, are the relay's view of us: for as many recipients' domains, or else messages.
ALIKE_DOMAINS = 3
ALIKE_MESSAGES = 10


class Alike:
    """The refusals that came one after the other with the same reply."""

    def __init__(self) -> None:
        self._reason = ""
        self._domains: set[str] = set()
        self._count = 0

    def add(self, reason: str, domain: str) -> bool:
        """Counts one more; True if that makes it the relay's."""
        if reason != self._reason:
            self.clear()
        self._reason, self._count = reason, self._count + 1
        self._domains.add(domain)
        return len(self._domains) >= ALIKE_DOMAINS or self._count >= ALIKE_MESSAGES

    def clear(self) -> None:
        self._reason, self._count = "", 0
        self._domains.clear()


async def of_now(db: Database) -> Trouble | None:
    """Why no mail goes out, since when, and when it is tried again; None if it does."""
    return await db.maybe(db.q.messages.trouble)


async def pause(db: Database, reason: str, *, is_login: bool = False) -> None:
    """Lets all mail wait until a probe gets through."""
    log.error("No mail goes out: %s. `undersigned mail waiting` says more.", reason)
    await db.execute(db.q.messages.pause, reason, LOG_IN_EVERY if is_login else PROBE_EVERY)


async def may_probe(db: Database, trouble: Trouble) -> bool:
    """Whether it is this worker that tries one mail now; no other does for a while."""
    return trouble.is_due and await db.maybe(db.q.messages.probe, trouble.probe_at, PROBE_EVERY) is not None


async def resume(db: Database) -> None:
    """Lets mail go out again."""
    log.warning("Mail goes out again.")
    await db.execute(db.q.messages.resume)
