"""Stops: a mailbox's owner lets no more mail through that anybody could have asked for, or lets it through again."""

from uuid import UUID

from undersigned.database.connection import Database


async def is_stopped(db: Database, mailbox_id: UUID) -> bool:
    """Whether such mail to a mailbox is stopped."""
    return await db.one(db.q.messages.is_suppressed, mailbox_id)


async def stop(db: Database, mailbox_id: UUID) -> None:
    """Stops it; a second time changes nothing."""
    await db.execute(db.q.messages.suppress, mailbox_id)


async def let_through(db: Database, mailbox_id: UUID) -> None:
    """Lets it through again, if it was its owner who stopped it."""
    await db.execute(db.q.messages.unsuppress, mailbox_id)
