"""A log that began anew, as readers see it: the old numbers until the new log is whole, and how the old one ended."""

import contextlib
from pathlib import Path
from typing import Any

import pytest

from tests.api.test_log import counted, lose_the_last, released
from tests.api.test_restart import ORIGIN, behind, restart
from tests.conftest import World
from tests.letters import person, token_of
from tests.unit.test_verify import site as serving
from undersigned.database.connection import Database
from undersigned.log import check, generations, heads, merkle, note, sequencer, verify
from undersigned.process.worker import keep_house, make_sealer

__all__ = ["behind"]


async def shown(world: World) -> dict[str, Any]:
    """The tally as a reader gets it, now."""
    site = world.site
    await site.tallies.refresh(world.db)
    found: dict[str, Any] = (await world.client.get("/v1/statements/example/tally")).json()
    return found


async def mirror(world: World) -> dict[str, bytes]:
    """All that the public can get about the logs, by path."""
    names = ["checkpoint", "key", "ended"]
    for level in (None, 0):
        names += [merkle.path(merkle.TileName(level, 0, width)) for width in range(1, 40)]
    logs = ["/log/example", "/log/example/0", "/log/example/1"]
    paths = [f"{log}/{name}" for log in logs for name in names]
    paths += [f"/v1/statements/example{what}" for what in ("", "/tally", "/organisations?after=-1")]
    await shown(world)
    answers = {path: await world.client.get(path) for path in paths}
    return {path: answer.content for path, answer in answers.items() if answer.status_code == 200}


