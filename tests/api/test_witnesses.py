"""Witnesses: two installations cosign each other's logs, and no witness is believed in what it can't prove."""

import asyncio
import datetime as dt
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import msgspec
import pytest

from tests.api import test_owners as owners
from tests.api.test_log import counted, lose_the_last, stopped
from tests.api.test_owners import endorsed, managed
from tests.conftest import World, living
from undersigned.database import migrations
from undersigned.database.connection import connect
from undersigned.log import adopting, attesting, generations, merkle, note, policies, receipts, witnesses, witnessing
from undersigned.log.attesting import Declined
from undersigned.log.note import Checkpoint
from undersigned.log.policies import Policy
from undersigned.process import installation
from undersigned.settings import ROOT, Settings
from undersigned.statements import publishing

AT_ONCE = dt.timedelta(0)
SECOND_SECRET = "the secret of an installation of somebody else"


@pytest.fixture
async def other(world: World, blank_url: str, tmp_path: Path) -> AsyncIterator[World]:
    """A second installation, of strangers: another database, other secrets, another address."""
    async with elsewhere(world.settings, blank_url, tmp_path) as other:
        yield other


@asynccontextmanager
async def elsewhere(settings: Settings, url: str, place: Path) -> AsyncIterator[World]:
    await migrations.migrate(url)
    secrets = dict.fromkeys(("secret_keys", "pepper", "log_seed"), SECOND_SECRET)
    theirs = msgspec.structs.replace(settings, **secrets, database_url=url, data_dir=str(place), port=8001)
    async with connect(url) as db:
        await installation.establish(db, theirs.pepper)
        await publishing.publish(db, ROOT / "statements" / "example", theirs.url)
        async with living(theirs, db) as world:
            yield world


def line_of(world: World, name: str, url: str = "http://127.0.0.1:8001/witness") -> str:
    us = attesting.attester(world.settings.log_seed, world.settings.url)
    return f"witness {name} {us.vkey} {url}\n"


def policy(*lines: str, quorum: str) -> Policy:
    return policies.parse(("".join(lines) + f"quorum {quorum}\n").encode())


def stranger(name: str, url: str) -> str:
    """A witness that nobody runs."""
    return f"witness {name} {attesting.Attester(name * 9, f'{name}.example').vkey} {url}\n"


def way_to(world: World) -> httpx.AsyncClient:
    """A client for whom every witness is this installation, as in `witnessing.client`."""
    app = httpx.ASGITransport(app=world.app, raise_app_exceptions=False)  # type: ignore[arg-type]
    return httpx.AsyncClient(transport=app, follow_redirects=False)


async def watch(witness: World, log: World) -> None:
    await attesting.watch(witness.db, (await log.client.get("/log/example/key")).text.strip())


async def show(log: World, witness: World, to: Policy) -> None:
    async with way_to(witness) as asking:
        await witnessing.run_once(log.db, to, asking, AT_ONCE)


async def listed(world: World) -> list[dict[str, object]]:
    seen: list[dict[str, object]] = (await world.client.get("/log/example/witnesses")).json()
    return seen


async def test_two_installations_witness_each_other(world: World, other: World) -> None:
    for log, witness in ((world, other), (other, world)):
        await counted(log, "ada@example.org")
        await watch(witness, log)
        assert (await log.client.get("/log/example/cosigned")).status_code == 404
        to = policy(line_of(witness, "W"), quorum="W")
        for people in (1, 2):
            await show(log, witness, to)
            signed = (await log.client.get("/log/example/cosigned")).text
            released = (await log.client.get("/log/example/checkpoint")).text
            assert signed.startswith(released)
            [line] = note.parse(signed).signatures[2:]
            seen_at = witnesses.verify(note.parse(signed).text, line, to.witnesses["W"].key)
            await log.refresh()
            tally = (await log.client.get("/v1/statements/example/tally")).json()
            assert (tally["cosigned_size"], tally["witness_count"]) == (2 + 2 * people, 1)
            assert dt.datetime.fromisoformat(tally["cosigned_at"]).timestamp() == seen_at
            [seen] = await listed(log)
            assert (seen["size"], seen["trouble"]) == (2 + 2 * people, None)
            # What the witness shows to monitors is the same head, with the one line that it verified and its own.
            origin_hash = await witness.db.pool.fetchval("SELECT encode(origin_sha256, 'hex') FROM witnessed_log")
            monitored = (await witness.client.get(f"/witness/{origin_hash}/checkpoint")).text
            assert note.parse(monitored).text == note.parse(signed).text
            assert [len(each.signature) for each in note.parse(monitored).signatures] == [64, 72]
            await counted(log, "bela@example.org")
    assert "cosignature" not in (world.settings.data_path / "log" / "example.0").read_text()
    assert (world.settings.data_path / "log" / "example.0").read_text().count("—") == 2


