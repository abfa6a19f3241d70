"""Stops: a mailbox's owner lets no more mail through that anybody could have asked for, or lets it through again.

A mailbox is named by how its key begins, as its links do: by 12 bytes, which no two mailboxes share.
"""

from uuid import UUID

from undersigned.database.connection import Database


async def is_stopped(db: Database, beginning: bytes) -> bool:
    """Whether such mail to a mailbox is stopped."""
    return await db.one(db.q.messages.is_suppressed, *_range(beginning))


async def stop(db: Database, beginning: bytes) -> None:
    """Stops it; a second time changes nothing."""
    await db.execute(db.q.messages.suppress, _range(beginning)[0])


async def let_through(db: Database, beginning: bytes) -> None:
    """Lets it through again, if it was its owner who stopped it."""
    await db.execute(db.q.messages.unsuppress, *_range(beginning))


def _range(beginning: bytes) -> tuple[UUID, UUID]:
    return UUID(bytes=beginning.ljust(16, b"\0")), UUID(bytes=beginning.ljust(16, b"\xff"))
