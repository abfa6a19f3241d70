"""What is over its time is deleted, what isn't stays, and the documented table is the enforced one."""

import datetime as dt
from argparse import Namespace
from typing import Any
from uuid import UUID

import msgspec
import pytest

from tests.conftest import World
from tests.letters import person, representative, token_of
from undersigned import console
from undersigned.database.connection import Database
from undersigned.identity.tokens import ConfirmLink
from undersigned.process import retention
from undersigned.readers import reports
from undersigned.settings import ROOT
from undersigned.signing import claims, endorsements, submissions

YOUNG_OFFER = """INSERT INTO succession (endorsement_id, id, bound, mailbox_id, address, name, role, expires_at)
    SELECT k, k, '', k, 'sam@example.org', 'Sam', 'Chair', now() + interval '1 minute'
    FROM (SELECT '00000000-0000-0000-0000-000000000001'::uuid AS k) AS key"""
YOUNG_REPORT = """INSERT INTO report (endorsement_id, id, statement, about, reason, note, status, done_at)
    SELECT k, k, 'example', 'name', 'other', '', 'done', now() - interval '29 days'
    FROM (SELECT '00000000-0000-0000-0000-000000000001'::uuid AS k) AS key"""
TABLES = ("submission", "message", "signatory", "endorsement")
AGING = (
    "UPDATE submission SET submitted_at = now() - interval '31 days', network_key = gen_random_uuid(),"
    " expires_at = expires_at - interval '14 days 1 minute'",
    "UPDATE message SET done_at = now() - interval '31 days' WHERE status <> 'due'",
    "UPDATE signatory SET network_key = gen_random_uuid(), network_noted_at = now() - interval '31 days'",
    "INSERT INTO spent_pass (id, expires_at) SELECT gen_random_uuid(), now() - each.ago"
    " FROM unnest(ARRAY[interval '61 minutes', interval '59 minutes']) AS each (ago)",
    "UPDATE statement SET opens_at = NULL, closes_at = now() - interval '1 minute' WHERE slug = 'example'",
)


async def filled(world: World) -> None:
    """A pending claim, a held one, two counted endorsements, a rejected one, and the mails to them."""
    for name in ("ada", "bela", "cleo", "pending"):
        await world.submit(person(f"{name}@example.org"))
    await world.submit(representative())
    for mail in await world.send_mail():
        if not mail["To"].startswith("pending"):
            await world.confirm(token_of(mail))
    await world.count()
    found = await endorsements.find_by_entry(world.db, "example", 2)
    assert found
    await endorsements.reject(world.db, found, "fraud", "It was not you.", "console")
    await world.send_mail()
    await world.count()


def sql_of(query: Any) -> str:
    return query if isinstance(query, str) else str(query.sql)


async def contents(db: Database) -> list[object]:
    return [await db.pool.fetch(f"SELECT * FROM {table} AS t ORDER BY t") for table in TABLES]


async def aged(world: World) -> None:
    await filled(world)
    for aging in AGING:
        await world.db.pool.execute(aging)


async def overdue(db: Database) -> list[int]:
    return [await retention.overdue_count(db, rule) for rule in retention.RULES]


async def test_nothing_is_deleted_before_its_time(world: World) -> None:
    await filled(world)
    before = await contents(world.db)
    assert await retention.purge(world.db) == 0
    assert await contents(world.db) == before


