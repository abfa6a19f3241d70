"""Reports: readers say what is wrong with a shown name or a counted organisation; a person looks at it."""

import datetime as dt
import unicodedata
import uuid
from typing import get_args
from uuid import UUID

from undersigned.database.connection import Database
from undersigned.database.queries.reports import About, OpenReport, Reason
from undersigned.errors import FieldError, InvalidFields, ReportNotFound

REASONS: tuple[Reason, ...] = get_args(Reason)
NOTE_LENGTH_MAX = 500
# More than a person reads about one endorsement before they act; what comes after says nothing new.
OPEN_MAX = 20
KEPT = dt.timedelta(days=30)


async def report(db: Database, endorsement_id: UUID, about: About, reason: str, note: str) -> None:
    """Keeps a report, and nothing about who made it. Raises InvalidFields."""
    note = "".join(c for c in note.replace("\r\n", "\n") if c == "\n" or unicodedata.category(c)[0] != "C").strip()
    faults = []
    if reason not in REASONS:
        faults.append(FieldError("/reason", "required", "Please choose what is wrong."))
    if len(note) > NOTE_LENGTH_MAX:
        faults.append(FieldError("/note", "too_long", f"Please use no more than {NOTE_LENGTH_MAX} characters."))
    if faults:
        raise InvalidFields(faults)
    await db.batched(db.q.reports.report, endorsement_id, uuid.uuid4(), about, reason, note, OPEN_MAX)


async def waiting(db: Database) -> list[OpenReport]:
    """The open reports, oldest first."""
    return await db.many(db.q.reports.waiting)


async def finish(db: Database, report_id: UUID, actor: str) -> None:
    """Marks a report as dealt with. Raises ReportNotFound if it isn't open, or if somebody was faster."""
    endorsement_id = await db.maybe(db.q.reports.find, report_id)
    if endorsement_id is None or await db.batched(db.q.reports.finish, endorsement_id, report_id, actor) == "absent":
        raise ReportNotFound
