"""A representative hands over to a successor; the organisation stays counted, and its entry the same."""

import asyncio
import datetime as dt
import re
from email.message import EmailMessage

import pytest

from tests.conftest import World
from tests.letters import person, representative, text_of, token_of
from undersigned.database.connection import connect
from undersigned.errors import TooManyOffers
from undersigned.identity.tokens import TTL_S, OwnerLink, Signer
from undersigned.log import note, receipts
from undersigned.log.check import check
from undersigned.process.retention import purge
from undersigned.signing import endorsements, letters, links, review, successions

READERS = {"name": "Readers", "website": "https://www.readers.org.uk", "country": "GB"}
FORMER, SUCCESSOR = "rosa.former@readers.org.uk", "sam@readers.org.uk"
OFFERED = {"successor_name": "Sam Successor", "successor_role": "Director", "successor_email": SUCCESSOR}


async def approve(world: World, email: str) -> EmailMessage:
    """Signs for the organisation and lets an admin approve it; returns the mail that says so."""
    await world.submit(representative(email, name="Rosa Former", role="Former Chair"))
    [mail] = [mail for mail in await world.send_mail() if mail["To"] == email]
    await world.confirm(token_of(mail))
    await review.approve(world.db, (await review.held(world.db))[0].id, "console")
    await world.count()
    [mail] = await world.send_mail()
    return mail


async def manage(world: World, email: str) -> str:
    """The path of a fresh link to manage the organisation's endorsement."""
    await world.client.post("/v1/statements/example/manage-links", json={"email": email, "organisation": READERS})
    [mail] = [mail for mail in await world.send_mail() if mail["To"] == email]
    return f"/m/{token_of(mail, 'm')}"


async def offer(world: World, link: str, **changes: str) -> str:
    """Offers the place to a successor; returns the path in the mail to them."""
    answer = await world.client.post(f"{link}/successor", data=OFFERED | changes)
    assert answer.status_code == 303
    [mail] = await world.send_mail()
    assert mail["To"] == (OFFERED | changes)["successor_email"]
    return f"/h/{token_of(mail, 'h')}"


async def accept(world: World, link: str, **changes: str) -> str:
    """Presses the button of the offer's page; returns the page that follows."""
    [consent] = re.findall(r'name="consent" value="(\w+)"', (await world.client.get(link)).text)
    form = {"consent": consent, "name": "Sam Successor", "role": "Director"} | changes
    return (await world.client.post(link, data=form)).text


async def dump(world: World) -> str:
    """Every row of every table, as text."""
    lines = []
    for table in await world.db.pool.fetch(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    ):
        lines += [
            f"{table['relname']} {row['line']}"
            for row in await world.db.pool.fetch(f'SELECT t::text AS line FROM "{table["relname"]}" AS t')
        ]
    return "\n".join(lines)


def assert_forgotten(world: World, dumped: str, *traces: str) -> None:
    key = letters.mailbox_id(world.settings.pepper, FORMER)
    for trace in (FORMER, "Former", str(key), *traces):
        assert trace not in dumped, f"{trace} is still in {next(x for x in dumped.splitlines() if trace in x)}"


