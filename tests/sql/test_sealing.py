"""A sealed log ends with its final counts: nothing follows, whoever leaves is still erased, and outsiders agree."""

import shutil
from argparse import Namespace
from pathlib import Path

import pytest

from tests.conftest import World
from tests.letters import person, representative, token_of
from undersigned import console
from undersigned.errors import Refused, StatementSealed
from undersigned.log import sealing, verify
from undersigned.log.check import check
from undersigned.process.worker import make_sealer
from undersigned.settings import ROOT
from undersigned.signing import endorsements, review
from undersigned.statements import publishing

CLOSED = "UPDATE statement SET opens_at = NULL, closes_at = now() - interval '6 minutes' WHERE slug = 'example'"


async def entries(world: World) -> list[str]:
    return [row["entry"] for row in await world.db.pool.fetch("SELECT entry FROM log_entry ORDER BY index")]


async def filled(world: World) -> dict[str, str]:
    """Two people and an organisation, counted; returns each one's token to withdraw."""
    await world.submit(person("ada@example.org", objectives=["a"]))
    await world.submit(person("bela@example.org"))
    await world.submit(representative("rep@readers.org.uk"))
    for mail in await world.send_mail():
        await world.confirm(token_of(mail))
    for claim in await review.held(world.db):
        await review.approve(world.db, claim.id, "console")
    assert await world.count() == (2, 1)
    return {mail["To"]: token_of(mail, "w") for mail in await world.send_mail()}


async def seal(world: World) -> sealing.Sealed:
    return await sealing.seal(world.db, make_sealer(world.settings), "example")


async def sealed(world: World) -> dict[str, str]:
    tokens = await filled(world)
    await world.db.pool.execute(CLOSED)
    await seal(world)
    return tokens


async def test_the_seal_is_the_last_entry_and_says_the_final_counts(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    await filled(world)
    await world.db.pool.execute(CLOSED)
    assert await console.log.seal(world.db, world.settings, Namespace(statement="example")) == 0
    assert capsys.readouterr().out == "Sealed with entry 6: 2 people, 1 organisations.\n"
    assert (await entries(world))[-2:] == ["undersigned/v1 sum 2 1\n", "undersigned/v1 seal 2 1\n"]
    head = await world.db.pool.fetchrow("SELECT size, released_size, sealed_at FROM log_head WHERE size > 0")
    assert head is not None
    assert (head["size"], head["released_size"]) == (7, 7)
    assert head["sealed_at"]
    assert await check(world.db, "example") == []
    assert await world.db.pool.fetchval("SELECT count(*) FROM trail WHERE action = 'seal'") == 1
    site = world.site
    await site.tallies.refresh(world.db)
    assert (await world.client.get("/v1/statements/example/tally")).json()["log_size"] == 7


async def test_the_verifier_accepts_a_sealed_log(world: World) -> None:
    await sealed(world)
    ledger = verify.Ledger()
    ledger.take([entry.encode() for entry in await entries(world)])
    ledger.close()
    assert ledger.sealed
    assert ledger.numbers() == {
        "individuals": 2,
        "organisations": 1,
        "withdrawn": 0,
        "duplicate": 0,
        "fraud": 0,
        "error": 0,
    }


async def test_a_log_that_nobody_is_in_can_be_sealed(world: World) -> None:
    await world.db.pool.execute(CLOSED)
    assert await seal(world) == sealing.Sealed(2, 0, 0)
    assert [entry.split()[1] for entry in await entries(world)] == ["open", "sum", "seal"]
    assert await check(world.db, "example") == []


async def test_an_open_statement_is_not_sealed(world: World) -> None:
    await filled(world)
    before = await entries(world)
    for closes_at in ("NULL", "now() + interval '1 day'", "now() - interval '4 minutes'"):
        await world.db.pool.execute(f"UPDATE statement SET opens_at = NULL, closes_at = {closes_at}")
        with pytest.raises(Refused, match="closed for five minutes"):
            await seal(world)
    assert await entries(world) == before


@pytest.mark.parametrize("waiting", ["pending", "held", "queued"])
async def test_nothing_is_sealed_while_anything_waits(world: World, waiting: str) -> None:
    await filled(world)
    await world.submit(
        representative("other@writers.org.uk", organisation={"name": "W", "website": "writers.org.uk", "country": "GB"})
        if waiting == "held"
        else person("cleo@example.org")
    )
    if waiting != "pending":
        for mail in await world.send_mail():
            if "confirm" in mail["Subject"]:
                await world.confirm(token_of(mail))
    await world.db.pool.execute(CLOSED)
    with pytest.raises(Refused, match="1 changes wait" if waiting == "queued" else "1 claims are pending or held"):
        await seal(world)
    assert "seal" not in (await entries(world))[-1]


async def test_a_log_is_sealed_once(world: World) -> None:
    await sealed(world)
    with pytest.raises(Refused, match="It was sealed on"):
        await seal(world)
    assert len(await entries(world)) == 7


async def test_whoever_leaves_a_sealed_log_is_erased_and_the_sealed_counts_stay(world: World) -> None:
    tokens = await sealed(world)
    before = await entries(world)
    await world.client.post(f"/w/{tokens['ada@example.org']}")
    assert await check(world.db, "example") == []
    assert await world.count() == (2, 1)
    assert await entries(world) == before
    for table in ("log_queue", "log_member", "endorsement", "signatory"):
        kept = await world.db.pool.fetchval(f"SELECT count(*) FROM {table}")
        assert kept == (0 if table == "log_queue" else 2), table
    assert await check(world.db, "example") == []


async def test_behind_a_seal_nothing_is_taken_back_in_silence(world: World) -> None:
    await sealed(world)
    found = await endorsements.find_by_entry(world.db, "example", 2)
    assert found
    with pytest.raises(StatementSealed):
        await endorsements.reject(world.db, found, "fraud", "It was not you.", "console")
    assert await world.db.pool.fetchval("SELECT count(*) FROM endorsement WHERE status = 'counted'") == 3


async def test_a_sealed_statement_does_not_open_again(world: World, tmp_path: Path) -> None:
    await sealed(world)
    copy = tmp_path / "copy"
    shutil.copytree(ROOT / "statements" / "example", copy)
    with pytest.raises(StatementSealed):
        await publishing.publish(world.db, copy, world.settings.url)


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE log_head SET sealed_at = NULL",
        "UPDATE tally SET individual_count = individual_count + 1",
        "INSERT INTO endorsement (id, statement, kind, objectives, commitment) VALUES"
        " (gen_random_uuid(), 'example', 'individual', '{}', sha256('forged'))",
        "INSERT INTO log_entry SELECT statement, generation, 7, E'undersigned/v1 sum 2 1\\n' FROM log_entry WHERE index = 0;"
        "UPDATE log_head SET size = 8 WHERE size = 7",
    ],
)
async def test_tampering_behind_a_seal_is_found(world: World, tampering: str) -> None:
    await sealed(world)
    async with world.db.pool.acquire() as connection:
        await connection.execute(tampering)
    assert await check(world.db, "example")
