"""What is asked all the time reads no more where five times as many have signed: neither rows nor blocks, on filled tables."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest

from bench import filling
from tests.conftest import SECRET
from tests.sql.test_schema import declared
from undersigned.database.connection import Database
from undersigned.log.heads import Sealer
from undersigned.readers import public_names
from undersigned.settings import ROOT
from undersigned.statements import publishing

# Its tables are large, and what is known of them is measured anew: no other test has any use for that.
pytestmark = pytest.mark.virgin
FEW, MANY = 5_000, 25_000
# A page may be a little fuller, and for each row that is read a tree or two may be a level higher.
ROWS_MORE, BLOCKS_MORE = 50, 60
LARGE = "SET LOCAL enable_seqscan = off"
EARLIEST, OTHER = UUID(int=0), UUID(int=1)


def key(what: str) -> UUID:
    """The id of one that was filled in."""
    return UUID(hashlib.md5(what.encode(), usedforsecurity=False).hexdigest())


def committed(what: str) -> str:
    return "\\x" + hashlib.sha256(what.encode()).hexdigest()


PERSON, PERSON_BOUND = key("example101"), committed("example101")
BODY, BODY_BOUND = key("example100"), committed("example100")
BEGINNING = (UUID(hex=PERSON.hex[:12].ljust(32, "0")), UUID(hex=PERSON.hex[:12].ljust(32, "f")))
CONSENT = '{"endorse": {"at": "2027-01-01T00:00:00+00:00"}}'
FROM, TO = (f"\\x{place.hex()}" for place in public_names.bounds("example"))
# What each is asked with, as PostgreSQL writes it; None is null.
ASKED: dict[str, tuple[object, ...]] = {
    "submissions.find": (key("claimexample101"), PERSON),
    "submissions.locate": (*BEGINNING, "\\x" + PERSON.hex[:4]),
    "submissions.renew": (key("claimexample101"), PERSON, "7 days", OTHER),
    "submissions.overdue": ("7 days", 1000),
    "endorsements.confirm": (key("claimexample101"), PERSON, "Name", "queued", CONSENT, False, OTHER),
    "endorsements.withdraw": (PERSON, PERSON_BOUND),
    "endorsements.reject": (PERSON, "fraud", OTHER, "Told.", "console"),
    "endorsements.networks_overdue": ("30 days", 1000),
    "endorsements.rejected_overdue": ("0", 1000),
    "endorsements.recommit": (PERSON, PERSON_BOUND, PERSON_BOUND, BODY_BOUND, 1),
    "endorsements.find_by_entry": ("example", 103),
    "successions.find": (BODY, BODY, BODY_BOUND),
    "successions.locate": (*BEGINNING, PERSON_BOUND[:6]),
    "successions.accept": (BODY, BODY, "Name", "Chair", "hidden", CONSENT, OTHER, PERSON),
    "owners.locate": (*BEGINNING, PERSON_BOUND[:6]),
    "owners.read": (PERSON, PERSON_BOUND),
    "owners.change": (PERSON, PERSON_BOUND, "Other", None, False),
    "owners.leave": (BODY, BODY_BOUND),
    "owners.entry": (PERSON,),
    "names.find": (PERSON,),
    "names.show": (key("example102"), "Name 102", FROM, OTHER, "console"),
    "names.page": (FROM, TO, 201),
    "names.initials": (FROM, TO, len(public_names.bounds("example")[0])),
    "names.find_shown": ("example", PERSON),
    "organisations.find_listed": ("example", 102),
    "reports.report": (PERSON, OTHER, "name", "other", "", 5),
    "messages.due": (200,),
    "messages.lease": (BODY, BODY, "2027-01-01", "10 minutes"),
    "messages.circumstances": (PERSON, PERSON),
    "messages.counted_for_mailboxes": (f"{{{PERSON},{BODY}}}",),
    "messages.counted_for_networks": (f"{{{PERSON},{BODY}}}",),
    "messages.counted_for_domains": (f"{{{PERSON},{BODY}}}",),
    "messages.crowded_out": (f"{{{PERSON},{BODY}}}", 20, "10 minutes"),
    "log.waiting": (),
    "log.queue": ("example", 1000, 0),
    "log.released": ("example", None),
    "log.entries": ("example", 0, 100, 1000),
    "log.subtracted": ("example", 0, 0, 4000),
    "log.standing": ("example", 0),
    "log.members": ("example", 0, 1000, 2000),
    "log.outdated": (),
    "log.catching_up": (),
    "log.show": ("example", 0),
    "log.forget": (f"{{{PERSON},{BODY}}}",),
    "log.unsettled": ("example", "5 minutes"),
    "audits.later_size": ("example", 0, 1500, 5000),
    "statements.mark_used": (None,),
    "statements.find_text": ("example",),
    "tallies.snapshot": (),
    "tallies.count_held": (),
    "tallies.ripe": (10, "1 day"),
    "health.mail": (1,),
    "health.queue_length": (100,),
    "health.logs": (),
}
# These give so much that of a table as small as here it is cheaper to read all: so they are planned as for a large one.
PAGES: dict[str, tuple[object, ...]] = {
    "endorsements.outdated": ("example", 1, EARLIEST),
    "organisations.counted": ("example", -1, 20),
    "organisations.listed": ("example", -1, 20),
    "records.read": ("example", 12, FROM, TO),
    "messages.overdue": ("30 days", 1000),
    "log.endorsed": ("example", 0, EARLIEST),
    "audits.openings": ("example", "{103,104,105}", 0),
}
# In a log that began anew, and has everybody queued again.
BEGUN_ANEW = """
UPDATE log_head SET generation = 1, shown_generation = 0 WHERE statement = 'example';
INSERT INTO log_past (statement, generation, origin, vkey, size, checkpoint) VALUES ('example', 0, 'o', 'k', 0, 'c');
UPDATE endorsement SET generation = 1;
UPDATE log_queue SET generation = 1;
INSERT INTO log_queue (endorsement_id, statement, op, kind, commitment, objectives, generation)
SELECT id, statement, 'add', kind, commitment, objectives, 1 FROM endorsement WHERE statement = 'example';
DELETE FROM log_member;
ANALYZE;
"""
ASKED_ANEW: dict[str, tuple[object, ...]] = {
    "log.waiting": (),
    "log.queue": ("example", 1000, 1),
    "log.outdated": (),
    "log.catching_up": (),
    "log.show": ("example", 1),
    "statements.mark_used": (None,),
}


class Read(msgspec.Struct, frozen=True):
    """What a statement read: rows, also those that it threw away, and blocks of 8 KiB."""

    rows: int
    blocks: int
    plan: str


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes(below)


def read_rows(node: dict[str, Any]) -> float:
    if "Scan" not in node["Node Type"] or "Relation Name" not in node:
        return 0
    thrown_away = sum(node.get(f"Rows Removed by {what}", 0) for what in ("Filter", "Index Recheck"))
    return float((node["Actual Rows"] + thrown_away) * node["Actual Loops"])


async def read(connection: Any, sql: str, arguments: tuple[object, ...], settings: str) -> Read:
    """What a query reads as it is planned with these settings; nothing of what it does stays."""
    given = ", ".join("NULL" if each is None else f"'{each}'" for each in arguments)
    transaction = connection.transaction()
    await transaction.start()
    try:
        await connection.execute(settings)
        await connection.execute(f"PREPARE guarded AS {sql}")
        [row] = await connection.fetch(
            f"EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) EXECUTE guarded {f'({given})' if given else ''}"
        )
    finally:
        await transaction.rollback()
        await connection.execute("DEALLOCATE guarded")
    [told] = msgspec.json.decode(row[0])
    plan = told["Plan"]
    shape = [f"{node['Node Type']} {node.get('Index Name') or node.get('Relation Name') or ''}" for node in nodes(plan)]
    blocks = plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
    return Read(round(sum(map(read_rows, nodes(plan)))), blocks, "; ".join(shape))


async def reads(connection: Any, asked: dict[str, tuple[object, ...]], settings: str = "") -> dict[str, Read]:
    """What each reads, planned without its arguments and with them."""
    queries, found = dict(declared()), {}
    for name, arguments in asked.items():
        for mode in ("force_generic_plan", "force_custom_plan"):
            planning = f"SET LOCAL plan_cache_mode = {mode}; {settings}"
            found[f"{name}, {mode}"] = await read(connection, queries[name].sql, arguments, planning)
    return found


def must_not_grow(few: dict[str, Read], many: dict[str, Read]) -> None:
    grown = [
        f"{name}: {few[name].rows} rows and {few[name].blocks} blocks; {read.rows} and {read.blocks}: {read.plan}"
        for name, read in many.items()
        if read.rows > few[name].rows + ROWS_MORE or read.blocks > few[name].blocks + 2 * read.rows + BLOCKS_MORE
    ]
    assert grown == [], "\n".join(grown)


@pytest.fixture
async def unused(db: Database) -> Database:
    """With a second statement that nothing was submitted under: only looking for it tells that there is nothing."""
    await publishing.publish(db, ROOT / "statements" / "recognize-to-reconcile", "http://127.0.0.1:8000")
    return db


async def test_what_is_asked_all_the_time_reads_no_more_of_more_signers(unused: Database, tmp_path: Path) -> None:
    db, sealer, kinds = unused, Sealer(SECRET, tmp_path), (*filling.COUNTED, *filling.WAITING)
    await filling.fill(db, sealer, "example", 0, FEW, kinds)
    await db.execute(db.q.statements.mark_used, "example")
    async with db.pool.acquire() as connection:
        few = await reads(connection, ASKED) | await reads(connection, PAGES, LARGE)
        await filling.fill(db, sealer, "example", FEW, MANY, kinds)
        many = await reads(connection, ASKED) | await reads(connection, PAGES, LARGE)
    must_not_grow(few, many)
    # There is something to read in these, or nothing would be measured.
    for name in (
        "submissions.find",
        "submissions.locate",
        "owners.locate",
        "successions.locate",
        "names.page",
        "organisations.listed",
        "messages.due",
        "log.members",
        "log.endorsed",
    ):
        assert many[f"{name}, force_custom_plan"].rows > 0, name


async def test_what_a_restart_asks_all_the_time_reads_no_more_of_more_signers(unused: Database, tmp_path: Path) -> None:
    db, found = unused, []
    async with db.pool.acquire() as connection:
        for start, end in ((0, FEW), (FEW, MANY)):
            await filling.fill(db, Sealer(SECRET, tmp_path), "example", start, end, (*filling.COUNTED, "queue"))
            transaction = connection.transaction()
            await transaction.start()
            await connection.execute(BEGUN_ANEW)
            found.append(await reads(connection, ASKED_ANEW))
            await transaction.rollback()
    must_not_grow(*found)
