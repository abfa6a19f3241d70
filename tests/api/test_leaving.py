"""A representative leaves; the organisation stays counted, and the next approved claim speaks for it."""

import argparse
import base64
import datetime as dt

import pytest

from tests.api.test_exports import exported
from tests.api.test_succession import FORMER, SUCCESSOR, approve, assert_forgotten, dump, manage, offer
from tests.conftest import World
from tests.letters import person, representative, token_of
from undersigned import console
from undersigned.errors import Refused
from undersigned.log import note, receipts
from undersigned.log.check import check
from undersigned.readers import exports
from undersigned.signing import endorsements, letters, review


async def test_leaving_keeps_the_organisation_counted_and_the_next_claim_speaks_for_it(world: World) -> None:
    await approve(world, FORMER)
    old = await manage(world, FORMER)
    await offer(world, old)
    page = (await world.client.get(old)).text
    assert f'href="{old}/leave?lang=en"' in page
    assert "You have left" in (await world.client.post(f"{old}/leave")).text
    assert "Nothing is held" in (await world.client.post(f"{old}/leave")).text
    assert_forgotten(world, await dump(world), SUCCESSOR)
    assert (await world.count(), await check(world.db, "example")) == ((0, 1), [])
    listed = (await world.client.get("/v1/statements/example/organisations")).json()["organisations"]
    assert [entry["name"] for entry in listed] == ["Readers' Society"]

    counted = await approve(world, "nora@readers.org.uk")
    assert "counts" in counted["Subject"]
    assert (await world.count(), await check(world.db, "example")) == ((0, 1), [])
    assert await world.db.pool.fetchval("SELECT count(*) FROM log_entry WHERE entry LIKE '% add %'") == 1
    new = await manage(world, "nora@readers.org.uk")
    vkey = (await world.client.get("/log/example/key")).text.strip()
    receipt = receipts.parse((await world.client.get(f"{new}/receipt.tlog-proof")).text)
    receipts.check(receipt, [note.parse_vkey(vkey)])
    await world.client.post(f"/w/{token_of(counted, 'w')}")
    assert await world.count() == (0, 0)


async def test_rival_claims_for_a_vacant_place_fill_it_once(world: World) -> None:
    await approve(world, FORMER)
    await world.client.post(f"{await manage(world, FORMER)}/leave")
    for email in ("one@readers.org.uk", "two@readers.org.uk"):
        await world.submit(representative(email))
        [mail] = await world.send_mail()
        assert (await world.confirm(token_of(mail))).json() == {"status": "held"}
    waiting = await review.held(world.db)
    assert [claim.counted_already for claim in waiting] == [False, False]
    outcomes = [await review.approve(world.db, claim.id, "console") for claim in waiting]
    assert outcomes == ["counted", "already_confirmed"]
    assert await world.db.pool.fetchval("SELECT count(*) FROM signatory") == 1
    assert await world.count() == (0, 1)


async def test_an_organisation_without_a_representative_is_exported_and_can_be_rejected(world: World) -> None:
    await approve(world, FORMER)
    await world.client.post(f"{await manage(world, FORMER)}/leave")
    [row] = await exported(world)
    assert (row["name"], row["address"], row["organisation"]) == (None, None, "Readers' Society")
    async with exports.opened(world.db, "example", "csv", "test") as export:
        header, line = b"".join([piece async for piece in export.pieces]).decode().splitlines()
    assert (len(header.split(",")), "Readers' Society" in line) == (22, True)
    opening = receipts.Opening(row["origin"], bytes.fromhex(row["statement_sha256"]), "organisation",
                               row["identity"], base64.b64decode(row["salt"]))  # fmt: skip
    entry = await world.db.pool.fetchval("SELECT entry FROM log_entry WHERE index = $1", row["log_index"])
    assert opening.entry.decode() == entry
    endorsement_id = await world.db.pool.fetchval("SELECT id FROM endorsement")
    assert await endorsements.reject(world.db, endorsement_id, "error", "", "console")
    assert await world.count() == (0, 0)
    assert await world.send_mail() == []


async def letter(world: World, meant: str | None) -> int:
    """An operator answers a letter that asks to delete everything under the representative's address."""
    options = argparse.Namespace(address=FORMER, received=dt.date(2026, 1, 10), organisations=meant)
    return await console.persons.withdraw(world.db, world.settings, options)


async def test_a_letter_of_a_representative_is_not_guessed_at(world: World) -> None:
    await approve(world, FORMER)
    await world.submit(person(FORMER))
    [mail] = await world.send_mail()
    await world.confirm(token_of(mail))
    await world.count()
    before = await dump(world)
    with pytest.raises(Refused, match=r"Nothing was done.*Readers' Society \(example\).*--organisations leave"):
        await letter(world, None)
    assert await dump(world) == before


@pytest.mark.parametrize(("meant", "organisations_left"), [("leave", 1), ("withdraw", 0)])
async def test_a_letter_of_a_representative_does_what_its_writer_means(
    world: World, meant: str, organisations_left: int
) -> None:
    await approve(world, FORMER)
    await world.submit(person(FORMER, name="Rosa Former"))
    [mail] = await world.send_mail()
    await world.confirm(token_of(mail))
    # A claim whose confirmation isn't even mailed yet.
    other = {"name": "Other", "website": "https://other.org.uk", "country": "GB"}
    await world.submit(representative(FORMER, name="Rosa Former", organisation=other))
    assert await letter(world, meant) == 0
    assert_forgotten(world, await dump(world))
    assert (await world.count(), await check(world.db, "example")) == ((0, organisations_left), [])
    again = letters.Letter(letters.mailbox_id(world.settings.pepper, FORMER), dt.date(2026, 1, 10), "console")
    assert (await letters.find(world.db, again)).endorsements == []