async def test_a_successor_takes_the_place_and_the_former_one_is_forgotten(world: World) -> None:
    counted = await approve(world, FORMER)
    old = await manage(world, FORMER)
    before = await world.db.pool.fetchrow("SELECT id, commitment, counted_at FROM endorsement")
    page = await accept(world, await offer(world, old), name="Sam S. Successor", role="Head", show_name="true")
    assert "You speak for Readers&#39; Society now" in page
    mails = {mail["To"]: mail for mail in await world.send_mail()}
    assert set(mails) == {FORMER, SUCCESSOR}
    assert "Handed over" in mails[FORMER]["Subject"]
    assert "Sam" not in text_of(mails[FORMER])
    row = await world.db.pool.fetchrow("SELECT * FROM signatory")
    assert row is not None
    assert (row["address"], row["name"], row["role"]) == (SUCCESSOR, "Sam S. Successor", "Head")
    assert (row["name_status"], row["source"], row["network_key"]) == ("queued", {}, None)
    sha256 = await world.db.pool.fetchval("SELECT consent_sha256 FROM statement WHERE slug = 'example'")
    assert row["consent"]["endorse"]["text_sha256"] == sha256.hex()
    assert await world.db.pool.fetchrow("SELECT id, commitment, counted_at FROM endorsement") == before
    assert_forgotten(world, await dump(world))
    assert (await world.count(), await check(world.db, "example")) == ((0, 1), [])

    assert "Nothing is held" in (await world.client.get(old)).text
    for dead in (f"{old}/data.json", f"{old}/receipt.tlog-proof"):
        assert SUCCESSOR not in (await world.client.get(dead)).text
    await world.client.post(f"{old}/name", data={"name": "Rosa Again"})
    await world.client.post(f"{old}/successor", data=OFFERED)
    await world.client.post(f"/w/{token_of(counted, 'w')}")
    assert "Nothing is held" in (await world.client.post(f"{old}/leave")).text
    assert await world.count() == (0, 1)
    assert await world.db.pool.fetchval("SELECT name FROM signatory") == "Sam S. Successor"
    assert await world.send_mail() == []

    new = await manage(world, SUCCESSOR)
    assert SUCCESSOR in (await world.client.get(new)).text
    receipt = receipts.parse((await world.client.get(f"{new}/receipt.tlog-proof")).text)
    vkey = (await world.client.get("/log/example/key")).text.strip()
    receipts.check(receipt, [note.parse_vkey(vkey)])
    assert "Withdrawn" in (await world.client.post(f"/w/{token_of(mails[SUCCESSOR], 'w')}")).text
    assert await world.count() == (0, 0)
    assert "Successor" not in await dump(world)


async def test_the_mail_to_a_successor_repeats_nothing_that_was_typed(world: World) -> None:
    await approve(world, FORMER)
    await world.client.post(f"{await manage(world, FORMER)}/successor", data=OFFERED)
    [mail] = await world.send_mail()
    html = mail.get_body(("html",))
    assert html is not None
    title = await world.db.pool.fetchval("SELECT title FROM statement WHERE slug = 'example'")
    assert title not in mail["Subject"]
    assert "Readers' Society" in text_of(mail)
    for typed in ("Sam", "Director", "Rosa", "Former"):
        assert typed not in text_of(mail) + html.get_content() + mail["Subject"]
    assert "List-Unsubscribe" in mail


async def test_looking_at_an_offer_or_at_leaving_changes_nothing(world: World) -> None:
    await approve(world, FORMER)
    old = await manage(world, FORMER)
    link = await offer(world, old)
    before = await dump(world)
    for path in (link, f"{old}/leave"):
        for ask in (world.client.get, world.client.head):
            assert (await ask(path)).status_code in (200, 303)
    page = (await world.client.get(link)).text
    assert await dump(world) == before
    for shown in ("Readers&#39; Society", "Sam Successor", "Director", "This was not me"):
        assert shown in page
    assert FORMER not in page
    assert "checked" not in page


async def test_accepting_needs_the_consent_that_was_read_and_a_good_name(world: World) -> None:
    await approve(world, FORMER)
    link = await offer(world, await manage(world, FORMER))
    assert (await world.client.post(link, data={"name": "Sam", "role": "x", "consent": "0" * 64})).status_code == 409
    page = await accept(world, link, name="see www.spam.example", role="")
    assert 'href="#name"' in page
    assert 'href="#role"' in page
    assert await world.db.pool.fetchval("SELECT address FROM signatory") == FORMER


async def test_two_acceptances_at_once_read_the_same_and_make_one_successor(world: World) -> None:
    await approve(world, FORMER)
    token = (await offer(world, await manage(world, FORMER))).removeprefix("/h/")
    link = await links.offer(world.db, Signer(world.settings.signing_keys), token)
    made = await asyncio.gather(
        *(successions.accept(world.db, link, name="Sam", role="Chair", show_name=False) for _ in range(16))
    )
    assert len(set(made)) == 1
    assert len(await world.send_mail()) == 2
    assert "It is done already" in (await world.client.get(f"/h/{token}")).text
    assert "It is done already" in (await world.client.post(f"/h/{token}")).text


