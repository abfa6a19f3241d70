"""Exports: what admins get, behind a key, safe to open in a spreadsheet."""

import asyncio
import base64
import csv
import hashlib
import io
from typing import Any

import msgspec
import pytest

from tests.conftest import World
from tests.letters import person, representative, token_of
from undersigned.admins import keys
from undersigned.database.connection import STREAMS_MAX
from undersigned.errors import ExportCut, Unavailable
from undersigned.readers import exports
from undersigned.signing import endorsements, review

URL = "/v1/admin/statements/example/endorsements"


async def filled(world: World) -> None:
    """Two people and an organisation, counted and in the log; one more person pending, one confirmed but not logged yet."""
    await world.submit(person("ada@example.org", name="=HYPERLINK(1)", objectives=["a", "c"], country="HU"))
    await world.submit(person("արամ@example.org", name="Արամ"))
    await world.submit(representative("rep@readers.org.uk"))
    for mail in await world.send_mail():
        await world.confirm(token_of(mail), updates=mail["To"].startswith("ada"))
    for claim in await review.held(world.db):
        await review.approve(world.db, claim.id, "console")
    assert await world.count() == (2, 1)
    await world.submit(person("pending@example.org"))


async def exported(world: World, *, pause_s: float = 0) -> list[dict[str, Any]]:
    """The rows of an export, read with a pause after each."""
    rows = []
    async with exports.opened(world.db, "example", "ndjson", "test") as export:
        async for piece in export.pieces:
            rows.append(msgspec.json.decode(piece))
            await asyncio.sleep(pause_s)
    return rows[1:-1]


async def test_an_export_has_every_counted_endorsement_with_its_log_index(world: World) -> None:
    await filled(world)
    key = await keys.create_key(world.db, "Test", ["export"])
    answer = await world.client.get(URL, headers={"Authorization": f"Bearer {key}"})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert sorted(int(row["log_index"]) for row in rows) == [2, 3, 4]
    by_address = {row["address"]: row for row in rows}
    assert set(by_address) == {"ada@example.org", "արամ@example.org", "rep@readers.org.uk"}
    ada = by_address["ada@example.org"]
    assert (ada["name"], ada["objectives"], ada["country"], ada["updates"]) == ("'=HYPERLINK(1)", "a c", "HU", "True")
    assert by_address["rep@readers.org.uk"]["organisation"] == "Readers' Society"
    lines = (
        await world.client.get(f"{URL}?format=ndjson", headers={"Authorization": f"Bearer {key}"})
    ).text.splitlines()
    assert [msgspec.json.decode(line)["log_index"] for line in lines[1:-1]] == [2, 3, 4]
    trail = [row["action"] for row in await world.db.pool.fetch("SELECT action FROM trail ORDER BY id")]
    assert trail.count("export") == 2


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer x", "Basic x", "Bearer undersigned_wrong"])
async def test_without_a_valid_key_there_is_no_export(world: World, header: str | None) -> None:
    answer = await world.client.get(URL, headers={"Authorization": header} if header is not None else {})
    assert (answer.status_code, answer.json()["type"]) == (401, "urn:undersigned:problem:key_refused")
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_a_key_without_the_scope_or_revoked_opens_nothing(world: World) -> None:
    nothing = await keys.create_key(world.db, "Nobody", [])
    revoked = await keys.create_key(world.db, "Gone", ["export"])
    gone = next(key.id for key in await keys.listed(world.db) if key.label == "Gone")
    assert await keys.revoke_key(world.db, gone)
    assert not await keys.revoke_key(world.db, gone)
    for key in (nothing, revoked):
        assert (await world.client.get(URL, headers={"Authorization": f"Bearer {key}"})).status_code == 401
    stored = await world.db.pool.fetch("SELECT k::text AS line FROM admin_key AS k")
    assert not any(key.removeprefix(keys.PREFIX) in row["line"] for key in (nothing, revoked) for row in stored)


async def test_a_withdrawal_while_an_export_streams_does_not_tear_it(world: World) -> None:
    await filled(world)
    async with exports.opened(world.db, "example", "ndjson", "test") as export:
        first = await anext(export.pieces)
        await world.db.pool.execute("DELETE FROM log_member")
        lines = [first, *[piece async for piece in export.pieces]]
    assert [msgspec.json.decode(line)["log_index"] for line in lines[1:-1]] == [2, 3, 4]


@pytest.mark.parametrize("form", ["csv", "ndjson"])
async def test_an_export_announces_its_rows_and_the_checkpoint_and_says_them_again_at_its_end(
    world: World, form: str
) -> None:
    await filled(world)
    key = await keys.create_key(world.db, "Test", ["export"])
    answer = await world.client.get(f"{URL}?format={form}", headers={"Authorization": f"Bearer {key}"})
    checkpoint = (await world.client.get("/log/example/checkpoint")).text
    assert answer.headers["undersigned-rows"] == "3"
    assert base64.b64decode(answer.headers["undersigned-checkpoint"]).decode() == checkpoint
    if form == "ndjson":
        *before, last = answer.content.splitlines(keepends=True)
        told = {"statement": "example", "rows": 3, "checkpoint": checkpoint}
        assert msgspec.json.decode(before[0]) == {"export": "undersigned/v1"} | told
        sha256 = hashlib.sha256(b"".join(before)).hexdigest()
        assert msgspec.json.decode(last) == {"end": "undersigned/v1", "sha256": sha256} | told


async def test_an_export_holds_nobody_who_was_rejected_though_the_log_has_not_said_so_yet(world: World) -> None:
    await filled(world)
    ada = await world.db.pool.fetchval("SELECT endorsement_id FROM signatory WHERE address = 'ada@example.org'")
    index = await world.db.pool.fetchval("SELECT index FROM log_member WHERE endorsement_id = $1", ada)
    assert await endorsements.reject(world.db, ada, "fraud", "It was not you.", "Admin")
    assert await world.db.pool.fetchval("SELECT count(*) FROM log_member") == 3
    rows = await exported(world)
    assert len(rows) == 2
    assert index not in [row["log_index"] for row in rows]


async def test_an_export_is_in_the_trail_before_anything_of_it_is_out(world: World) -> None:
    async with exports.opened(world.db, "example", "csv", "Ada"):
        [row] = await world.db.pool.fetch("SELECT actor, action, statement, detail FROM trail")
    assert tuple(row) == ("Ada", "export", "example", "csv")


async def test_who_waits_too_long_for_others_is_told_so_and_leaves_no_trace(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "WAIT_S", 0.05)
    opened = [exports.opened(world.db, "example", "csv", "test") for _ in range(STREAMS_MAX)]
    async with opened[0]:
        async with opened[1]:
            with pytest.raises(Unavailable):
                async with exports.opened(world.db, "example", "csv", "third"):
                    raise AssertionError("it must not begin")
        assert len(await exported(world)) == 0
    assert await world.db.pool.fetchval("SELECT count(*) FROM trail WHERE actor = 'third'") == 0


@pytest.mark.parametrize(("bound", "seconds"), [("IDLE_S", 0.2), ("AGE_S", 0.4)])
async def test_the_database_itself_ends_an_export_that_is_read_too_slowly(
    world: World, monkeypatch: pytest.MonkeyPatch, bound: str, seconds: float
) -> None:
    await filled(world)
    monkeypatch.setattr(exports, "FETCH_SIZE", 1)
    monkeypatch.setattr(exports, bound, seconds)
    with pytest.raises(ExportCut):
        await exported(world, pause_s=0.3)
    monkeypatch.undo()
    assert len(await exported(world)) == 3
