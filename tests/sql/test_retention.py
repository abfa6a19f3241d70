"""What is over its time is deleted, what isn't stays, and the documented table is the enforced one."""

from argparse import Namespace

import pytest

from tests.conftest import World
from tests.letters import person, representative, token_of
from undersigned import console
from undersigned.database.connection import Database
from undersigned.process import retention
from undersigned.settings import ROOT
from undersigned.signing import endorsements

TABLES = ("submission", "message", "signatory", "endorsement")
AGING = (
    "UPDATE submission SET submitted_at = now() - interval '31 days', network_key = gen_random_uuid(),"
    " expires_at = expires_at - interval '14 days 1 minute'",
    "UPDATE message SET done_at = now() - interval '31 days' WHERE status <> 'due'",
    "UPDATE signatory SET network_key = gen_random_uuid(), network_noted_at = now() - interval '31 days'",
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
    await endorsements.reject(world.db, found, "fraud", "It was not you.")
    await world.send_mail()
    await world.count()


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
    assert [int(line.split()[0]) for line in deleted[:-1]] == [1, 9, 2, 1, 1, 0, 0]
    assert await overdue(world.db) == [0] * len(retention.RULES)


async def test_what_may_stay_stays_and_the_worker_does_the_same(world: World) -> None:
    await aged(world)
    while await retention.purge(world.db):
        pass
    assert await overdue(world.db) == [0] * len(retention.RULES)
    assert [row["status"] for row in await world.db.pool.fetch("SELECT status FROM submission")] == ["held"]
    assert [row["status"] for row in await world.db.pool.fetch("SELECT status FROM endorsement")] == ["counted"] * 2
    kept = await world.db.pool.fetch("SELECT network_key FROM signatory UNION ALL SELECT network_key FROM submission")
    assert [row["network_key"] for row in kept] == [None] * 3


async def test_more_than_a_batch_is_deleted_to_the_last(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await aged(world)
    monkeypatch.setattr(retention, "BATCH_SIZE", 2)
    assert await retention.enforce(world.db, retention.RULES[1]) == 9
    assert await world.db.pool.fetchval("SELECT count(*) FROM message") == 0


def test_the_documented_table_is_the_enforced_one() -> None:
    documented = (ROOT / "ARCHITECTURE.md").read_text()
    for rule in retention.RULES:
        assert f"\n| {rule.what} | {rule.until} |\n" in documented