async def test_accepting_and_withdrawing_at_once_leave_one_or_nobody(world: World) -> None:
    for n in range(5):
        counted = await approve(world, FORMER)
        signer = Signer(world.settings.signing_keys)
        token = (await offer(world, await manage(world, FORMER))).removeprefix("/h/")
        link = await links.offer(world.db, signer, token)
        old = await links.to_withdraw(world.db, signer, token_of(counted, "w"))
        _, withdrawn = await asyncio.gather(
            successions.accept(world.db, link, name="Sam", role="Chair", show_name=False),
            endorsements.withdraw(world.db, old),
            return_exceptions=True,
        )
        assert await world.count() == (0, 0 if withdrawn is True else 1), n
        assert await check(world.db, "example") == []
        if withdrawn is not True:
            bound = await world.db.pool.fetchval("SELECT bound FROM signatory")
            assert await endorsements.withdraw(world.db, OwnerLink(link.endorsement_id, bound))
        await world.count()
        await world.send_mail()
        await world.db.pool.execute("DELETE FROM message")
        assert await world.db.pool.fetchval("SELECT count(*) FROM succession") == 0


async def test_a_new_offer_voids_the_one_before_and_a_stranger_can_say_no(world: World) -> None:
    await approve(world, FORMER)
    old = await manage(world, FORMER)
    first = await offer(world, old, successor_email="wrong@example.org")
    second = await offer(world, old)
    assert (await world.client.get(first)).status_code == 410
    assert (await world.client.post(first)).status_code == 410
    assert SUCCESSOR in (await world.client.get(old)).text
    assert "It is deleted" in (await world.client.post(f"{second}/deny")).text
    assert (await world.client.get(second)).status_code == 410
    assert SUCCESSOR not in await dump(world)
    third = await offer(world, old)
    await world.client.post(f"{old}/take-back")
    assert (await world.client.get(third)).status_code == 410
    assert await world.db.pool.fetchval("SELECT address FROM signatory") == FORMER


