"""`python -m bench.large`: what the worker asks again and again, and its daily recount, at 10,000 and at 10,000,000 signers.

Prints for each query or job the rows that it reads, by PostgreSQL's own count of what its scans and indexes return, the
milliseconds, and by how much this process grows meanwhile, in KiB. Other sizes: `python -m bench.large 10000 1000000`.

It needs 2 KiB of disk for each signer, in a temporary directory that goes at the end, whatever happens, and stops by itself
after three hours. Most of its time is filling: whole tables in one INSERT each, with a log whose tree and sums are right, and a
second statement that nobody signed.
"""

import asyncio
import re
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec

from bench import filling, processes
from undersigned.database import migrations
from undersigned.database.connection import Database, connect
from undersigned.log import check, generations, sequencer
from undersigned.log.heads import Sealer
from undersigned.process import retention
from undersigned.process.embedded import running
from undersigned.settings import ROOT
from undersigned.statements import publishing

TIME_LIMIT_S = 3 * 3600
SIZES = (10_000, 10_000_000)
URL = "http://127.0.0.1:8000"
NETWORKS = next(rule for rule in retention.RULES if rule.what.startswith("the network key of a `signatory`"))
# Counted by scans of tables, and by those of indexes, which also count what an index alone answers.
ROWS_READ = """
SELECT (SELECT coalesce(sum(seq_tup_read), 0) FROM pg_stat_user_tables)::bigint
     + (SELECT coalesce(sum(idx_tup_read), 0) FROM pg_stat_user_indexes)::bigint
"""
# The keys are random: as long as their indexes fit in here, a row takes as long at ten million as at ten thousand.
ROOMY = "ALTER SYSTEM SET shared_buffers = '4GB'"
# Nothing but what is measured reads or writes meanwhile; and what is filled in is nobody's, and need not survive anything.
QUIET = (
    "ALTER SYSTEM SET max_wal_size = '8GB'",
    "ALTER SYSTEM SET checkpoint_timeout = '1h'",
    "ALTER SYSTEM SET autovacuum = off",
    "ALTER SYSTEM SET fsync = off",
    "ALTER SYSTEM SET full_page_writes = off",
    "SELECT pg_reload_conf()",
)
DURABLE_AGAIN = ("ALTER SYSTEM RESET fsync", "ALTER SYSTEM RESET full_page_writes", "SELECT pg_reload_conf()")
# As a restart leaves it once everybody is queued again: the longest look there is.
QUEUED_AGAIN = """
INSERT INTO log_past (statement, generation, origin, vkey, size, checkpoint) SELECT 'example', 0, origin, vkey, 0, checkpoint
FROM log_head WHERE statement = 'example';
TRUNCATE log_member, log_queue;
INSERT INTO log_queue (endorsement_id, statement, op, kind, commitment, objectives, generation)
SELECT id, statement, 'add', kind, commitment, objectives, 1 FROM endorsement WHERE statement = 'example';
UPDATE log_head SET generation = 1, shown_generation = 0, released_size = size WHERE statement = 'example';
"""


class Measured(msgspec.Struct, frozen=True):
    """What one run read, how long it took, and by how much the process grew."""

    rows: int
    ms: float
    grown_kib: int


def main(arguments: list[str]) -> int:
    # Whoever stops us, and be it the alarm: what we started is stopped too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.signal(signal.SIGALRM, lambda *_: sys.exit(f"This takes more than {TIME_LIMIT_S} s; something hangs."))
    signal.alarm(TIME_LIMIT_S)
    sizes = [int(each) for each in arguments] or SIZES
    found = {}
    for size in sizes:
        with processes.data_directory() as data_dir:
            with running(data_dir) as url:
                asyncio.run(_make_roomy(url))
            with running(data_dir) as url:
                found[size] = asyncio.run(_measure(url, data_dir, size))
    print(f"{'':<52}" + "".join(f"{size:>36,}" for size in sizes))
    print(f"{'':<52}" + f"{'rows':>14}{'ms':>12}{'KiB':>10}" * len(sizes))
    for what in found[sizes[0]]:
        cells = (found[size][what] for size in sizes)
        print(f"{what:<52}" + "".join(f"{cell.rows:>14,}{cell.ms:>12,.1f}{cell.grown_kib:>10,}" for cell in cells))
    return 0


