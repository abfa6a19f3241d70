"""Retention: what is deleted once its time is over. ARCHITECTURE.md has the same table, and a test holds the two equal."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import msgspec

from undersigned.database.connection import Database
from undersigned.database.queries import Queries
from undersigned.database.queries.declaring import Query
from undersigned.mail import outbox
from undersigned.readers import reports
from undersigned.signing import submissions

NETWORK_KEPT = dt.timedelta(days=30)
METER_GRACE = dt.timedelta(0)
# A server reads the database's time a few times a second, and goes on by its own clock while the database is away.
PASS_GRACE = dt.timedelta(hours=1)
BATCH_SIZE = 1000


class Rule(msgspec.Struct, frozen=True):
    """What is kept until when, in the words of the documented table, and the two queries that enforce it.

    `overdue` finds what was kept past `grace`; each row it gives is what `delete` takes to delete one.
    """

    what: str
    until: str
    grace: dt.timedelta
    overdue: Callable[[Queries], Query[Any]]
    delete: Callable[[Queries], Query[int]]


RULES = (
    Rule(
        "a claim (`submission`)",
        "confirmed, denied, or 14 days: 7 in which its link works, 7 in which it can be renewed",
        submissions.GRACE,
        lambda q: q.submissions.overdue,
        lambda q: q.submissions.purge,
    ),
    Rule(
        "a `message`",
        "30 days after it was sent, failed or dropped; the address in it only until then",
        outbox.KEPT,
        lambda q: q.messages.overdue,
        lambda q: q.messages.purge,
    ),
    Rule(
        "the network key of a `signatory`",
        "30 days",
        NETWORK_KEPT,
        lambda q: q.endorsements.networks_overdue,
        lambda q: q.endorsements.forget_network,
    ),
    Rule(
        "the network key of a held claim",
        "30 days",
        NETWORK_KEPT,
        lambda q: q.submissions.networks_overdue,
        lambda q: q.submissions.forget_network,
    ),
    Rule(
        "a rejected endorsement",
        "its id, without data, until the statement closes, so that a fraud can't be repeated",
        dt.timedelta(0),
        lambda q: q.endorsements.rejected_overdue,
        lambda q: q.endorsements.forget_rejected,
    ),
    Rule(
        "an offer to a successor (`succession`)",
        "taken up, declined, taken back or replaced, or 14 days: its link works for 7 from being mailed",
        dt.timedelta(0),
        lambda q: q.successions.overdue,
        lambda q: q.successions.purge,
    ),
    Rule(
        "a `report` of a name or an organisation",
        "30 days after it was dealt with, or what it is about is withdrawn or rejected",
        reports.KEPT,
        lambda q: q.reports.overdue,
        lambda q: q.reports.purge,
    ),
    Rule(
        "the network key of a `meter`",
        "the meter has run empty by itself: two hours at most after the network's last request",
        METER_GRACE,
        lambda q: q.limits.overdue,
        lambda q: q.limits.purge,
    ),
    Rule(
        "the random number of a solved challenge or of a turn (`spent_pass`)",
        "an hour after nobody could use it again",
        PASS_GRACE,
        lambda q: q.limits.passes_overdue,
        lambda q: q.limits.forget_pass,
    ),
)


async def overdue_count(db: Database, rule: Rule) -> int:
    """How much a rule would delete now."""
    return len(await _overdue(db, rule, None))


async def enforce(db: Database, rule: Rule) -> int:
    """Deletes all that is over its time by one rule, in key order, a batch at a time; returns how much."""
    total = 0
    while deleted := await _enforce_once(db, rule):
        total += deleted
    return total


async def purge(db: Database) -> int:
    """Enforces every rule on one batch each; more than zero says that more may be waiting."""
    return sum([await _enforce_once(db, rule) for rule in RULES])


async def _enforce_once(db: Database, rule: Rule) -> int:
    done = await db.in_key_order(rule.delete(db.q), await _overdue(db, rule, BATCH_SIZE))
    return sum(count for _, count in done)


async def _overdue(db: Database, rule: Rule, limit: int | None) -> list[tuple[Any, ...]]:
    return [msgspec.structs.astuple(row) for row in await db.many(rule.overdue(db.q), rule.grace, limit)]
