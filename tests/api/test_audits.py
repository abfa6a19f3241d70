"""A sample audit: nobody chooses who is asked, everybody can recompute it, and both extremes are published."""

import base64
import datetime as dt
import hashlib
from argparse import Namespace

import msgspec
import pytest

from tests.api.test_log import counted, read_entries, released
from tests.conftest import World
from tests.letters import representative, token_of
from undersigned import console
from undersigned.errors import Refused
from undersigned.identity.tokens import OwnerLink
from undersigned.log import audits, entries, generations, merkle, sealing, sequencer
from undersigned.log.receipts import Opening
from undersigned.process.worker import make_sealer
from undersigned.readers import proofs
from undersigned.signing import owners, review

SECRET = "5f0c" * 16
URL = "/v1/statements/example/audits"


async def announced(world: World, size: int = 3, secret: str | None = None) -> None:
    """An audit of five people's entries."""
    await counted(world, *(f"n{n}@example.org" for n in range(5)))
    commitment = hashlib.sha256(secret.encode()).digest() if secret else None
    await audits.announce(world.db, "example", size, commitment)


async def listed(world: World) -> list[dict[str, object]]:
    found: list[dict[str, object]] = (await world.client.get(URL)).json()["audits"]
    return found


async def withdraw(world: World, address: str) -> None:
    """Erases whoever has an address, as the link in their mail does."""
    row = await world.db.pool.fetchrow(
        "SELECT e.id, e.commitment FROM endorsement AS e JOIN signatory AS p ON p.endorsement_id = e.id WHERE p.address = $1",
        address,
    )
    assert row is not None
    await world.db.one(world.db.q.endorsements.withdraw, row["id"], row["commitment"])
    await world.count()


async def test_nothing_is_drawn_before_a_later_checkpoint(world: World) -> None:
    with pytest.raises(Refused, match="before the seal"):
        await audits.announce(world.db, "example", 3)
    with pytest.raises(Refused, match="announce one first"):
        await audits.draw(world.db, "example")
    await announced(world)
    with pytest.raises(Refused, match="next checkpoint"):
        await audits.draw(world.db, "example")
    [audit] = await listed(world)
    assert (audit["frame_size"], audit["sample_size"], audit["seed"], audit["drawn_at"]) == (8, 3, None, None)
    with pytest.raises(Refused, match="one at a time"):
        await audits.announce(world.db, "example", 3)


async def test_the_draw_is_the_same_whenever_it_is_made(world: World) -> None:
    await announced(world)
    await counted(world, "later@example.org")
    first = await audits.draw(world.db, "example")
    before = await listed(world)
    await counted(world, "still.later@example.org")
    assert await audits.draw(world.db, "example") == first
    assert await listed(world) == before
    assert len(first.openings) == 3
    assert not {opening["address"] for opening in first.openings} & {"later@example.org", "still.later@example.org"}


@pytest.mark.parametrize("secret", [None, SECRET])
async def test_outsiders_recompute_the_draw_from_public_data_alone(world: World, secret: str | None) -> None:
    await announced(world, secret=secret)
    await counted(world, "later@example.org")
    await counted(world, "still.later@example.org")
    drawn = await audits.draw(world.db, "example", secret)
    [audit] = await listed(world)
    head = await released(world)
    lines = await read_entries(world, head.size)
    frame_size = int(str(audit["frame_size"]))
    later_size = 1 + next(n for n, line in enumerate(lines) if n >= frame_size and line.split()[1] in (b"sum", b"seal"))
    texts = ["undersigned/v1 audit\n"]
    for size in (frame_size, later_size):
        hashes = b"".join(merkle.leaf_hash(line) for line in lines[:size])
        root = base64.b64encode(merkle.root(size, {(0, 0): hashes})).decode()
        texts.append(f"{head.origin}\n{size}\n{root}\n")
    if audit["commitment"]:
        assert hashlib.sha256(str(audit["secret"]).encode()).hexdigest() == audit["commitment"]
        texts.append(f"{audit['secret']}\n")
    assert (audit["secret"], audit["caveat"] is None) == (secret, secret is not None)
    seed = hashlib.sha256("".join(texts).encode()).digest()
    assert (audit["later_size"], audit["seed"]) == (later_size, seed.hex())
    live = [n for n, line in enumerate(lines[:frame_size]) if line.split()[1] == b"add"]
    ranked = sorted(live, key=lambda n: hashlib.sha256(seed + n.to_bytes(8, "big")).digest())
    assert sorted(ranked[:3]) == [opening["log_index"] for opening in drawn.openings]


