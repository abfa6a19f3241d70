"""What is under way when a log begins anew stays good: vacant organisations, offers, withdrawals, retention and the seal."""

from pathlib import Path

import pytest

from tests.api.test_log import counted, lose_the_last
from tests.api.test_restart import restart
from tests.api.test_succession import FORMER, SUCCESSOR, accept, approve, dump, manage, offer
from tests.conftest import World
from tests.letters import person, token_of
from undersigned.errors import Refused
from undersigned.log import audits, generations, note, receipts, sealing, sequencer
from undersigned.log.check import check
from undersigned.process import retention
from undersigned.process.worker import make_sealer
from undersigned.signing import endorsements, review

CLOSED = "UPDATE statement SET opens_at = NULL, closes_at = now() - interval '6 minutes' WHERE slug = 'example'"


async def agree(world: World, individuals: int, organisations: int) -> None:
    """Everything adds up, and nothing waits."""
    assert await world.count() == (individuals, organisations)
    assert await check(world.db, "example") == []
    assert await world.db.pool.fetchval("SELECT count(*) FROM log_queue") == 0
    assert await world.db.pool.fetchval("SELECT generation = shown_generation FROM log_head WHERE size > 0")


async def seal(world: World) -> sealing.Sealed:
    return await sealing.seal(world.db, make_sealer(world.settings), "example")


async def assert_the_receipt_opens(world: World, link: str) -> None:
    vkey = (await world.client.get("/log/example/key")).text.strip()
    receipt = receipts.parse((await world.client.get(f"{link}/receipt.tlog-proof")).text)
    receipts.check(receipt, [note.parse_vkey(vkey)])


async def test_an_organisation_without_a_representative_is_added_again_spoken_for_and_withdrawn(world: World) -> None:
    await approve(world, FORMER)
    await world.client.post(f"{await manage(world, FORMER)}/leave")
    await agree(world, 0, 1)
    assert await restart(world) == 1
    await agree(world, 0, 1)
    [listed] = (await world.client.get("/v1/statements/example/organisations")).json()["organisations"]
    assert listed["log_index"] == 2
    told = await approve(world, "nora@readers.org.uk")
    await agree(world, 0, 1)
    await assert_the_receipt_opens(world, await manage(world, "nora@readers.org.uk"))
    assert await restart(world) == 2
    await agree(world, 0, 1)
    await assert_the_receipt_opens(world, await manage(world, "nora@readers.org.uk"))
    await world.client.post(f"/w/{token_of(told, 'w')}")
    await agree(world, 0, 0)
    assert "nora" not in await dump(world)


async def test_a_claim_of_before_speaks_for_a_vacant_organisation_after(world: World) -> None:
    await approve(world, FORMER)
    claim = {"kind": "organisation", "name": "Nora", "email": "nora@readers.org.uk", "role": "Head"}
    body = {"name": "Readers", "website": "https://readers.org.uk", "country": "GB"}
    await world.client.post(f"{await manage(world, FORMER)}/leave")
    await world.submit(claim | {"organisation": body})
    [mail] = await world.send_mail()
    await restart(world)
    assert (await world.confirm(token_of(mail))).json() == {"status": "held"}
    await review.approve(world.db, (await review.held(world.db))[0].id, "console")
    await world.send_mail()
    await agree(world, 0, 1)
    await assert_the_receipt_opens(world, await manage(world, "nora@readers.org.uk"))


async def test_an_offer_to_a_successor_stays_open(world: World) -> None:
    await approve(world, FORMER)
    offered = await offer(world, await manage(world, FORMER))
    await restart(world)
    assert "You speak for" in await accept(world, offered)
    await agree(world, 0, 1)
    await world.send_mail()
    await assert_the_receipt_opens(world, await manage(world, SUCCESSOR))
    assert [row["address"] for row in await world.db.pool.fetch("SELECT address FROM signatory")] == [SUCCESSOR]


@pytest.mark.parametrize("sequenced", [True, False], ids=["each logged", "all queued"])
async def test_withdrawing_and_signing_again_around_a_restart_counts_once(world: World, sequenced: bool) -> None:
    async def settle() -> None:
        if sequenced:
            await world.count()

    async def sign() -> str:
        await world.submit(person("ada@example.org"))
        [mail] = [mail for mail in await world.send_mail() if "confirm" in mail["Subject"]]
        return token_of(mail)

    async def leave() -> None:
        row = await world.db.pool.fetchrow(
            "SELECT endorsement_id, bound FROM signatory WHERE address = 'ada@example.org'"
        )
        assert row is not None
        await world.db.one(world.db.q.endorsements.withdraw, *row)

    await counted(world, "bela@example.org", "ada@example.org")
    await leave()
    await settle()
    again = await sign()
    await world.confirm(again)
    await settle()
    await leave()
    early = await sign()
    await restart(world)
    await settle()
    await world.confirm(early)
    await settle()
    await leave()
    await settle()
    await world.confirm(await sign())
    await agree(world, 2, 0)
    await restart(world)
    await leave()
    await agree(world, 1, 0)


