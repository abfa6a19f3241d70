"""Exports: the verified endorsements of a statement, streamed row by row, for admins.

Whoever reads one slowly keeps a connection, and a view of all tables that nothing can be cleared away behind. So only a few may
read at once, and each for a bounded time, which the database itself keeps.

What was cut in the middle doesn't look whole: how many rows there are and the log's checkpoint are announced before the first
row; in NDJSON they stand in its first record, and again in its last, with the SHA-256 of all that came before.
"""

import asyncio
import base64
import csv
import hashlib
import io
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from undersigned.admins import trail
from undersigned.database.connection import Database
from undersigned.database.queries.exports import Announced, CountedEndorsement
from undersigned.database.session import Session
from undersigned.database.trouble import DatabaseAway
from undersigned.errors import ExportCut, Unavailable

Format = Literal["csv", "ndjson"]
FETCH_SIZE = 500
# How long one waits for another to end, how long a reader may take over a fetch, and how old a view may grow: ten million rows
# take a quarter of an hour.
WAIT_S = 5
IDLE_S = 60
AGE_S = 1800
MEDIA_TYPES: dict[Format, str] = {"csv": "text/csv", "ndjson": "application/x-ndjson"}
FORMAT = "undersigned/v1"
COLUMNS = CountedEndorsement.__struct_fields__
# Where a spreadsheet could begin a formula: first of all, and behind what may separate values; full-width signs count too.
SIGNS = r" *[=+\-@\uFF1D\uFF0B\uFF0D\uFF20]"
FORMULA = re.compile(rf"^(?={SIGNS}|[\t\r])|(?<=[,;|\t\r\n])(?={SIGNS})")


@dataclass(frozen=True)
class Export:
    """An export that was begun: the number of its rows, the log's signed checkpoint if one was released, and its pieces."""

    rows: int
    checkpoint: str | None
    pieces: AsyncIterator[bytes]

    @property
    def headers(self) -> dict[str, str]:
        """What announces it in HTTP; a checkpoint has several lines, and stands in base64."""
        headers = {"Undersigned-Rows": str(self.rows)}
        if self.checkpoint:
            headers["Undersigned-Checkpoint"] = base64.b64encode(self.checkpoint.encode()).decode()
        return headers


@asynccontextmanager
async def opened(db: Database, slug: str, form: Format, actor: str) -> AsyncIterator[Export]:
    """An export, CSV (RFC 4180, UTF-8) or a JSON object a line between an opening and a closing record: the counted endorsements
    that the log holds, in its order, from one cursor over the one unchanging view that its rows were counted in. The trail has it
    before the first piece is there.

    Raises Unavailable if others read, and none of them ends within seconds; and ExportCut, between pieces, if the reader takes
    too long over them or the database goes away.
    """
    async with _one_of_few(db):
        await trail.leave_trail(db, actor, "export", slug, None, form)
        async with db.transaction(isolation="repeatable_read", readonly=True) as session:
            await session.one(db.q.exports.bound, f"{IDLE_S}s", f"{AGE_S}s")
            announced = await session.one(db.q.exports.announced, slug)
            pieces = _pieces(session, slug, form, announced)
            yield Export(announced.row_count, announced.checkpoint, pieces)


@asynccontextmanager
async def _one_of_few(db: Database) -> AsyncIterator[None]:
    try:
        await asyncio.wait_for(db.streams.acquire(), WAIT_S)
    except TimeoutError:
        raise Unavailable from None
    try:
        yield
    finally:
        db.streams.release()


async def _pieces(session: Session, slug: str, form: Format, announced: Announced) -> AsyncIterator[bytes]:
    if form == "csv":
        yield (",".join(COLUMNS) + "\r\n").encode()
        async for row in _rows(session, slug):
            yield _as_csv(row)
        return
    told = {"statement": slug, "rows": announced.row_count, "checkpoint": announced.checkpoint}
    opening = msgspec.json.encode({"export": FORMAT, **told}) + b"\n"
    digest = hashlib.sha256(opening)
    yield opening
    async for row in _rows(session, slug):
        line = msgspec.json.encode(row) + b"\n"
        digest.update(line)
        yield line
    yield msgspec.json.encode({"end": FORMAT, **told, "sha256": digest.hexdigest()}) + b"\n"


async def _rows(session: Session, slug: str) -> AsyncIterator[CountedEndorsement]:
    try:
        async for row in session.each(session.q.exports.endorsements, slug, prefetch=FETCH_SIZE):
            yield row
    except DatabaseAway as error:
        raise ExportCut from error


def _as_csv(row: CountedEndorsement) -> bytes:
    line = io.StringIO()
    cells = [_cell(value) for value in msgspec.structs.astuple(row)]
    cells[COLUMNS.index("identity")] = (
        row.identity
    )  # the system's own: it opens an entry, and begins with what kind it is
    csv.writer(line, quoting=csv.QUOTE_ALL).writerow(cells)
    return line.getvalue().encode()


def _cell(value: Any) -> str:
    """A value as text that no spreadsheet takes for a formula (CWE-1236). Bytes are the system's own, and are never altered:
    their prefix is part of the format.
    """
    if value is None:
        return ""
    if isinstance(value, list):
        value = " ".join(value)
    elif isinstance(value, bytes):
        return f"base64:{base64.b64encode(value).decode()}"
    elif isinstance(value, dict):
        value = msgspec.json.encode(value).decode() if value else ""
    elif hasattr(value, "isoformat"):
        value = value.isoformat()
    return FORMULA.sub("'", str(value))
