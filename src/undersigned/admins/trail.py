"""The trail: what admins did, without personal data."""

from uuid import UUID

from undersigned.database.connection import Database


async def leave_trail(
    db: Database, actor: str, action: str, statement: str | None, subject: UUID | None, detail: str | None
) -> None:
    await db.pool.execute(db.q.admins.leave_trail, actor, action, statement, subject, detail)