async def test_a_log_is_sealed_after_a_restart_and_not_in_the_middle_of_one(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await counted(world, "ada@example.org", "bela@example.org", "cleo@example.org")
    await world.db.pool.execute(CLOSED)
    await restart(world)
    with monkeypatch.context() as context:
        context.setattr(sequencer, "BATCH_SIZE", 2)
        await sequencer.run_once(world.db, make_sealer(world.settings))
    with pytest.raises(Refused, match="still adding everybody again"):
        await seal(world)
    await agree(world, 3, 0)
    assert (await seal(world)).individuals == 3
    await agree(world, 3, 0)


async def test_an_interrupted_restart_is_never_sealed_with_somebody_missing(world: World) -> None:
    await counted(world, "ada@example.org", "bela@example.org")
    await world.db.pool.execute(CLOSED)
    await restart(world)
    # As if it had been killed before it came to everybody.
    await world.db.pool.execute(
        "WITH left_out AS (UPDATE endorsement SET generation = 0 WHERE id = (SELECT id FROM endorsement LIMIT 1) RETURNING id)"
        "DELETE FROM log_queue WHERE endorsement_id IN (SELECT id FROM left_out)"
    )
    await world.db.pool.execute("UPDATE log_head SET recommitting_behind = $1", generations.FIRST)
    assert await world.count() == (1, 0)
    with pytest.raises(Refused, match="undersigned log restart"):
        await seal(world)
    assert await restart(world) == 1
    await agree(world, 2, 0)
    assert (await seal(world)).individuals == 2


async def test_a_sealed_log_is_not_begun_anew(world: World) -> None:
    await counted(world, "ada@example.org")
    await world.db.pool.execute(CLOSED)
    await seal(world)
    with pytest.raises(Refused, match="nothing will follow"):
        await restart(world)
    await agree(world, 1, 0)


async def test_a_backup_from_before_the_seal_is_begun_anew_and_sealed_again(world: World) -> None:
    await counted(world, "ada@example.org", "bela@example.org")
    await world.db.pool.execute(CLOSED)

    async def end() -> None:
        await seal(world)

    await lose_the_last(world, end)
    with pytest.raises(Refused, match="Nothing may be signed"):
        await seal(world)
    assert await restart(world) == 1
    await agree(world, 2, 0)
    assert (await seal(world)).individuals == 2
    await agree(world, 2, 0)
    cited = (Path(world.settings.data_dir) / "log" / "example.0").read_text().split("\n")[:3]
    opening = await world.db.pool.fetchval("SELECT entry FROM log_entry WHERE generation = 1 AND index = 0")
    assert opening.splitlines()[2] == "previous " + " ".join(cited)


async def test_whoever_leaves_a_log_that_was_sealed_while_an_audit_was_open_is_erased_and_not_opened(
    world: World,
) -> None:
    await counted(world, "ada@example.org", "bela@example.org")
    await audits.announce(world.db, "example", 2)
    await world.db.pool.execute(CLOSED)
    await seal(world)
    row = await world.db.pool.fetchrow("SELECT endorsement_id, bound FROM signatory WHERE address = 'ada@example.org'")
    assert row is not None
    await world.db.one(world.db.q.endorsements.withdraw, *row)
    await agree(world, 2, 0)
    drawn = await audits.draw(world.db, "example")
    assert [opening["address"] for opening in drawn.openings] == ["bela@example.org"]
    assert len(drawn.withdrawn_since) == 1
    await audits.report(world.db, "example", 1, 0, 0)
    assert "ada@" not in await dump(world)
    await agree(world, 2, 0)


async def test_retention_after_a_restart_and_after_the_seal_leaves_the_counts_as_they_are(world: World) -> None:
    await counted(world, "ada@example.org", "bela@example.org", "cleo@example.org")
    first, second = await world.db.pool.fetch("SELECT id FROM endorsement ORDER BY id LIMIT 2")
    await endorsements.reject(world.db, first["id"], "fraud", "Told.", "console")
    await world.count()
    await restart(world)
    await endorsements.reject(world.db, second["id"], "error", "Told.", "console")
    await agree(world, 1, 0)
    await world.db.pool.execute(CLOSED)
    while await retention.purge(world.db):
        pass
    assert await world.db.pool.fetchval("SELECT count(*) FROM endorsement") == 1
    await agree(world, 1, 0)
    await seal(world)
    while await retention.purge(world.db):
        pass
    await agree(world, 1, 0)
    tally = await world.db.pool.fetchrow("SELECT fraud_count, error_count FROM tally WHERE statement = 'example'")
    assert tally is not None
    assert tuple(tally) == (1, 1)