async def _make_roomy(url: str) -> None:
    """Gives the database memory, which it takes when it starts next."""
    async with connect(url, connections_max=1) as db:
        await db.pool.execute(ROOMY)


async def _measure(url: str, data_dir: Path, size: int) -> dict[str, Measured]:
    begun = time.monotonic()
    await migrations.migrate(url)
    # One connection, so that all that it read is counted once it has been told to say so.
    async with connect(url, connections_max=1) as db:
        sealer = Sealer("a seed for nobody's log, long enough to be one", data_dir / "log")
        for statement in ("example", "recognize-to-reconcile"):
            await publishing.publish(db, ROOT / "statements" / statement, URL)
        for each in QUIET:
            await db.pool.execute(each)
        await filling.fill(db, sealer, "example", 0, size, (*filling.COUNTED, *filling.WAITING))
        for each in DURABLE_AGAIN:
            await db.pool.execute(each)
        print(f"{size:,} signers: filled in {time.monotonic() - begun:,.0f} s", file=sys.stderr)
        return {what: await _measured(db, step) for what, step in _steps(db, sealer).items()} | await _anew(db)


def _steps(db: Database, sealer: Sealer) -> dict[str, Callable[[], Awaitable[object]]]:
    q = db.q
    return {
        "every 150 ms: is there anything to append": lambda: db.many(q.log.waiting),
        "the sequencer: 20 entries": lambda: sequencer.run_once(db, sealer),
        "every 250 ms: all tallies": lambda: db.many(q.tallies.snapshot),
        "every 500 ms: does a restart go on": lambda: generations.catch_up(db),
        "every 2 s: count what is held": lambda: db.execute(q.tallies.count_held),
        "every 2 s: mark statements as used": lambda: db.execute(q.statements.mark_used, None),
        "every 2 s: ripe breakdowns": lambda: db.many(q.tallies.ripe, 10, NETWORKS.grace),
        "every 10 min: claims over their time": lambda: db.many(q.submissions.overdue, NETWORKS.grace, 1000),
        "every 10 min: networks to forget": lambda: retention.overdue_count(db, NETWORKS),
        "to publish: is the text in use": lambda: publishing.publish(db, ROOT / "statements" / "example", URL),
        "to seal: what still waits": lambda: db.one(q.log.unsettled, "example", NETWORKS.grace),
        "daily: the recount": lambda: _recount(db),
    }


async def _recount(db: Database) -> None:
    assert await check.check(db, "example") == []


async def _anew(db: Database) -> dict[str, Measured]:
    """While a log that began anew still has to add everybody."""
    async with db.pool.acquire() as connection:
        await connection.execute(QUEUED_AGAIN, timeout=TIME_LIMIT_S)
        await connection.execute("VACUUM ANALYZE log_queue, log_member", timeout=TIME_LIMIT_S)
    return {
        "everybody queued again, every 500 ms: who is outdated": await _measured(db, lambda: generations.catch_up(db)),
        "everybody queued again, every 150 ms: what waits": await _measured(db, lambda: db.many(db.q.log.waiting)),
        "everybody queued again: the next 1,000": await _measured(
            db, lambda: db.many(db.q.log.queue, "example", 1000, 1)
        ),
        "everybody queued again, every 2 s: statements in use": await _measured(
            db, lambda: db.execute(db.q.statements.mark_used, None)
        ),
    }


async def _measured(db: Database, step: Callable[[], Awaitable[object]]) -> Measured:
    before = await _rows_read(db)
    # Forgets the peak (proc(5)), so that the next one is this step's.
    Path("/proc/self/clear_refs").write_text("5")
    held, begun = _kib("VmRSS"), time.perf_counter()
    await step()
    ms = 1000 * (time.perf_counter() - begun)
    return Measured(await _rows_read(db) - before, ms, _kib("VmHWM") - held)


async def _rows_read(db: Database) -> int:
    await db.pool.execute("SELECT pg_stat_force_next_flush()")
    return int(await db.pool.fetchval(ROWS_READ))


def _kib(what: str) -> int:
    found = re.search(rf"{what}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found
    return int(found[1])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