async def test_a_dry_run_counts_what_a_run_deletes_and_deletes_nothing(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    await aged(world)
    before = await contents(world.db)
    assert await console.retention.enforce(world.db, world.settings, Namespace(dry_run=True)) == 0
    counted = capsys.readouterr().out.splitlines()
    assert await contents(world.db) == before
    assert await console.retention.enforce(world.db, world.settings, Namespace(dry_run=False)) == 0
    deleted = capsys.readouterr().out.splitlines()
    assert counted[:-1] == deleted[:-1]
    assert (counted[-1], deleted[-1]) == ("Over their time; nothing was deleted.", "Deleted.")
    assert [int(line.split()[0]) for line in deleted[:-1]] == [1, 9, 2, 1, 1, 0, 0, 0, 1]
    assert await overdue(world.db) == [0] * len(retention.RULES)


async def test_what_may_stay_stays_and_the_worker_does_the_same(world: World) -> None:
    await aged(world)
    while await retention.purge(world.db):
        pass
    assert await overdue(world.db) == [0] * len(retention.RULES)
    assert [row["status"] for row in await world.db.pool.fetch("SELECT status FROM submission")] == ["held"]
    assert [row["status"] for row in await world.db.pool.fetch("SELECT status FROM endorsement")] == ["counted"] * 2
    assert await world.db.pool.fetchval("SELECT count(*) FROM spent_pass") == 1
    kept = await world.db.pool.fetch("SELECT network_key FROM signatory UNION ALL SELECT network_key FROM submission")
    assert [row["network_key"] for row in kept] == [None] * 3


async def test_the_key_of_a_network_goes_once_its_meter_is_empty_though_no_server_runs(db: Database) -> None:
    await db.pool.execute(
        "INSERT INTO meter (name, key, empty_at, counted_at) SELECT 'budget', gen_random_uuid(), now() + each.hence, now()"
        " FROM unnest(ARRAY[interval '-1 second', interval '1 minute']) AS each (hence)"
    )
    assert await retention.purge(db) == 1
    assert await db.pool.fetchval("SELECT count(*) FROM meter WHERE empty_at > now()") == 1


async def test_a_claim_that_is_renewed_after_it_was_found_over_its_time_stays(world: World) -> None:
    await aged(world)
    q = world.db.q.submissions
    [found] = await world.db.many(q.overdue, submissions.GRACE, 10)
    assert await claims.renew(world.db, ConfirmLink(found.endorsement_id, found.id))
    assert await world.db.in_key_order(q.purge, [msgspec.structs.astuple(found)]) == [
        (msgspec.structs.astuple(found), 0)
    ]
    assert await world.db.pool.fetchval("SELECT count(*) FROM submission WHERE id = $1", found.id) == 1


async def test_a_rejection_is_remembered_if_its_statement_opens_again_after_it_was_found(world: World) -> None:
    await aged(world)
    q = world.db.q.endorsements
    [found] = await world.db.many(q.rejected_overdue, dt.timedelta(0), 10)
    await world.db.pool.execute("UPDATE statement SET closes_at = now() + interval '1 day'")
    assert await world.db.one(q.forget_rejected, found.id, found.grace) == 0
    assert await world.db.pool.fetchval("SELECT status FROM endorsement WHERE id = $1", found.id) == "rejected"


async def test_an_offer_and_a_report_are_deleted_only_once_their_time_is_over(world: World) -> None:
    await filled(world)
    await world.db.pool.execute(YOUNG_OFFER)
    await world.db.pool.execute(YOUNG_REPORT)
    for query, grace in (
        (world.db.q.successions.purge, dt.timedelta(0)),
        (world.db.q.reports.purge, reports.KEPT),
    ):
        key = UUID(int=1)
        assert (await world.db.pool.fetchval(sql_of(query), key, key, grace)) == 0
    for table in ("succession", "report"):
        assert await world.db.pool.fetchval(f"SELECT count(*) FROM {table}") == 1


async def test_more_than_a_batch_is_deleted_to_the_last(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await aged(world)
    monkeypatch.setattr(retention, "BATCH_SIZE", 2)
    assert await retention.enforce(world.db, retention.RULES[1]) == 9
    assert await world.db.pool.fetchval("SELECT count(*) FROM message") == 0


def test_the_documented_table_is_the_enforced_one() -> None:
    documented = (ROOT / "ARCHITECTURE.md").read_text()
    for rule in retention.RULES:
        assert f"\n| {rule.what} | {rule.until} |\n" in documented