async def ended(world: World, generation: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = (await world.client.get(f"/log/example/{generation}/ended")).json()
    return found


async def test_the_public_numbers_never_fall_while_a_log_begins_anew(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sequencer, "BATCH_SIZE", 2)
    await counted(world, *(f"n{n}@example.org" for n in range(5)))
    before = await shown(world)
    await restart(world)
    for _ in range(3):
        during = await shown(world)
        assert "are the last numbers of the log before" in (await world.client.get("/s/example/how-we-count")).text
        assert during["individuals"] == 5
        assert (during["log_origin"], during["log_followed_by"]) == (ORIGIN, f"{ORIGIN}/1")
        assert (during["log_size"], during["log_root"]) == (before["log_size"], before["log_root"])
        await sequencer.run_once(world.db, make_sealer(world.settings))
        await generations.catch_up(world.db)
    after = await shown(world)
    assert (after["individuals"], after["log_origin"], after["log_followed_by"]) == (5, f"{ORIGIN}/1", None)
    await world.site.statements.load(world.db)
    page = (await world.client.get("/s/example/how-we-count")).text
    assert "last numbers of the log before" not in page
    assert "/log/example/0/ended" in page
    assert after["log_root"] == note.encode_base64((await released(world)).root)


async def sign(world: World, address: str) -> None:
    await world.submit(person(address))
    [mail] = [mail for mail in await world.send_mail() if mail["To"] == address]
    await world.confirm(token_of(mail))


async def test_who_signs_meanwhile_does_not_keep_a_new_log_from_being_shown(world: World) -> None:
    await counted(world, "ada@example.org")
    await restart(world)
    assert (await shown(world))["log_followed_by"] == f"{ORIGIN}/1"
    await sequencer.run_once(world.db, make_sealer(world.settings))
    await sign(world, "bela@example.org")
    while await generations.catch_up(world.db):
        pass
    assert await world.db.pool.fetchval("SELECT count(*) FROM log_queue") == 1
    assert (await shown(world))["log_followed_by"] is None


async def test_who_waits_since_before_keeps_a_new_log_from_being_shown(world: World) -> None:
    await counted(world, "ada@example.org")
    await sign(world, "bela@example.org")
    await restart(world)
    await generations.catch_up(world.db)
    assert (await shown(world))["log_followed_by"] == f"{ORIGIN}/1"
    await world.count()
    assert (await shown(world))["log_followed_by"] is None


async def test_a_restart_that_was_interrupted_keeps_a_new_log_from_being_shown(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await counted(world, "ada@example.org")

    async def killed(*_: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as context:
        context.setattr(Database, "in_key_order", killed)
        with pytest.raises(RuntimeError):
            await restart(world)
    await world.count()
    assert (await shown(world))["log_followed_by"] == f"{ORIGIN}/1"
    await restart(world)
    await world.count()
    assert (await shown(world))["log_followed_by"] is None


async def test_a_breakdown_is_not_made_of_a_log_that_is_still_filling_up(world: World) -> None:
    await counted(world, *(f"n{n}@example.org" for n in range(12)))
    await world.db.pool.execute("DELETE FROM tally_breakdown")
    await restart(world)
    await sequencer.run_once(world.db, make_sealer(world.settings))
    await keep_house(world.db)
    assert await world.db.pool.fetchval("SELECT count(*) FROM tally_breakdown") == 0
    await world.count()
    assert await world.db.pool.fetchval("SELECT count(*) FROM tally_breakdown") == 1


async def test_restarting_twice_in_a_hurry_opens_one_generation(world: World) -> None:
    await counted(world, "ada@example.org", "bela@example.org")
    assert [await restart(world), await restart(world)] == [1, 1]
    assert await world.count() == (2, 0)
    assert await restart(world) == 2


async def test_a_restart_whose_database_is_lost_as_well_begins_another(world: World) -> None:
    await counted(world, "ada@example.org", "bela@example.org")
    await restart(world)
    await lose_the_last(world, lambda: run(world))
    await world.db.pool.execute("UPDATE endorsement SET generation = 0 WHERE id = (SELECT id FROM endorsement LIMIT 1)")
    await world.db.pool.execute("UPDATE log_head SET recommitting_behind = $1", generations.FIRST)
    await counted(world, "cleo@example.org")
    assert "older than the log" in (await world.client.get("/readyz")).json()["detail"]
    assert (await shown(world))["individuals"] == 2
    assert await restart(world) == 2
    assert await world.count() == (3, 0)
    assert (await shown(world))["log_origin"] == f"{ORIGIN}/2"
    assert await check.check(world.db, "example") == []


async def run(world: World) -> None:
    await sequencer.run_once(world.db, make_sealer(world.settings))


async def test_a_generation_that_only_the_files_know_is_published_as_cited(world: World) -> None:
    await counted(world, "ada@example.org")

    async def begin_anew() -> None:
        await restart(world)
        await world.count()

    await lose_the_last(world, begin_anew)
    await world.db.pool.execute("DELETE FROM log_past")
    await world.db.pool.execute("UPDATE endorsement SET generation = 0")
    last = (Path(world.settings.data_dir) / "log" / "example.1").read_text()
    assert await restart(world) == 2
    await world.count()
    lost = await ended(world, 1)
    assert (lost["individuals"], lost["log_size"], lost["last_checkpoint"]) == (None, 0, last)
    assert lost["log_followed_by"] == f"{ORIGIN}/2"
    assert (await ended(world))["log_followed_by"] == f"{ORIGIN}/1"
    assert (await world.client.get("/log/example/1/checkpoint")).text == last
    sealer = make_sealer(world.settings)
    head = await world.db.one(world.db.q.log.read_head, "example")
    assert [known.generation for known in heads.known(sealer, head, sealer.kept("example"))] == [2]


async def test_an_outsider_checks_an_ended_log_and_what_the_next_one_cites(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    await counted(world, "ada@example.org", "bela@example.org")
    await restart(world)
    during = await mirror(world)
    await world.count()
    after = await mirror(world)
    with serving(during) as url:
        assert verify.main(["tally", f"{url}/log/example/0"]) == 1
        said = capsys.readouterr()
        assert "Published   the final tally of 5 entries says the same" in said.out
        assert f"NOT COMPARED: that {ORIGIN}/1 follows this log" in said.err
    with serving(after) as url:
        assert verify.main(["tally", f"{url}/log/example/0"]) == 0
        told = capsys.readouterr().out
        assert f"Ended       with 5 signed entries; {ORIGIN}/1 follows it" in told
        assert "Final       the final tally of 5 entries says the same" in told
        assert f"Followed    by {ORIGIN}/1, whose first entry cites this end" in told
        assert "what is counted today" in told
        assert verify.main(["tally", f"{url}/log/example"]) == 0
        assert f"after a log that ended as: previous {ORIGIN} 5 " in capsys.readouterr().out


async def test_an_outsider_is_told_why_a_log_that_is_filling_up_is_not_compared(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sequencer, "BATCH_SIZE", 2)
    await counted(world, "ada@example.org", "bela@example.org", "cleo@example.org")
    await restart(world)
    await run(world)
    with serving(await mirror(world)) as url:
        assert verify.main(["tally", f"{url}/log/example"]) == 1
        told = capsys.readouterr()
        assert "This log began anew and is still adding everybody again" in told.err
        assert "What this proves" not in told.out


async def test_what_an_ended_log_lost_is_said_to_be_incomplete(
    behind: World, capsys: pytest.CaptureFixture[str]
) -> None:
    await restart(behind)
    await behind.count()
    with serving(await mirror(behind)) as url:
        assert verify.main(["tally", f"{url}/log/example/0"]) == 1
        told = capsys.readouterr()
        assert "the final tally of 5 entries says the same as the log" in told.out
        assert told.err.startswith("INCOMPLETE: of the 7 entries that were signed, the last 2 are not kept")


@pytest.mark.parametrize("lie", ["numbers", "last", "cited", "gone"])
async def test_a_lie_about_an_ended_log_is_found(world: World, lie: str, capsys: pytest.CaptureFixture[str]) -> None:
    await counted(world, "ada@example.org", "bela@example.org")
    early = (await world.client.get("/log/example/checkpoint")).text
    await counted(world, "cleo@example.org")
    await restart(world)
    await world.count()
    site = await mirror(world)
    where = "/log/example/0"
    if lie == "numbers":
        site[f"{where}/ended"] = site[f"{where}/ended"].replace(b'"individuals":3', b'"individuals":4')
    elif lie == "last":
        site[f"{where}/checkpoint"] = early.encode()
    else:
        where = "/log/example"
        with contextlib.suppress(KeyError):
            del site["/log/example/0/checkpoint"]
        if lie == "cited":
            site["/log/example/0/checkpoint"] = early.encode()
    with serving(site) as url:
        assert verify.main(["tally", f"{url}{where}"]) == 1
    told = capsys.readouterr()
    words = {
        "numbers": "The published tally of 7 entries says",
        "last": "cites another last checkpoint",
        "cited": "That log's last checkpoint is another",
        "gone": "NOT COMPARED: the log that this one follows",
    }
    assert words[lie] in told.out + told.err
