"""A database that fell behind its log: nothing is signed until a new generation is opened, in which everybody counts again."""

import argparse
import asyncio
import urllib.parse
from pathlib import Path
from typing import Any

import pytest

from tests.api.test_log import counted, lose_the_last, released
from tests.conftest import World
from tests.letters import person, representative, token_of
from undersigned import console
from undersigned.database.connection import Database
from undersigned.errors import LogNotStarted, Unavailable
from undersigned.log import check, generations, merkle, note, receipts, sequencer, verify
from undersigned.process.worker import make_sealer
from undersigned.signing import endorsements, review

ORIGIN = "127.0.0.1:8000/log/example"


async def restart(world: World) -> int:
    return await generations.restart(world.db, make_sealer(world.settings), "example")


async def confirmation(world: World, address: str) -> str:
    await world.submit(person(address))
    [mail] = [mail for mail in await world.send_mail() if mail["To"] == address]
    return token_of(mail)


async def entries_of(world: World, generation: int) -> list[str]:
    rows = await world.db.pool.fetch(
        "SELECT entry FROM log_entry WHERE statement = 'example' AND generation = $1 ORDER BY index", generation
    )
    return [row["entry"] for row in rows]


@pytest.fixture
async def behind(world: World) -> World:
    """A log that released more than its database knows, and so is stopped."""
    await counted(world, "ada@example.org", "bela@example.org")
    await lose_the_last(world, lambda: counted(world, "cleo@example.org"))
    await counted(world, "dora@example.org")
    assert "older than the log" in (await world.client.get("/readyz")).json()["detail"]
    return world


async def test_a_log_that_began_anew_cites_the_last_checkpoint_and_counts_everybody_again(behind: World) -> None:
    last = (Path(behind.settings.data_dir) / "log" / "example.0").read_text()
    assert await restart(behind) == 1
    assert await behind.count() == (4, 0)
    assert (await behind.client.get("/readyz")).status_code == 200
    opening, *_ = await entries_of(behind, 1)
    assert opening.splitlines()[2] == "previous " + " ".join(last.split("\n")[:3])
    old, new = await entries_of(behind, 0), await entries_of(behind, 1)
    assert not {entry for entry in old if " add " in entry} & set(new)
    checkpoint = await released(behind)
    assert (checkpoint.origin, checkpoint.size) == (f"{ORIGIN}/1", len(new))
    assert await check.check(behind.db, "example") == []
    await counted(behind, "emil@example.org")
    assert await behind.count() == (5, 0)
    assert await check.check(behind.db, "example") == []


async def test_what_was_taken_back_before_stays_told(behind: World) -> None:
    await restart(behind)
    await behind.count()
    entry = await behind.db.pool.fetchrow("SELECT endorsement_id, index FROM log_member LIMIT 1")
    assert entry is not None
    assert await endorsements.reject(behind.db, entry["endorsement_id"], "fraud", "Told.", "console")
    assert await behind.count() == (3, 0)
    assert await restart(behind) == 2
    assert await behind.count() == (3, 0)
    assert await behind.db.pool.fetchval("SELECT fraud_count FROM tally WHERE statement = 'example'") == 1
    assert await check.check(behind.db, "example") == []


async def test_a_withdraw_link_of_before_still_works_and_shows_in_the_new_log(world: World) -> None:
    await counted(world, "ada@example.org", "bela@example.org")
    [mail] = [mail for mail in await world.send_mail() if mail["To"] == "ada@example.org"]
    await restart(world)
    assert "Withdrawn" in (await world.client.post(f"/w/{token_of(mail, 'w')}")).text
    assert await world.count() == (1, 0)
    assert [entry for entry in await entries_of(world, 1) if " sub " in entry]
    assert await check.check(world.db, "example") == []


async def test_the_receipt_of_the_new_generation_opens_its_entry(world: World) -> None:
    await counted(world, "ada@example.org")
    await world.send_mail()
    await restart(world)
    await world.count()
    await world.client.post("/v1/statements/example/manage-links", json={"email": "ada@example.org"})
    [mail] = await world.send_mail()
    link = next(word for word in mail.get_body(("plain",)).get_content().split() if "/m/" in word)  # type: ignore[union-attr]
    text = (await world.client.get(f"{urllib.parse.urlsplit(link).path}/receipt.tlog-proof")).text
    vkey = (await world.client.get("/log/example/key")).text.strip()
    read = receipts.parse(text)
    receipts.check(read, [note.parse_vkey(vkey)])
    assert read.opening.origin == f"{ORIGIN}/1"


async def test_claims_made_before_are_counted_when_confirmed_after(world: World) -> None:
    await counted(world, "ada@example.org")
    early = await confirmation(world, "early@example.org")
    await world.submit(representative())
    [mail] = [mail for mail in await world.send_mail() if "confirm" in mail["Subject"]]
    await world.confirm(token_of(mail))
    await restart(world)
    # Memory may still hold the old origin: what is submitted now is brought up to date as well.
    late = await confirmation(world, "late@example.org")
    for token in (early, late):
        assert (await world.confirm(token)).json() == {"status": "counted"}
    await review.approve(world.db, (await review.held(world.db))[0].id, "console")
    assert await check.check(world.db, "example") == []
    assert await world.count() == (3, 1)
    assert await check.check(world.db, "example") == []
    rows = (await world.client.get("/v1/statements/example/organisations")).json()["organisations"]
    sha256 = await world.db.pool.fetchval("SELECT sha256 FROM statement WHERE slug = 'example'")
    salt = note.decode_base64(rows[0]["salt"])
    opening = receipts.Opening(f"{ORIGIN}/1", sha256, "organisation", rows[0]["identity"], salt)
    assert (await entries_of(world, 1))[rows[0]["log_index"]] == opening.entry.decode()


