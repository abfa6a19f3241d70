"""Identity at rest: what an entry commits to lies beside it, and opens it whatever the rules are by then."""

import asyncio
from typing import Any

import msgspec
import pytest

from tests.api.test_organisations import hold, waiting
from tests.api.test_restart import entries_of, restart
from tests.api.test_succession import dump
from tests.conftest import World
from tests.letters import person, token_of
from tests.sql.test_told_and_done import held_up
from undersigned.admins import keys
from undersigned.database.connection import Database
from undersigned.log import audits, entries, note, receipts
from undersigned.log.check import check
from undersigned.signing import identities, review

pytestmark = pytest.mark.virgin

ORIGIN = "127.0.0.1:8000/log/example"
ADDRESS, NOW, OTHERWISE = "ada.example@gmail.com", "mailbox:adaexample@gmail.com", "mailbox:ada.example@gmail.com"
AS_BEFORE = (
    "ALTER TABLE submission ALTER COLUMN identity DROP NOT NULL",
    "ALTER TABLE signatory ALTER COLUMN identity DROP NOT NULL",
    "UPDATE submission SET identity = NULL",
    "UPDATE signatory SET identity = NULL",
)


async def token_for(world: World, address: str) -> str:
    await world.submit(person(address))
    [mail] = [mail for mail in await world.send_mail() if mail["To"] == address]
    return token_of(mail)


async def counted(world: World, address: str) -> None:
    await world.confirm(await token_for(world, address))
    await world.count()
    await world.send_mail()


async def counted_under_other_rules(world: World) -> None:
    """Ada signed with a version whose alias rules left a mailbox its dots."""
    token = await token_for(world, ADDRESS)
    row = await world.db.pool.fetchrow(
        "SELECT s.identity, s.salt, t.sha256 FROM submission AS s JOIN statement AS t ON t.slug = s.statement"
    )
    assert row is not None
    assert row["identity"] == NOW
    committed = entries.commitment(
        origin=ORIGIN, statement_sha256=row["sha256"], kind="individual", identity=OTHERWISE, salt=row["salt"]
    )
    await world.db.pool.execute("UPDATE submission SET identity = $1, commitment = $2", OTHERWISE, committed)
    await world.confirm(token)
    await world.count()
    await world.send_mail()


async def receipt(world: World, address: str) -> receipts.Receipt:
    """The receipt that an owner downloads, checked."""
    await world.client.post("/v1/statements/example/manage-links", json={"email": address})
    [mail] = [mail for mail in await world.send_mail() if "Your link" in mail["Subject"]]
    text = (await world.client.get(f"/m/{token_of(mail, 'm')}/receipt.tlog-proof")).text
    read = receipts.parse(text)
    receipts.check(read, [note.parse_vkey((await world.client.get("/log/example/key")).text.strip())])
    return read


async def opens(world: World, opening: dict[str, Any], generation: int = 0) -> str:
    """The identity in a line of an export or for an auditor, if it opens its entry of the log."""
    opened = receipts.Opening(
        opening["origin"],
        bytes.fromhex(opening["statement_sha256"]),
        opening["kind"],
        opening["identity"],
        note.decode_base64(opening["salt"]),
    )
    assert (await entries_of(world, generation))[opening["log_index"]] == opened.entry.decode()
    return opened.identity


async def exported(world: World) -> dict[str, Any]:
    """The first row of an export."""
    key = await keys.create_key(world.db, "Test", ["export"])
    url = "/v1/admin/statements/example/endorsements?format=ndjson"
    answer = await world.client.get(url, headers={"Authorization": f"Bearer {key}"})
    line: dict[str, Any] = msgspec.json.decode(answer.text.splitlines()[1])
    return line


async def test_an_entry_that_was_made_under_other_alias_rules_still_opens(world: World) -> None:
    await counted_under_other_rules(world)
    assert (await receipt(world, ADDRESS)).opening.identity == OTHERWISE
    assert await opens(world, await exported(world)) == OTHERWISE
    await audits.announce(world.db, "example", 1)
    await counted(world, "bela@example.org")
    [drawn] = (await audits.draw(world.db, "example")).openings
    assert await opens(world, drawn) == OTHERWISE


