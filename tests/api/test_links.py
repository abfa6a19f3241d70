"""Mailed links, short and long: each leads to its own row, in its mail's language, and nowhere once that is gone."""

import base64
import datetime as dt
import hashlib
from collections.abc import Callable
from uuid import UUID

from itsdangerous import TimestampSigner

from tests.api.test_succession import FORMER, SUCCESSOR, approve, manage, offer
from tests.conftest import World
from tests.letters import person, token_of
from undersigned.signing import letters

ADA = "ada@example.org"


async def asked(world: World, email: str = ADA, **changes: object) -> str:
    """A claim's link."""
    await world.submit(person(email, **changes))
    [mail] = [mail for mail in await world.send_mail() if mail["To"] == email]
    return f"/c/{token_of(mail)}"


async def counted(world: World, email: str = ADA, **changes: object) -> str:
    """A counted person's link to withdraw."""
    await world.confirm((await asked(world, email, **changes)).removeprefix("/c/"))
    [mail] = [mail for mail in await world.send_mail() if mail["To"] == email]
    return f"/w/{token_of(mail, 'w')}"


def long_link(world: World, kind: str, purpose: str, payload: bytes) -> str:
    """A link as it was made before version 0.1."""
    keys = world.settings.signing_keys
    maker = TimestampSigner(keys, f"undersigned {purpose}", ".", "hmac", hashlib.sha256)
    return f"/{kind}/{maker.sign(base64.urlsafe_b64encode(payload).rstrip(b'=')).decode()}"


async def test_long_links_that_lie_in_mailboxes_still_lead_where_they_did(world: World) -> None:
    await asked(world)
    row = await world.db.pool.fetchrow("SELECT endorsement_id, id, mailbox_id FROM submission")
    assert row is not None
    confirm = long_link(world, "c", "confirm", row["endorsement_id"].bytes + row["id"].bytes)
    assert 'name="consent"' in (await world.client.get(confirm)).text
    assert (await world.confirm(confirm.removeprefix("/c/"))).json() == {"status": "counted"}
    assert "It is done already" in (await world.client.get(confirm)).text
    bound = await world.db.pool.fetchval("SELECT bound FROM signatory")
    owner = row["endorsement_id"].bytes + bound
    assert "Ada Example" in (await world.client.get(long_link(world, "m", "manage", owner))).text
    withdraw = long_link(world, "w", "withdraw", owner)
    assert "Withdraw this endorsement?" in (await world.client.get(withdraw)).text
    assert "Withdrawn" in (await world.client.post(withdraw)).text
    assert await world.count() == (0, 0)


async def test_a_long_link_of_a_successor_still_takes_over(world: World) -> None:
    await approve(world, FORMER)
    await offer(world, await manage(world, FORMER))
    row = await world.db.pool.fetchrow("SELECT endorsement_id, id FROM succession")
    assert row is not None
    link = long_link(world, "h", "succeed", row["endorsement_id"].bytes + row["id"].bytes)
    page = (await world.client.get(link)).text
    consent = page.split('name="consent" value="')[1].split('"')[0]
    await world.client.post(link, data={"name": "Sam", "role": "Chair", "consent": consent})
    assert await world.db.pool.fetchval("SELECT address FROM signatory") == SUCCESSOR
    assert "It is done already" in (await world.client.get(link)).text


async def test_short_and_long_links_stop_the_same_mail(world: World) -> None:
    mailbox_id = letters.mailbox_id(world.settings.pepper, ADA)
    short = f"/n/{world.site.signer.stop(mailbox_id)}"
    long = long_link(world, "stop", "stop", mailbox_id.bytes)

    async def is_mailed() -> bool:
        await world.db.pool.execute("DELETE FROM message")
        await world.submit(person(ADA))
        return bool(await world.send_mail())

    for one, other in ((short, long), (long, short)):
        await world.client.post(one)
        for link in (one, other):
            assert "is stopped" in (await world.client.get(link)).text
        assert not await is_mailed()
        await world.client.post(f"{other}/undo")
        assert "is stopped" not in (await world.client.get(one)).text
        assert await is_mailed()
    await world.db.pool.execute("INSERT INTO suppression VALUES ($1, 'owner')", mailbox_id)
    assert "is stopped" in (await world.client.get(short)).text
    assert not await is_mailed()
    held = await letters.find(world.db, letters.Letter(mailbox_id, dt.date(2026, 11, 27), "console"))
    assert held.others.suppressed
    await world.client.post(f"{short}/undo")
    assert await world.db.pool.fetchval("SELECT count(*) FROM suppression") == 0