async def test_a_receipt_proves_to_the_cosigned_head_once_it_holds_the_entry(world: World, other: World) -> None:
    await endorsed(world)
    [mail] = await owners.ask(world, email="ada@example.org")
    address = f"{managed(mail)}/receipt.tlog-proof"
    vkey = (await world.client.get("/log/example/key")).text.strip()
    await watch(other, world)
    for lines in (2, 3):
        receipt = receipts.parse((await world.client.get(address)).text)
        assert receipts.check(receipt, [note.parse_vkey(vkey)]).size == 4
        assert len(note.parse(receipt.checkpoint).signatures) == lines
        await show(world, other, policy(line_of(other, "W"), quorum="W"))
    await world.refresh()
    page = (await world.client.get("/s/example/how-we-count")).text
    assert "Independent witnesses that saw the log grow</dt><dd>1 · " in page


async def test_a_log_is_shown_only_if_it_grew_and_once_a_minute_by_all_workers_together(
    world: World, other: World
) -> None:
    await counted(world, "ada@example.org")
    await watch(other, world)
    to = policy(line_of(other, "W"), quorum="W")
    await show(world, other, to)
    assert await world.db.many(world.db.q.witnesses.due, AT_ONCE) == []
    await counted(world, "bela@example.org")
    assert await world.db.many(world.db.q.witnesses.due, AT_ONCE) == ["example"]
    async with way_to(other) as asking:
        await asyncio.gather(*(witnessing.run_once(world.db, to, asking) for _ in range(4)))
    assert [seen["size"] for seen in await listed(world)] == [4]
    await show(world, other, to)
    assert [seen["size"] for seen in await listed(world)] == [6]


async def test_who_has_forgotten_how_far_a_witness_is_catches_up(world: World, other: World) -> None:
    await counted(world, "ada@example.org")
    await watch(other, world)
    to = policy(line_of(other, "W"), quorum="W")
    await show(world, other, to)
    await counted(world, "bela@example.org")
    await world.db.pool.execute("DELETE FROM log_witness")
    await show(world, other, to)
    assert [(seen["size"], seen["trouble"]) for seen in await listed(world)] == [(6, None)]


async def test_two_of_three_are_a_quorum_and_one_is_none(world: World, other: World, tmp_path: Path) -> None:
    await counted(world, "ada@example.org")
    await watch(other, world)
    gone = stranger("gone", "http://nobody.invalid/nothing")
    for enough, status in ((2, 404), (1, 200)):
        lines = (line_of(other, "W"), gone, stranger("lost", "http://nobody.invalid"))
        await show(world, other, policy(*lines, f"group G {enough} W gone lost\n", quorum="G"))
        assert (await world.client.get("/log/example/cosigned")).status_code == status
    troubles = [seen["trouble"] for seen in await listed(world)]
    assert [trouble is None for trouble in troubles].count(True) == 1


async def test_a_witness_that_is_away_keeps_nobody_from_being_counted_and_is_caught_up_with(
    world: World, other: World
) -> None:
    await counted(world, "ada@example.org")
    away = policy(line_of(other, "W", "http://127.0.0.1:9/witness"), quorum="W")
    async with witnessing.client() as asking:
        await witnessing.run_once(world.db, away, asking, AT_ONCE)
    [seen] = await listed(world)
    assert seen["trouble"] == "It can't be reached (ConnectError)."
    assert await world.count() == (1, 0)
    await counted(world, "bela@example.org")
    assert await world.count() == (2, 0)
    await watch(other, world)
    await show(world, other, policy(line_of(other, "W"), quorum="W"))
    assert (await world.client.get("/log/example/cosigned")).is_success


@pytest.mark.parametrize("remembered", [False, True])
async def test_a_log_that_lost_entries_is_stopped_by_its_witness(
    world: World, other: World, *, remembered: bool
) -> None:
    """Although every directory was lost with them, and whoever runs it adopted what was left."""
    await counted(world, "ada@example.org")
    await watch(other, world)
    to = policy(line_of(other, "W"), quorum="W")
    early = (world.settings.data_path / "log" / "example.0").read_text()

    async def grow() -> None:
        await counted(world, "bela@example.org")
        await show(world, other, to)

    await lose_the_last(world, grow)
    (world.settings.data_path / "log" / "example.0").write_text(early)
    if not remembered:
        await world.db.pool.execute("DELETE FROM log_witness")
    await world.db.pool.execute("DELETE FROM log_cosigned")
    await show(world, other, to)
    [reason] = await stopped(world)
    assert "6 entries of this log, and 4 were released" in reason
    await counted(world, "cleo@example.org")
    assert await world.count() == (1, 0)
    await adopting.adopt(world.db, world.sealer, "example")
    assert await stopped(world) == []
    await show(world, other, to)
    assert len(await stopped(world)) == 1


