"""Readiness: what keeps this installation from being served as it should, and which station is late, in plain words."""

import datetime as dt

from undersigned.database.connection import Database
from undersigned.database.queries import SQL
from undersigned.database.queries.health import LogHealth
from undersigned.mail import trouble as relay

DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "data_checksums": "on"}

# What takes longer is late; docs/operations.md says what to do about each.
MAIL_LATE = dt.timedelta(minutes=15)
QUEUE_LATE = dt.timedelta(minutes=5)
RELEASE_LATE = dt.timedelta(minutes=1)
RECOUNT_LATE = dt.timedelta(days=2)
MEMORY_LATE = dt.timedelta(seconds=30)


async def problems(db: Database) -> list[str]:
    """What isn't as it should be, in the foundations or else in what stands on them; or nothing. Raises DatabaseAway."""
    found = await foundations(db)
    return found or await late(db)


async def foundations(db: Database) -> list[str]:
    """What keeps the database from being served from; empty when nothing does. Raises DatabaseAway."""
    missing = await missing_migrations(db)
    found = [f"migrations missing: {', '.join(missing)}"] if missing else []
    settings = {each.name: each.setting for each in await db.many(db.q.installation.durability)}
    found += [
        f"{name} is {settings.get(name)}, must be {value}"
        for name, value in DURABLE.items()
        if settings.get(name) != value
    ]
    return found


async def missing_migrations(db: Database) -> list[str]:
    """The names of this version's migrations that weren't applied, in order. Raises DatabaseAway."""
    there = await db.one(db.q.installation.has_migrations)
    applied = set(await db.many(db.q.installation.migrations)) if there else set()
    return sorted(file.stem for file in (SQL / "migrations").glob("*.sql") if file.stem not in applied)


async def late(db: Database) -> list[str]:
    """Which station is late or has stopped. Raises DatabaseAway."""
    mail, trouble = await db.one(db.q.health.mail, 1), await relay.of_now(db)
    found = [f"no mail goes out since {trouble.began_at:%Y-%m-%d %H:%M} UTC: {trouble.reason}"] if trouble else []
    found += (
        [f"mail is late: the oldest has been due for {spoken(mail.waited)}"] if over(mail.waited, MAIL_LATE) else []
    )
    return found + [sentence for log in await db.many(db.q.health.logs) for sentence in _of_log(log)]


def of_memory(age: dt.timedelta) -> list[str]:
    """Whether what a web worker has in memory is too old to be shown as the present."""
    return [f"the tally in memory is {spoken(age)} old"] if over(age, MEMORY_LATE) else []


def over(time: dt.timedelta | None, bound: dt.timedelta) -> bool:
    return time is not None and time > bound


def spoken(time: dt.timedelta | None) -> str:
    """A time in its two largest units: `1 day 2 h`."""
    seconds = int((time or dt.timedelta(0)).total_seconds())
    parts = [(seconds // 86400, "d"), (seconds // 3600 % 24, "h"), (seconds // 60 % 60, "min"), (seconds % 60, "s")]
    return " ".join(f"{number} {unit}" for number, unit in [part for part in parts if part[0]][:2]) or "0 s"


def _of_log(log: LogHealth) -> list[str]:
    name, found = f"the log of {log.statement}", []
    if log.stopped_reason:
        found.append(f"{name} is stopped: {log.stopped_reason}")
    if over(log.queue_waited, QUEUE_LATE):
        found.append(f"{name} is late: its oldest queue row has waited for {spoken(log.queue_waited)}")
    if over(log.unreleased_for, RELEASE_LATE):
        found.append(
            f"{name} has {log.unreleased_count} entries signed and not released for {spoken(log.unreleased_for)}"
        )
    if over(log.unchecked_for, RECOUNT_LATE):
        found.append(f"{name} was not recounted for {spoken(log.unchecked_for)}")
    if log.disagreement_count:
        found.append(f"{name} disagrees with its counts in {log.disagreement_count} points: run `undersigned check`")
    return found