async def test_a_page_speaks_the_language_of_its_mail_unless_another_is_asked_for(world: World) -> None:
    link = await asked(world, locale="hu")
    withdraw = await counted(world, "bob@example.org", locale="hy")
    french = {"Accept-Language": "fr", "Accept": "text/html"}
    for url, language in ((link, "hu"), (f"{link}?lang=de", "de"), (withdraw, "hy"), (f"{withdraw}?lang=tr", "tr")):
        assert f'<html lang="{language}"' in (await world.client.get(url, headers=french)).text
    # And on: what a page leads to goes on in it, and what became of a row that is gone is said in it.
    assert f'action="{link}?lang=hu#summary"' in (await world.client.get(link, headers=french)).text
    await world.client.post(withdraw)
    await world.client.post(f"{link}/deny")
    for url, language in ((link, "hu"), (withdraw, "hy"), (link[:-1], "fr"), ("/c/" + "z" * 34, "fr")):
        assert f'<html lang="{language}"' in (await world.client.get(url, headers=french)).text


async def test_a_link_whose_seal_was_changed_opens_nothing(world: World) -> None:
    link, withdraw = await asked(world, "bob@example.org"), await counted(world)
    changed: Callable[[str], str] = lambda link: link[:-1] + ("0" if link[-1] != "0" else "1")  # noqa: E731
    assert "Nothing is held" in (await world.client.post(changed(withdraw))).text
    assert (await world.client.get(changed(link))).status_code == 410
    assert (await world.confirm(changed(link).removeprefix("/c/"))).status_code == 410
    assert await world.count() == (1, 0)
    assert "Withdrawn" in (await world.client.post(withdraw)).text


async def test_of_rows_whose_keys_begin_alike_a_link_opens_its_own(world: World) -> None:
    link = await asked(world)
    row = await world.db.pool.fetchrow("SELECT endorsement_id, id FROM submission")
    assert row is not None
    begun = row["endorsement_id"].bytes[:6]
    twins = [(row["endorsement_id"], UUID(bytes=row["id"].bytes[:2] + bytes(14)))]
    twins += [(UUID(bytes=begun + bytes([n] * 10)), row["id"]) for n in (1, 254)]
    for endorsement_id, submission_id in twins:
        await world.db.pool.execute(
            "INSERT INTO submission SELECT (jsonb_populate_record(s, $1)).* FROM submission AS s WHERE id = $2 AND "
            "endorsement_id = $3",
            {"endorsement_id": str(endorsement_id), "id": str(submission_id), "name": "A Twin"},
            row["id"],
            row["endorsement_id"],
        )
    assert await world.db.pool.fetchval("SELECT count(*) FROM submission") == 4
    assert "A Twin" not in (await world.client.get(link)).text
    assert (await world.confirm(link.removeprefix("/c/"))).json() == {"status": "counted"}
    assert await world.db.pool.fetchval("SELECT name FROM signatory WHERE endorsement_id = $1", row[0]) == "Ada Example"


async def test_whose_claim_is_gone_is_told_what_became_of_it_only_if_no_other_endorsement_can_be_meant(
    world: World,
) -> None:
    link = await asked(world)
    await world.confirm(link.removeprefix("/c/"))
    assert "It is done already" in (await world.client.get(link)).text
    own = await world.db.pool.fetchval("SELECT id FROM endorsement")
    await world.db.pool.execute(
        "INSERT INTO endorsement SELECT (jsonb_populate_record(e, $1)).* FROM endorsement AS e",
        {"id": str(UUID(bytes=own.bytes[:6] + bytes([1] * 10)))},
    )
    assert "This link has expired" in (await world.client.get(link)).text
