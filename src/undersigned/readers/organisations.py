"""Organisations that endorse in public, as far as the log is released: as pages show them, and with what opens their entries."""

from collections.abc import Sequence

from undersigned.database.connection import Database
from undersigned.database.queries.names import Called
from undersigned.database.queries.organisations import Counted, Listed

PAGE_SIZE = 100


async def counted(db: Database, slug: str, after: int) -> list[Counted]:
    """The next 100 counted organisations behind a log index, in the order of the log."""
    return await db.many(db.q.organisations.counted, slug, after, PAGE_SIZE)


async def listed(db: Database, slug: str, after: int) -> list[Listed]:
    """The same as pages show them."""
    return await db.many(db.q.organisations.listed, slug, after, PAGE_SIZE)


def following(page: Sequence[Counted | Listed]) -> int | None:
    """The log index behind which the next page begins, or None behind the last."""
    return page[-1].log_index if len(page) == PAGE_SIZE else None


async def find_listed(db: Database, slug: str, log_index: int) -> Called | None:
    """A counted organisation by its entry in the log, or None."""
    return await db.maybe(db.q.organisations.find_listed, slug, log_index)
