"""Exports: what admins get, behind a key, safe to open in a spreadsheet."""

import csv
import io

import msgspec
import pytest

from tests.conftest import World
from tests.letters import person, representative, token_of
from undersigned.admins import keys
from undersigned.readers import exports
from undersigned.signing import review

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
    assert [msgspec.json.decode(line)["log_index"] for line in lines] == [2, 3, 4]
    trail = [row["action"] for row in await world.db.pool.fetch("SELECT action FROM trail ORDER BY id")]
    assert trail.count("export") == 2


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer x", "Basic x", "Bearer undersigned_wrong"])
async def test_without_a_valid_key_there_is_no_export(world: World, header: str | None) -> None:
    answer = await world.client.get(URL, headers={"Authorization": header} if header is not None else {})
    assert (answer.status_code, answer.json()["type"]) == (401, "urn:undersigned:problem:key_refused")
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_a_key_without_the_scope_or_revoked_opens_nothing(world: World) -> None:
    review = await keys.create_key(world.db, "Reviewer", ["review"])
    revoked = await keys.create_key(world.db, "Gone", ["export"])
    gone = next(row["id"] for row in await keys.keys(world.db) if row["label"] == "Gone")
    assert await keys.revoke_key(world.db, gone)
    assert not await keys.revoke_key(world.db, gone)
    for key in (review, revoked):
        assert (await world.client.get(URL, headers={"Authorization": f"Bearer {key}"})).status_code == 401
    stored = await world.db.pool.fetch("SELECT k::text AS line FROM admin_key AS k")
    assert not any(key.removeprefix(keys.PREFIX) in row["line"] for key in (review, revoked) for row in stored)


async def test_a_withdrawal_while_an_export_streams_does_not_tear_it(world: World) -> None:
    await filled(world)
    stream = exports.rows(world.db, "example")
    first = await anext(stream)
    await world.db.pool.execute("DELETE FROM log_member")
    rest = [row async for row in stream]
    assert sorted([first["log_index"], *(row["log_index"] for row in rest)]) == [2, 3, 4]
