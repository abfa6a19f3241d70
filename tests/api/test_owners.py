"""What endorsers see of themselves, correct, take along and take back, behind a link in their own mailbox."""

import asyncio
import datetime as dt
import re
from email.message import EmailMessage

import msgspec
import pytest

from tests.conftest import World
from tests.letters import person, representative, text_of, token_of
from undersigned.identity.tokens import Signer
from undersigned.log import note, receipts
from undersigned.readers import public_names
from undersigned.signing import letters, review

ASK = "/v1/statements/example/manage-links"


async def endorsed(world: World, email: str = "ada@example.org") -> None:
    await world.submit(person(email, country="HU", objectives=["b"]))
    [mail] = [mail for mail in await world.send_mail() if mail["To"] == email]
    await world.confirm(token_of(mail), updates=True)
    await world.count()
    await world.send_mail()


async def ask(world: World, **body: object) -> list[EmailMessage]:
    answer = await world.client.post(ASK, json=body)
    assert (answer.status_code, answer.json()) == (202, {"status": "confirmation_sent"})
    return await world.send_mail()


def managed(mail: EmailMessage) -> str:
    return f"/m/{token_of(mail, 'm')}"


async def test_an_owner_sees_all_that_is_held_and_downloads_it(world: World) -> None:
    await endorsed(world)
    [mail] = await ask(world, email="ada@example.org")
    page = await world.client.get(managed(mail))
    for held in ("Ada Example", "ada@example.org", "Hungary", "not public", "asked for"):
        assert held in page.text
    document = (await world.client.get(f"{managed(mail)}/data.json")).json()
    assert (document["address"], document["country"], document["log_index"]) == ("ada@example.org", "HU", 2)
    assert page.headers["cache-control"] == "no-store"


async def test_an_owner_corrects_shows_hides_and_stops_news(world: World) -> None:
    await endorsed(world)
    [mail] = await ask(world, email="ada@example.org")
    link = managed(mail)
    assert (await world.client.post(f"{link}/name", data={"name": "see www.spam.example"})).status_code == 422
    for step, form in (("name", {"name": "Ada Lovelace"}), ("show", {}), ("stop-updates", {})):
        assert (await world.client.post(f"{link}/{step}", data=form)).status_code == 303
    row = await world.db.pool.fetchrow("SELECT name, name_status, consent FROM signatory")
    assert row is not None
    assert (row["name"], row["name_status"], "updates" in row["consent"]) == ("Ada Lovelace", "queued", False)
    [queued] = await public_names.queued(world.db)
    await public_names.show(world.db, queued.endorsement_id, public_names.fingerprint("Ada Lovelace"), "console")
    await world.client.post(f"{link}/name", data={"name": "Ada L."})
    assert await world.db.pool.fetchval("SELECT name_status FROM signatory") == "queued"
    await world.client.post(f"{link}/hide")
    assert await world.db.pool.fetchval("SELECT name_status FROM signatory") == "hidden"
    assert (await world.client.post(f"{link}/anything")).status_code == 400


async def test_an_unknown_mailbox_is_told_that_nothing_is_held_once_a_day(world: World) -> None:
    await endorsed(world)
    [mail] = await ask(world, email="nobody@example.org")
    assert "Nothing is held" in mail["Subject"]
    assert "/m/" not in text_of(mail)
    assert await ask(world, email="nobody@example.org") == []


async def test_a_representative_manages_an_organisation_and_nobody_else_does(world: World) -> None:
    await world.submit(representative("rosa@readers.org.uk"))
    [mail] = await world.send_mail()
    await world.confirm(token_of(mail))
    await review.approve(world.db, (await review.held(world.db))[0].id, "console")
    await world.count()
    await world.send_mail()
    named = {"name": "Readers", "website": "https://www.readers.org.uk/about", "country": "GB"}
    [other] = await ask(world, email="mallory@readers.org.uk", organisation=named)
    assert "Nothing is held" in other["Subject"]
    [mail] = await ask(world, email="rosa@readers.org.uk", organisation=named)
    assert "Readers&#39; Society" in (await world.client.get(managed(mail))).text


async def test_a_link_to_manage_is_of_no_use_after_withdrawing_and_signing_again(world: World) -> None:
    await endorsed(world)
    [mail] = await ask(world, email="ada@example.org")
    link = managed(mail)
    withdraw = (await world.client.get(link)).text.split('href="/w/')[1].split('"')[0]
    assert "Withdrawn" in (await world.client.post(f"/w/{withdraw}")).text
    await endorsed(world)
    assert "Nothing is held" in (await world.client.get(link)).text
    assert (await world.client.get(f"{link}/data.json")).status_code == 410
    await world.client.post(f"{link}/name", data={"name": "Somebody Else"})
    assert await world.db.pool.fetchval("SELECT name FROM signatory") == "Ada Example"


