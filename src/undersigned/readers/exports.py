"""Exports: the verified endorsements of a statement, streamed row by row, for admins.

Whoever reads one slowly keeps a connection, and a view of all tables that nothing can be cleared away behind. So only a few may
read at once, and each for a bounded time, which the database itself keeps.
"""

import asyncio
import base64
import csv
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Literal

import msgspec

from undersigned.admins import trail
from undersigned.database.connection import Database
from undersigned.database.queries.exports import CountedEndorsement
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
COLUMNS = CountedEndorsement.__struct_fields__
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


@asynccontextmanager
async def opened(db: Database, slug: str, form: Format, actor: str) -> AsyncIterator[AsyncIterator[bytes]]:
    """An export as pieces of a file, CSV (RFC 4180, UTF-8) or a JSON object a line: the counted endorsements that the log holds,
    in its order, from one cursor over one unchanging view. The trail has it before the first piece is there.

    Raises Unavailable if others read, and none of them ends within seconds; and ExportCut, between pieces, if the reader takes
    too long over them or the database goes away.
    """
    async with _one_of_few(db):
        await trail.leave_trail(db, actor, "export", slug, None, form)
        async with db.transaction(isolation="repeatable_read", readonly=True) as session:
            await session.one(db.q.exports.bound, f"{IDLE_S}s", f"{AGE_S}s")
            yield _pieces(session, slug, form)


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


async def _pieces(session: Session, slug: str, form: Format) -> AsyncIterator[bytes]:
    if form == "csv":
        yield (",".join(COLUMNS) + "\r\n").encode()
    try:
        async for row in session.each(session.q.exports.endorsements, slug, prefetch=FETCH_SIZE):
            yield _as_csv(row) if form == "csv" else msgspec.json.encode(row) + b"\n"
    except DatabaseAway as error:
        raise ExportCut from error


def _as_csv(row: CountedEndorsement) -> bytes:
    line = io.StringIO()
    csv.writer(line, quoting=csv.QUOTE_ALL).writerow(map(_cell, msgspec.structs.astuple(row)))
    return line.getvalue().encode()


def _cell(value: Any) -> str:
    """A value as text that no spreadsheet takes for a formula (CWE-1236)."""
    if value is None:
        return ""
    if isinstance(value, list):
        value = " ".join(value)
    elif isinstance(value, bytes):
        value = base64.b64encode(value).decode()
    elif isinstance(value, dict):
        value = msgspec.json.encode(value).decode() if value else ""
    elif hasattr(value, "isoformat"):
        value = value.isoformat()
    text = str(value)
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


async def size(db: Database, slug: str) -> int:
    """About how many rows an export will have."""
    return await db.maybe(db.q.exports.size, slug) or 0