async def test_a_log_that_begins_anew_commits_to_the_identity_that_is_kept(world: World) -> None:
    await counted_under_other_rules(world)
    token = await token_for(world, "bela@example.org")
    await restart(world)
    await world.confirm(token)
    assert await world.count() == (2, 0)
    await world.send_mail()
    assert (await receipt(world, ADDRESS)).opening.identity == OTHERWISE
    assert (await receipt(world, "bela@example.org")).opening.identity == "mailbox:bela@example.org"
    assert await check(world.db, "example") == []


async def test_a_withdrawal_erases_the_identity(world: World) -> None:
    await counted(world, ADDRESS)
    assert NOW in await dump(world)
    read = await world.db.pool.fetchrow("SELECT endorsement_id, bound FROM signatory")
    assert read is not None
    assert await world.db.one(world.db.q.endorsements.withdraw, *read) == "withdrawn"
    await world.count()
    assert "adaexample" not in await dump(world)


async def as_an_older_version_left_it(world: World) -> None:
    """Two people and an organisation that count, a claim and a held one, all without identities."""
    await counted(world, ADDRESS)
    await counted(world, "bela@example.org")
    await hold(world, "rep@readers.org.uk")
    await review.approve(world.db, (await waiting(world))[0], "console")
    await world.count()
    await hold(world, "x@gmail.com", organisation={"name": "Book Club", "country": "HU"})
    await world.submit(person("cleo@example.org"))
    for statement in AS_BEFORE:
        await world.db.pool.execute(statement)


async def kept(world: World) -> list[str | None]:
    rows = await world.db.pool.fetch("SELECT identity FROM signatory UNION ALL SELECT identity FROM submission")
    return sorted((row["identity"] for row in rows), key=str)


FILLED = ["domain:readers.org.uk", NOW, "mailbox:bela@example.org", "mailbox:cleo@example.org", "name:book club HU"]


async def test_what_an_older_version_left_is_filled_in_while_signing_goes_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await as_an_older_version_left_it(world)
    monkeypatch.setattr(identities, "BATCH_SIZE", 1)
    tokens = [await token_for(world, f"n{n}@example.org") for n in range(5)]
    await asyncio.gather(identities.fill(world.db), *(world.confirm(token) for token in tokens))
    assert await kept(world) == sorted([*FILLED, *(f"mailbox:n{n}@example.org" for n in range(5))])
    assert await world.count() == (7, 1)
    assert (await receipt(world, ADDRESS)).opening.identity == NOW
    assert await world.db.one(world.db.q.identities.whole)
    with pytest.raises(Exception, match="identity"):
        await world.db.pool.execute("UPDATE signatory SET identity = NULL")


class Killed(BaseException):
    """The process that filled in is gone."""


@pytest.mark.parametrize("batches", range(6))
async def test_filling_in_that_was_killed_is_completed_by_the_next(
    world: World, batches: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    await as_an_older_version_left_it(world)
    monkeypatch.setattr(identities, "BATCH_SIZE", 1)
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
            await identities.fill(world.db)
    assert not await world.db.one(world.db.q.identities.whole)
    await identities.fill(world.db)
    assert await kept(world) == FILLED
    assert await world.db.one(world.db.q.identities.whole)


async def test_what_an_older_version_writes_beside_it_is_filled_in_as_well(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last signatory is locked, so that filling in waits there, and the first loses its identity again behind it."""
    await as_an_older_version_left_it(world)
    monkeypatch.setattr(identities, "BATCH_SIZE", 1)
    async with world.db.pool.acquire() as connection, connection.transaction():
        await connection.execute("SELECT FROM signatory ORDER BY endorsement_id DESC LIMIT 1 FOR UPDATE")
        filling = asyncio.create_task(identities.fill(world.db))
        assert await held_up(world.db, filling)
        await world.db.pool.execute(
            "UPDATE signatory SET identity = NULL WHERE endorsement_id = ("
            "SELECT endorsement_id FROM signatory ORDER BY endorsement_id LIMIT 1)"
        )
    await filling
    assert await kept(world) == FILLED


async def test_filling_in_reads_nothing_once_all_is_kept(world: World) -> None:
    await counted(world, ADDRESS)
    async with world.db.pool.acquire() as connection, connection.transaction():
        await connection.execute("LOCK TABLE signatory, submission")
        filling = asyncio.create_task(identities.fill(world.db))
        assert not await held_up(world.db, filling)
