"""Organisations that endorse in public: as pages show them, and with what opens their entries."""

import msgspec

from undersigned.database.connection import Database, Record
from undersigned.log import reading
from undersigned.statements.published import Statement

PAGE_SIZE = 100


class Listed(msgspec.Struct, frozen=True):
    """A counted organisation as pages show it; its representative only if they want it and a person looked at the name."""

    log_index: int
    name: str
    website: str | None
    country: str
    representative: str | None

    @property
    def link(self) -> str | None:
        """Its website, if that can be linked to."""
        return self.website if (self.website or "").startswith(("https://", "http://")) else None


async def counted(db: Database, statement: Statement, after: int) -> list[Record]:
    """The next 100 counted organisations behind a log index, in the order of the log, as far as it is released."""
    log = await reading.released(db, statement.slug)
    size = log.size if log else 0
    return list(await db.pool.fetch(db.q.organisations.counted, statement.slug, after, size, PAGE_SIZE))


async def listed(db: Database, slug: str, after: int) -> list[Listed]:
    """The next 100 counted organisations behind a log index, as pages show them."""
    log = await reading.released(db, slug)
    rows = await db.pool.fetch(db.q.organisations.listed, slug, after, log.size if log else 0, PAGE_SIZE)
    return [Listed(**dict(row)) for row in rows]


async def find_listed(db: Database, slug: str, log_index: int) -> Record | None:
    """A counted organisation by its entry in the log, or None."""
    return await db.pool.fetchrow(db.q.organisations.find_listed, slug, log_index)