@pytest.mark.parametrize("kind", ["individual", "organisation"])
async def test_the_receipt_opens_its_entry_offline(world: World, kind: str) -> None:
    email = "ada.example@gmail.com"
    if kind == "individual":
        await endorsed(world, email)
        [mail] = await ask(world, email="adaexample+x@googlemail.com")
    else:
        await world.submit(representative(email))
        [first] = await world.send_mail()
        await world.confirm(token_of(first))
        await review.approve(world.db, (await review.held(world.db))[0].id, "console")
        await world.count()
        await world.send_mail()
        [mail] = await ask(world, email=email, organisation={"name": "x", "website": "readers.org.uk", "country": "GB"})
    answer = await world.client.get(f"{managed(mail)}/receipt.tlog-proof")
    vkey = (await world.client.get("/log/example/key")).text.strip()
    read = receipts.parse(answer.text)
    checkpoint = receipts.check(read, [note.parse_vkey(vkey)])
    assert (read.index, checkpoint.size) == (2, 4)
    who = {"individual": "mailbox:adaexample@gmail.com", "organisation": "domain:readers.org.uk"}[kind]
    assert (read.opening.kind, read.opening.identity) == (kind, who)
    forged = msgspec.structs.replace(
        read, opening=msgspec.structs.replace(read.opening, identity="mailbox:x@gmail.com")
    )
    with pytest.raises(receipts.ReceiptInvalid):
        receipts.check(forged, [note.parse_vkey(vkey)])


async def test_the_page_after_confirming_names_the_entry_and_offers_the_receipt(world: World) -> None:
    await world.submit(person())
    [mail] = await world.send_mail()
    link = f"/c/{token_of(mail)}"
    [consent] = re.findall(r'name="consent" value="(\w+)"', (await world.client.get(link)).text)

    async def sequence() -> None:
        for _ in range(60):
            if await world.count() == (1, 0):
                return
            await asyncio.sleep(0.05)

    page, _ = await asyncio.gather(world.client.post(link, data={"consent": consent, "name": "Ada"}), sequence())
    assert "entry 2" in page.text
    assert page.text.rstrip().endswith("</html>")
    [receipt] = re.findall(r'href="(/m/[^"]+/receipt.tlog-proof)\?lang=en"', page.text)
    assert (await world.client.get(receipt)).text.startswith("c2sp.org/tlog-proof@v1")


async def test_a_letter_finds_everything_under_an_address_and_withdraws_it(world: World) -> None:
    await endorsed(world, "ada.example@gmail.com")
    await world.submit(person("ada.example@gmail.com"))
    await world.submit(person("bela@example.org"))
    key = letters.mailbox_id(world.settings.pepper, "AdaExample@googlemail.com")
    letter = letters.Letter(key, dt.date(2026, 1, 10), "console")
    held = await letters.find(world.db, letter)
    assert [own.kind for own in held.endorsements] == ["individual"]
    assert (held.others.pending, held.others.held, held.others.suppressed) == (1, 0, False)
    [link] = await letters.manage_links(world.db, Signer(world.settings.signing_keys), letter, "")
    assert "ada.example@gmail.com" in (await world.client.get(link)).text
    assert await letters.withdraw(world.db, letter) == 1
    assert await world.count() == (0, 0)
    left = (await letters.find(world.db, letter)).others
    assert (left.pending, left.messages) == (0, 0)
    assert await world.db.pool.fetchval("SELECT count(*) FROM submission") == 1
    detail = await world.db.pool.fetchval("SELECT detail FROM trail WHERE action = 'person withdraw'")
    assert detail.startswith("received 2026-01-10, due 2026-02-09, done ")


async def test_whoever_holds_an_older_export_learns_what_was_taken_back_since(world: World) -> None:
    changes = "/v1/statements/example/changes"
    assert (await world.client.get(changes)).json() == {"subtracted": [], "next": 0}
    await endorsed(world)
    size = (await world.client.get(changes)).json()["next"]
    [mail] = await ask(world, email="ada@example.org")
    withdraw = (await world.client.get(managed(mail))).text.split('href="/w/')[1].split('"')[0]
    await world.client.post(f"/w/{withdraw}")
    await world.count()
    since = (await world.client.get(changes, params={"since": size})).json()
    assert since == {"subtracted": [{"log_index": 2, "reason": "withdrawn"}], "next": size + 2}
    assert (await world.client.get(changes, params={"since": since["next"]})).json()["subtracted"] == []