async def test_an_offer_expires_and_is_purged(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await approve(world, FORMER)
    link = await offer(world, await manage(world, FORMER))
    with monkeypatch.context() as later:
        later.setitem(TTL_S, "succeed", -7200)
        assert (await world.client.get(link)).status_code == 410
        assert (await world.client.post(link)).status_code == 410
    await world.db.pool.execute("UPDATE succession SET expires_at = now() - interval '1 minute'")
    assert (await world.client.get(link)).status_code == 410
    assert await purge(world.db) == 1
    assert SUCCESSOR not in await dump(world)


async def test_a_bad_offer_is_shown_again_and_a_person_has_no_place_to_offer(world: World) -> None:
    await approve(world, FORMER)
    old = await manage(world, FORMER)
    page = await world.client.post(f"{old}/successor", data=OFFERED | {"successor_email": "nonsense"})
    assert page.status_code == 422
    assert 'href="#successor_email"' in page.text
    assert "nonsense" in page.text
    await world.submit(person("ada@example.org"))
    [mail] = await world.send_mail()
    await world.confirm(token_of(mail))
    row = await world.db.pool.fetchrow("SELECT endorsement_id, bound FROM signatory WHERE address = 'ada@example.org'")
    assert row is not None
    own = f"/m/{Signer(world.settings.signing_keys).manage(OwnerLink(row['endorsement_id'], row['bound']))}"
    assert "Hand over" not in (await world.client.get(own)).text
    for step in ("successor", "leave"):
        assert "Nothing is held" in (await world.client.post(f"{own}/{step}", data=OFFERED)).text
    assert await world.db.pool.fetchval("SELECT count(*) FROM signatory") == 2


async def test_offers_count_against_the_mailbox_and_stop_at_its_wish(world: World) -> None:
    await approve(world, FORMER)
    old = await manage(world, FORMER)
    for _ in range(3):
        await offer(world, old)
    await world.db.pool.execute("UPDATE organisation SET offered_at = '{}'")
    await world.client.post(f"{old}/successor", data=OFFERED)
    assert await world.send_mail() == []
    assert (
        await world.db.pool.fetchval("SELECT status FROM message WHERE template = 'succeed' AND address <> ''") == "due"
    )
    key = letters.mailbox_id(world.settings.pepper, SUCCESSOR)
    await world.db.execute(world.db.q.messages.suppress, key)
    await world.db.pool.execute("UPDATE message SET due_at = now() WHERE status = 'due'")
    assert await world.send_mail() == []
    outcome = "SELECT outcome FROM message WHERE template = 'succeed' AND status = 'dropped'"
    assert await world.db.pool.fetchval(outcome) == "suppressed"


async def test_a_letter_finds_and_drops_an_offer(world: World) -> None:
    await approve(world, FORMER)
    link = await offer(world, await manage(world, FORMER))
    letter = letters.Letter(letters.mailbox_id(world.settings.pepper, SUCCESSOR), dt.date(2026, 1, 10), "console")
    held = await letters.find(world.db, letter)
    assert (held.endorsements, held.others.offers) == ([], 1)
    assert await letters.withdraw(world.db, letter) == 1
    assert (await world.client.get(link)).status_code == 410


async def test_an_organisation_makes_three_offers_a_day_and_a_refused_one_changes_nothing(world: World) -> None:
    await approve(world, FORMER)
    old = await manage(world, FORMER)
    for n in range(2):
        await offer(world, old, successor_email=f"one{n}@example.org")
    kept = await offer(world, old)
    before = await dump(world)
    form = OFFERED | {"successor_email": "fourth@example.org"}
    page = await world.client.post(f"{old}/successor", data=form, headers={"Accept": "text/html"})
    assert (page.status_code, "three times a day" in page.text) == (429, True)
    problem = await world.client.post(f"{old}/successor", data=form)
    assert (problem.status_code, problem.json()["type"]) == (429, "urn:undersigned:problem:too_many_offers")
    assert (await dump(world), await world.send_mail()) == (before, [])
    assert (await world.client.get(kept)).status_code == 200
    await world.db.pool.execute(
        "UPDATE organisation SET offered_at = ARRAY[offered_at[1] - interval '1 day', offered_at[2], offered_at[3]]"
    )
    await offer(world, old, successor_email="fourth@example.org")
    assert (await world.client.post(f"{old}/successor", data=OFFERED)).status_code == 429


async def test_taking_back_an_offer_or_a_new_representative_gives_no_further_offers(world: World) -> None:
    await approve(world, FORMER)
    old = await manage(world, FORMER)
    for _ in range(2):
        await offer(world, old, successor_email="wrong@example.org")
        await world.client.post(f"{old}/take-back")
    await accept(world, await offer(world, old))
    await world.send_mail()
    new = await manage(world, SUCCESSOR)
    answer = await world.client.post(f"{new}/successor", data=OFFERED | {"successor_email": "third@example.org"})
    assert answer.status_code == 429


async def test_of_offers_at_the_same_moment_no_more_than_three_pass(world: World) -> None:
    await approve(world, FORMER)
    row = await world.db.pool.fetchrow("SELECT endorsement_id, bound FROM signatory")
    assert row is not None

    async def alone(n: int) -> bool:
        """An offer through a pool of its own, so that it shares no batch with the others."""
        async with connect(world.settings.database_url, connections_max=1) as db:
            link = OwnerLink(row["endorsement_id"], row["bound"])
            try:
                return await successions.offer(
                    db,
                    world.settings.pepper,
                    link,
                    name="Sam",
                    role="Chair",
                    email=f"sam{n}@example.org",
                    network_key=None,
                )
            except TooManyOffers:
                return False

    assert sum(await asyncio.gather(*(alone(n) for n in range(8)))) == 3
    assert await world.db.pool.fetchval("SELECT cardinality(offered_at) FROM organisation") == 3


@pytest.mark.parametrize(
    "name",
    [
        "Your account is locked, see evil.com",
        "Call +44 20 7946 0958",
        "Readers’ Society of all the Counties, Towns and Villages of the Realm, which wishes to tell you something",
    ],
)
@pytest.mark.parametrize("locale", ["en", "de"])
async def test_a_name_that_could_lead_its_reader_elsewhere_is_quoted_in_no_mail(
    world: World, name: str, locale: str
) -> None:
    await approve(world, FORMER)
    await world.db.pool.execute("UPDATE organisation SET name = $1", name)
    await world.db.pool.execute("UPDATE signatory SET locale = $1", locale)
    old = await manage(world, FORMER)
    await world.db.pool.execute("UPDATE signatory SET locale = $1", locale)
    await world.client.post(f"{old}/successor", data=OFFERED)
    [mail] = await world.send_mail()
    html = mail.get_body(("html",))
    assert html is not None
    for said in (" ".join(text_of(mail).split()), html.get_content(), mail["Subject"]):
        for part in (name, name[:20], name[-12:]):
            assert part not in said
    said = "an organisation at" if locale == "en" else "eine Organisation zu vertreten"
    assert said in " ".join(text_of(mail).split())
    assert token_of(mail, "h")