async def test_another_history_is_refused_and_is_loud(
    world: World, other: World, caplog: pytest.LogCaptureFixture
) -> None:
    await counted(world, "ada@example.org")
    await watch(other, world)
    to = policy(line_of(other, "W"), quorum="W")

    async def grow() -> None:
        await counted(world, "bela@example.org")
        await show(world, other, to)

    kept = world.settings.data_path / "log" / "example.0"
    early = kept.read_text()
    await lose_the_last(world, grow)
    kept.write_text(early)
    await counted(world, "cleo@example.org", "dora@example.org")
    await world.db.pool.execute("DELETE FROM log_cosigned")
    with caplog.at_level(logging.ERROR):
        await show(world, other, to)
    assert "another history" in caplog.text
    assert (await world.client.get("/log/example/cosigned")).status_code == 404


async def test_a_log_that_begins_anew_is_a_new_log_to_its_witnesses(world: World, other: World) -> None:
    await counted(world, "ada@example.org")
    await watch(other, world)
    to = policy(line_of(other, "W"), quorum="W")
    await show(world, other, to)
    await generations.restart(world.db, world.sealer, "example")
    await world.count()
    await show(world, other, to)
    assert [seen["trouble"] for seen in await listed(world)] == ["It answered 404."]
    assert (await world.client.get("/log/example/cosigned")).status_code == 404
    await watch(other, world)
    await show(world, other, to)
    signed = (await world.client.get("/log/example/cosigned")).text
    assert signed.startswith("127.0.0.1:8000/log/example/1\n")


class Log:
    """A log of strangers, as a witness sees it."""

    def __init__(self) -> None:
        self.origin = "strangers.example/log"
        self.key = note.derive_key("a seed of strangers", self.origin)
        self.vkey = note.verifier_key(self.origin, self.key).vkey
        self.leaves = [merkle.leaf_hash(bytes([n])) for n in range(9)]

    def request(self, old: int, new: int, claimed: int | None = None) -> bytes:
        tiles = merkle.append(0, self.leaves[:new], {})
        signed = note.sign(Checkpoint(self.origin, new, merkle.root(new, tiles)).text, self.origin, self.key)
        proof = "".join(f"{note.encode_base64(node)}\n" for node in merkle.consistency_proof(old, new, tiles))
        return f"old {old if claimed is None else claimed}\n{proof}\n{signed}".encode()


async def test_a_witness_cosigns_what_grew_and_nothing_else(world: World) -> None:
    log, other = Log(), Log()
    other.leaves[0] = merkle.leaf_hash(b"another history")

    async def answer(body: bytes) -> tuple[int, str]:
        got = await world.client.post("/witness/add-checkpoint", content=body)
        return got.status_code, got.text if got.status_code == 409 else ""

    assert await answer(log.request(0, 3)) == (404, "")
    await attesting.watch(world.db, log.vkey)
    assert await answer(b"old 0\n\n") == (400, "")
    assert await answer(b"\xff") == (400, "")
    assert await answer(log.request(2, 3)) == (409, "0\n")
    assert await answer(log.request(0, 3).replace(b"\n3\n", b"\n4\n")) == (403, "")
    assert await answer(log.request(1, 3, claimed=0)) == (422, "")
    assert await answer(log.request(0, 3)) == (200, "")
    assert await answer(log.request(0, 3)) == (409, "3\n")
    assert await answer(log.request(3, 3)) == (200, "")
    assert await answer(other.request(3, 3)) == (422, "")
    assert await answer(other.request(3, 5)) == (422, "")
    assert await answer(log.request(1, 2, claimed=3)) == (400, "")
    assert await answer(log.request(2, 5, claimed=3)) == (422, "")
    assert await answer(log.request(3, 9)) == (200, "")
    got = await world.client.post("/witness/add-checkpoint", content=log.request(3, 9))
    assert got.headers["content-type"].partition(";")[0] == "text/x.tlog.size"
    assert (await world.client.get(f"/witness/{'0' * 64}/checkpoint")).status_code == 404
    assert (await world.client.get("/witness/nonsense/checkpoint")).status_code == 404


async def test_of_two_heads_at_once_a_witness_cosigns_one(world: World) -> None:
    log, other = Log(), Log()
    other.leaves[4] = merkle.leaf_hash(b"another history")
    await attesting.watch(world.db, log.vkey)
    us = attesting.attester(world.settings.log_seed, world.settings.url)
    await attesting.add_checkpoint(world.db, us, log.request(0, 3))
    bodies = [each.request(3, size) for each in (log, other) for size in (5, 6, 7, 8)]
    answers = await asyncio.gather(
        *(attesting.add_checkpoint(world.db, us, body) for body in bodies), return_exceptions=True
    )
    declined = [answer.status for answer in answers if isinstance(answer, Declined)]
    assert declined == [409] * 7
    now, stale = dt.datetime.now(dt.UTC), bytes(32)
    for size in (3, 99):
        advance = world.db.q.witnesses.advance
        assert await world.db.maybe(advance, log.origin, size, stale, 9, stale, "a note", now) is None
