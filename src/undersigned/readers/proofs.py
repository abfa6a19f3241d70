"""What the page on how a statement is counted shows beside its tally: what anybody can check the numbers by."""

import msgspec

from undersigned.database.connection import Database
from undersigned.database.queries.log import Checked
from undersigned.log import audits, check, reading
from undersigned.log.audits import Audit
from undersigned.readers.keeping import Kept, Memory

KEPT_S = 5.0


class Proof(msgspec.Struct, frozen=True):
    """The latest recount, the newest signed head, and the latest sample that was reported; each None until there is one."""

    check: Checked | None
    checkpoint: str | None
    audit: Audit | None


class Proofs:
    """The proof of each statement, as of five seconds ago at most."""

    def __init__(self) -> None:
        self._kept: Memory[Proof] = Memory()

    async def get(self, db: Database, slug: str) -> Kept[Proof]:
        """The proof of a published statement, an older one while the database is away. Raises DatabaseAway if there is none."""

        async def read() -> Proof:
            log = await reading.released(db, slug)
            reported = (audit for audit in await audits.published(db, slug) if audit.upper)
            return Proof(await check.latest(db, slug), log.checkpoint if log else None, next(reported, None))

        return await self._kept.get(slug, KEPT_S, read)
