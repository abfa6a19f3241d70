"""The trail: what admins did, without personal data. An act that writes leaves its trace in the statement that does it."""

from uuid import UUID

from undersigned.database.connection import Database


async def leave_trail(
    db: Database, actor: str, action: str, statement: str | None, subject: UUID | None, detail: str | None
) -> None:
    """Notes what was done that writes nothing itself, such as an export: before it is done."""
    await db.execute(db.q.admins.leave_trail, actor, action, statement, subject, detail)