async def test_what_was_withdrawn_before_it_was_brought_up_to_date_leaves_nothing_waiting(world: World) -> None:
    await counted(world, "ada@example.org")
    early = await confirmation(world, "early@example.org")
    await restart(world)
    await world.confirm(early)
    [mail] = [mail for mail in await world.send_mail() if mail["To"] == "early@example.org"]
    assert "Withdrawn" in (await world.client.post(f"/w/{token_of(mail, 'w')}")).text
    assert await world.count() == (1, 0)
    assert await world.db.pool.fetchval("SELECT count(*) FROM log_queue") == 0
    assert await check.check(world.db, "example") == []


class Killed(BaseException):
    """The restart's process is gone."""


@pytest.mark.parametrize("batches", [0, 1, 2])
async def test_a_restart_that_was_killed_is_completed_by_the_next(
    world: World, batches: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    await counted(world, *(f"n{n}@example.org" for n in range(5)))
    monkeypatch.setattr(generations, "BATCH_SIZE", 2)
    in_key_order, left = Database.in_key_order, batches

    async def dying(*arguments: Any) -> Any:
        nonlocal left
        if not left:
            raise Killed
        left -= 1
        return await in_key_order(*arguments)

    with monkeypatch.context() as context:
        context.setattr(Database, "in_key_order", dying)
        with pytest.raises(Killed):
            await restart(world)
    assert await world.count() == (2 * batches, 0)
    assert any("restart" in disagreement for disagreement in await check.check(world.db, "example"))
    assert await restart(world) == 1
    assert await world.count() == (5, 0)
    assert await check.check(world.db, "example") == []


async def test_a_backup_of_an_older_generation_is_refused_and_begins_a_third(world: World) -> None:
    await counted(world, "ada@example.org")

    async def begin_anew() -> None:
        await restart(world)
        await world.count()

    await lose_the_last(world, begin_anew)
    await world.db.pool.execute("UPDATE endorsement SET generation = 0")
    await counted(world, "bela@example.org")
    assert "newer generation" in (await world.client.get("/readyz")).json()["detail"]
    assert await restart(world) == 2
    assert await world.count() == (2, 0)
    assert f"previous {ORIGIN}/1 " in (await entries_of(world, 2))[0]
    assert await check.check(world.db, "example") == []


async def test_a_log_that_never_began_can_not_begin_anew(world: World) -> None:
    with pytest.raises(LogNotStarted):
        await restart(world)


async def test_the_ended_generation_stays_readable_at_its_own_address(behind: World) -> None:
    last = (await behind.client.get("/log/example/checkpoint")).text
    size = note.parse_checkpoint(note.parse(last).text).size
    cited = (Path(behind.settings.data_dir) / "log" / "example.0").read_text()
    await restart(behind)
    await behind.count()
    assert (await behind.client.get("/log/example/0/checkpoint")).text == cited
    bundle = merkle.path(merkle.TileName(None, 0, size))
    assert (await behind.client.get(f"/log/example/0/{bundle}")).status_code == 200
    for name in ("checkpoint", "key"):
        current = (await behind.client.get(f"/log/example/{name}")).text
        assert (await behind.client.get(f"/log/example/1/{name}")).text == current
        assert (await behind.client.get(f"/log/example/2/{name}")).status_code == 404


async def test_an_outsider_replays_the_log_that_began_anew(
    behind: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await restart(behind)
    await behind.count()
    size = (await released(behind)).size
    names = ["checkpoint", "key", *(merkle.path(merkle.TileName(level, 0, size)) for level in (None, 0))]
    for name in names:
        file = tmp_path / "copy" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes((await behind.client.get(f"/log/example/{name}")).content)
    assert verify.main(["tally", str(tmp_path / "copy"), "--files-only"]) == 0
    assert f"Began anew  after a log that ended as: previous {ORIGIN} 7" in capsys.readouterr().out


async def test_nothing_stands_still_while_a_log_begins_anew(world: World) -> None:
    """Confirming, withdrawing and the sequencer go on beside the restart, and all of it adds up."""
    await counted(world, *(f"n{n}@example.org" for n in range(20)))
    withdrawals = [token_of(mail, "w") for mail in await world.send_mail()][:8]
    claims = [await confirmation(world, f"late{n}@example.org") for n in range(12)]

    async def sequence() -> None:
        for _ in range(10):
            await sequencer.run_once(world.db, make_sealer(world.settings))

    async def catch_up() -> None:
        for _ in range(10):
            await generations.catch_up(world.db)

    done = await asyncio.gather(
        *(world.confirm(token) for token in claims[:6]),
        restart(world),
        *(world.client.post(f"/w/{token}") for token in withdrawals),
        sequence(),
        catch_up(),
        *(world.confirm(token) for token in claims[6:]),
        return_exceptions=True,
    )
    # A sequencer that was faster is told so once; the operator asks again.
    if isinstance(done[6], Unavailable):
        await restart(world)
    assert [each for each in done if isinstance(each, BaseException) and not isinstance(each, Unavailable)] == []
    assert await world.count() == (24, 0)
    assert await check.check(world.db, "example") == []
    assert await world.db.pool.fetchval("SELECT count(*) FROM log_queue") == 0
    assert await world.db.pool.fetchval("SELECT count(*) FROM endorsement WHERE generation = 0") == 0


async def test_the_operator_begins_a_log_anew_from_the_console(behind: World) -> None:
    options = argparse.Namespace(statement="example", yes=True)
    assert await console.log.restart(behind.db, behind.settings, options) == 0
    assert await behind.count() == (4, 0)
    assert await behind.db.pool.fetchval("SELECT detail FROM trail WHERE action = 'log restart'") == "generation 1"