async def test_the_openings_open_their_entries(world: World) -> None:
    await announced(world, 300)
    await counted(world, "later@example.org")
    drawn = await audits.draw(world.db, "example")
    lines = await read_entries(world, (await released(world)).size)
    assert len(drawn.openings) == 5
    for opening in drawn.openings:
        committed = entries.commitment(
            origin=opening["origin"],
            statement_sha256=bytes.fromhex(opening["statement_sha256"]),
            kind=opening["kind"],
            identity=opening["identity"],
            salt=base64.b64decode(opening["salt"]),
        )
        assert lines[opening["log_index"]] == entries.add(opening["kind"], committed).encode()


async def test_whoever_left_before_the_frame_is_not_drawn_and_whoever_left_since_is_not_replaced(world: World) -> None:
    await counted(world, "gone@example.org")
    await withdraw(world, "gone@example.org")
    await announced(world, 5)
    await withdraw(world, "n0@example.org")
    drawn = await audits.draw(world.db, "example")
    assert {opening["address"] for opening in drawn.openings} == {f"n{n}@example.org" for n in range(1, 5)}
    assert len(drawn.withdrawn_since) == 1
    [audit] = await listed(world)
    assert (audit["live_count"], audit["drawn_count"], audit["withdrawn_since_count"]) == (5, 5, 1)


async def test_both_extremes_are_published_and_whoever_was_not_heard_counts_in_neither_favour(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proofs, "KEPT_S", 0.0)
    await announced(world, 5)
    with pytest.raises(Refused, match="Draw first"):
        await audits.report(world.db, "example", 0, 0, 0)
    await withdraw(world, "n0@example.org")
    await audits.draw(world.db, "example")
    for counts in ((5, 0, 0), (3, 0, 0), (5, 0, -1)):
        with pytest.raises(Refused):
            await audits.report(world.db, "example", *counts)
    assert "A sample was asked" not in (await world.client.get("/s/example/how-we-count")).text
    await audits.report(world.db, "example", 2, 1, 1)
    with pytest.raises(Refused):
        await audits.report(world.db, "example", 2, 1, 1)
    [audit] = await audits.published(world.db, "example")
    assert (audit.lower, audit.upper) == (audits.wilson(2, 5), audits.wilson(4, 5))
    page = (await world.client.get("/s/example/how-we-count")).text
    assert "A sample was asked" in page
    assert "40.0% of the sample are genuine" in page
    assert "it is 80.0%" in page
    assert "could have tried many draws" in page
    await audits.announce(world.db, "example", 1)
    assert [found["reported_at"] is None for found in await listed(world)] == [True, False]


def test_the_interval_is_wilsons_and_holds_at_the_extremes() -> None:
    # 15 of 148: R. G. Newcombe, Statistics in Medicine 17 (1998), table I; 0 of 20 and 1 of 29 likewise.
    for genuine, asked, low, high in ((81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0, 0.1611)):
        bound = audits.wilson(genuine, asked)
        assert (round(bound.low, 4), round(bound.high, 4)) == (low, high)
    assert audits.wilson(1, 29).low == pytest.approx(0.0061, abs=5e-5)
    for asked in (1, 2, 300):
        none, all_ = audits.wilson(0, asked), audits.wilson(asked, asked)
        assert (none.share, none.low, all_.share, all_.high) == (0, 0, 1, 1)
        assert 0 < none.high == pytest.approx(1 - all_.low)
        assert 0 < all_.low < 1


async def test_the_seal_can_be_the_later_checkpoint(world: World) -> None:
    await announced(world)
    await world.db.pool.execute("UPDATE statement SET opens_at = NULL, closes_at = now() - interval '6 minutes'")
    await sealing.seal(world.db, make_sealer(world.settings), "example")
    assert len((await audits.draw(world.db, "example")).openings) == 3
    [audit] = await listed(world)
    assert audit["later_size"] == 9
    await audits.report(world.db, "example", 3, 0, 0)
    with pytest.raises(Refused, match="before the seal"):
        await audits.announce(world.db, "example", 3)


