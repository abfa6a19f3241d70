"""Exports: the verified endorsements of a statement, streamed row by row, for admins."""

import base64
import csv
import io
from collections.abc import AsyncIterator, Mapping
from typing import Any, Literal

import msgspec

from undersigned.database.connection import Database, Record

Format = Literal["csv", "ndjson"]
FETCH_SIZE = 500
MEDIA_TYPES: dict[Format, str] = {"csv": "text/csv", "ndjson": "application/x-ndjson"}
COLUMNS = (
    "log_index",
    "kind",
    "counted_at",
    "name",
    "name_status",
    "address",
    "country",
    "role",
    "locale",
    "objectives",
    "partner",
    "source",
    "updates",
    "organisation",
    "website",
    "contributions",
    "proof",
    "origin",
    "statement_sha256",
    "shown_sha256",
    "identity",
    "salt",
)
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


async def rows(db: Database, slug: str) -> AsyncIterator[Record]:
    """The counted endorsements that the log holds, in its order, from one cursor over one unchanging view."""
    async with (
        db.streams,
        db.pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        async for row in connection.cursor(db.q.exports.endorsements, slug, prefetch=FETCH_SIZE):
            yield row


async def stream(db: Database, slug: str, form: Format) -> AsyncIterator[bytes]:
    """An export as pieces of a file: CSV (RFC 4180, UTF-8) or a JSON object a line."""
    if form == "csv":
        yield (",".join(COLUMNS) + "\r\n").encode()
    async for row in rows(db, slug):
        opened = _with_opening(row)
        yield _as_csv(opened) if form == "csv" else msgspec.json.encode(opened) + b"\n"


def _with_opening(row: Record) -> dict[str, Any]:
    """A row with what opens its entry of the log, so that an auditor can check that it is the one counted."""
    return {**row, "salt": base64.b64encode(row["salt"]).decode()}


def _as_csv(row: Mapping[str, Any]) -> bytes:
    line = io.StringIO()
    csv.writer(line, quoting=csv.QUOTE_ALL).writerow([_cell(row[column]) for column in COLUMNS])
    return line.getvalue().encode()


def _cell(value: Any) -> str:
    """A value as text that no spreadsheet takes for a formula (CWE-1236)."""
    if value is None:
        return ""
    if isinstance(value, list):
        value = " ".join(value)
    elif isinstance(value, dict):
        value = msgspec.json.encode(value).decode() if value else ""
    elif hasattr(value, "isoformat"):
        value = value.isoformat()
    text = str(value)
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


async def size(db: Database, slug: str) -> int:
    """About how many rows an export will have."""
    return int(await db.pool.fetchval(db.q.exports.size, slug) or 0)