async def test_every_step_leaves_a_trail_without_personal_data(
    world: World, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    await counted(world, *(f"n{n}@example.org" for n in range(5)))
    await console.audits.announce(world.db, world.settings, Namespace(statement="example", size=5, commitment=None))
    await withdraw(world, "n0@example.org")
    capfdbinary.readouterr()
    await console.audits.draw(world.db, world.settings, Namespace(statement="example", secret=None))
    written = capfdbinary.readouterr()
    rows = [msgspec.json.decode(line) for line in written.out.splitlines()]
    assert len(rows) == 4
    assert b": withdrawn since\n4 openings, 1 withdrawn since.\n" in written.err
    answers = Namespace(statement="example", genuine=4, not_genuine=0, no_answer=0)
    await console.audits.report(world.db, world.settings, answers)
    trail = await world.db.pool.fetch("SELECT action, detail FROM trail WHERE action LIKE 'audit%' ORDER BY id")
    assert [row["action"] for row in trail] == ["audit announce", "audit draw", "audit report"]
    assert not any("@" in row["detail"] for row in trail)


async def test_an_auditors_secret_is_told_at_the_draw_and_never_before(world: World) -> None:
    with pytest.raises(Refused, match="64 hex digits"):
        await audits.announce(world.db, "example", 3, b"short")
    await announced(world, secret=SECRET)
    with pytest.raises(Refused, match="next checkpoint"):
        await audits.draw(world.db, "example")
    [audit] = await listed(world)
    assert audit["commitment"] == hashlib.sha256(SECRET.encode()).hexdigest()
    assert (audit["secret"], audit["caveat"]) == (None, None)
    await counted(world, "later@example.org")
    for told, why in ((None, "they tell it now"), ("0" * 64, "not the secret"), ("short", "32 to 128 characters")):
        with pytest.raises(Refused, match=why):
            await audits.draw(world.db, "example", told)
    drawn = await audits.draw(world.db, "example", SECRET)
    assert await audits.draw(world.db, "example", SECRET) == drawn
    await audits.report(world.db, "example", 3, 0, 0)
    assert "Nobody else could try draws out" in (await world.client.get("/s/example/how-we-count")).text


async def test_a_secret_that_nobody_committed_to_can_not_be_told(world: World) -> None:
    await announced(world)
    await counted(world, "later@example.org")
    with pytest.raises(Refused, match="Nobody committed"):
        await audits.draw(world.db, "example", SECRET)


async def begin_anew(world: World) -> None:
    await generations.restart(world.db, make_sealer(world.settings), "example")
    await world.count()


async def test_an_audit_whose_log_ends_before_the_draw_is_void_and_keeps_no_other_from_being_announced(
    world: World,
) -> None:
    await announced(world)
    await begin_anew(world)
    [audit] = await listed(world)
    ended = await world.db.pool.fetchval("SELECT ended_at FROM log_past")
    assert dt.datetime.fromisoformat(str(audit["void_since"])) == ended
    with pytest.raises(Refused, match="announce one first"):
        await audits.draw(world.db, "example")
    with pytest.raises(Refused, match="Draw first"):
        await audits.report(world.db, "example", 0, 0, 0)
    await audits.announce(world.db, "example", 2)
    await counted(world, "later@example.org")
    assert len((await audits.draw(world.db, "example")).openings) == 2
    newer, older = await listed(world)
    assert (newer["origin"], newer["drawn_count"], newer["void_since"]) == (f"{older['origin']}/1", 2, None)
    assert (older["drawn_count"], older["seed"]) == (None, None)


async def test_an_audit_that_was_drawn_before_its_log_ended_is_reported_by_the_openings_of_that_draw(
    world: World,
) -> None:
    await announced(world)
    await counted(world, "later@example.org")
    await audits.draw(world.db, "example")
    await begin_anew(world)
    with pytest.raises(Refused, match="can't be repeated"):
        await audits.draw(world.db, "example")
    with pytest.raises(Refused, match="one at a time"):
        await audits.announce(world.db, "example", 3)
    await audits.report(world.db, "example", 2, 0, 1)
    [audit] = await listed(world)
    assert (audit["genuine_count"], audit["withdrawn_since_count"], audit["void_since"]) == (2, 0, None)
    await audits.announce(world.db, "example", 3)


async def test_no_audit_is_announced_of_a_log_that_is_still_filling_up(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await counted(world, "ada@example.org", "bela@example.org")
    monkeypatch.setattr(sequencer, "BATCH_SIZE", 1)
    await generations.restart(world.db, make_sealer(world.settings), "example")
    await sequencer.run_once(world.db, make_sealer(world.settings))
    with pytest.raises(Refused, match="still adding everybody again"):
        await audits.announce(world.db, "example", 1)
    await world.count()
    assert await audits.announce(world.db, "example", 1) == 6


async def test_an_organisation_without_a_representative_is_opened_and_not_said_to_have_left(world: World) -> None:
    await counted(world, "ada@example.org")
    await world.submit(representative())
    for mail in await world.send_mail():
        if "confirm" in mail["Subject"]:
            await world.confirm(token_of(mail))
    await review.approve(world.db, (await review.held(world.db))[0].id, "console")
    await world.count()
    await audits.announce(world.db, "example", 2)
    row = await world.db.pool.fetchrow("SELECT endorsement_id, bound FROM signatory WHERE role IS NOT NULL")
    assert row is not None
    await owners.leave(world.db, OwnerLink(*row))
    await counted(world, "later@example.org")
    drawn = await audits.draw(world.db, "example")
    [body] = [opening for opening in drawn.openings if opening["kind"] == "organisation"]
    assert (body["name"], body["organisation"], drawn.withdrawn_since) == (None, "Readers' Society", [])
    lines = await read_entries(world, (await released(world)).size)
    sha256, salt = bytes.fromhex(body["statement_sha256"]), base64.b64decode(body["salt"])
    opening = Opening(body["origin"], sha256, "organisation", body["identity"], salt)
    assert lines[body["log_index"]] == opening.entry
