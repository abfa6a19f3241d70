"""A person's whole way: submit, read the mail, confirm, be counted, withdraw."""

import asyncio

import pytest

from tests.conftest import World
from tests.letters import links_of, person, text_of, token_of


async def test_a_person_signs_confirms_is_counted_and_withdraws(world: World) -> None:
    answer = await world.submit(person(name="Արամ Խաչատրյան", country="AM", objectives=["a", "c"]))
    assert (answer.status_code, answer.json()) == (202, {"status": "confirmation_sent"})
    assert await world.count() == (0, 0)
    [mail] = await world.send_mail()
    answer = await world.confirm(token_of(mail), updates=True)
    assert (answer.status_code, answer.json()) == (200, {"status": "counted"})
    assert await world.count() == (1, 0)
    row = await world.db.pool.fetchrow("SELECT name, name_status, consent FROM signatory")
    assert row is not None
    assert (row["name"], row["name_status"]) == ("Արամ Խաչատրյան", "hidden")
    statement = await world.db.pool.fetchrow("SELECT consent_sha256 FROM statement WHERE slug = 'example'")
    assert statement is not None
    assert row["consent"]["endorse"]["text_sha256"] == statement["consent_sha256"].hex()
    assert "updates" in row["consent"]

    [thanks] = await world.send_mail()
    assert thanks["Subject"] == "Your endorsement counts – 127.0.0.1"
    answer = await world.client.post(f"/w/{token_of(thanks, 'w')}")
    assert answer.status_code == 200
    assert await world.count() == (0, 0)
    assert (await world.confirm(token_of(mail))).status_code == 410
    assert await world.db.pool.fetchval("SELECT withdrawn_count FROM tally WHERE statement = 'example'") == 1


async def test_a_repeated_confirmation_reads_like_the_first(world: World) -> None:
    await world.submit(person())
    [mail] = await world.send_mail()
    answers = await asyncio.gather(*(world.confirm(token_of(mail)) for _ in range(8)))
    assert {answer.status_code for answer in answers} == {200}
    assert sorted(answer.json()["status"] for answer in answers) == ["already_confirmed"] * 7 + ["counted"]


async def test_the_owner_corrects_the_name_and_asks_to_be_shown(world: World) -> None:
    await world.submit(person(name="Not Me At All"))
    [mail] = await world.send_mail()
    await world.confirm(token_of(mail), name=" Ada\u200e  Lovelace ", show_name=True)
    row = await world.db.pool.fetchrow("SELECT name, name_status FROM signatory")
    assert row is not None
    assert (row["name"], row["name_status"]) == ("Ada Lovelace", "queued")


async def test_without_consent_nothing_is_counted(world: World) -> None:
    await world.submit(person())
    [mail] = await world.send_mail()
    answer = await world.client.post("/v1/confirmations", json={"token": token_of(mail), "consent": False})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["code"] == "consent_required"
    assert await world.count() == (0, 0)


async def test_a_bad_correction_is_named_and_loses_nothing(world: World) -> None:
    await world.submit(person())
    [mail] = await world.send_mail()
    answer = await world.confirm(token_of(mail), name="see https://spam.example")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "name_link")
    assert (await world.confirm(token_of(mail))).json() == {"status": "counted"}


async def test_new_pending_suppressed_and_counted_addresses_get_byte_equal_answers(world: World) -> None:
    for email in ("counted@example.org", "pending@example.org", "suppressed@example.org"):
        await world.submit(person(email))
    mails = {mail["To"]: mail for mail in await world.send_mail()}
    await world.confirm(token_of(mails["counted@example.org"]))
    await world.client.post(f"/n/{token_of(mails['suppressed@example.org'], 'n')}")
    answers = [await world.submit(person(f"{who}@example.org")) for who in ("new", "pending", "suppressed", "counted")]
    assert len({(answer.status_code, answer.content, tuple(answer.headers.items())) for answer in answers}) == 1
    told = {mail["To"]: mail["Subject"] for mail in await world.send_mail() if mail["To"] != "counted@example.org"}
    assert set(told) == {"new@example.org", "pending@example.org"}


async def test_a_third_party_with_a_wrong_name_does_not_touch_what_the_owner_confirms(world: World) -> None:
    await world.submit(person(name="Ada Example"))
    [mine] = await world.send_mail()
    await world.submit(person(name="Slander"))
    assert (await world.confirm(token_of(mine))).json() == {"status": "counted"}
    assert await world.db.pool.fetchval("SELECT name FROM signatory") == "Ada Example"
    assert await world.db.pool.fetchval("SELECT count(*) FROM submission") == 0


async def test_a_get_of_every_mailed_link_changes_nothing(world: World) -> None:
    await world.submit(person("one@example.org"))
    await world.submit(person("two@example.org"))
    mails = await world.send_mail()
    await world.confirm(token_of(mails[0]))
    mails += await world.send_mail()
    before = await dump(world)
    links = [link for mail in mails for link in links_of(mail)]
    assert {link.split("/")[1] for link in links} == {"c", "w", "n"}
    for link in links:
        for _ in range(10):
            assert (await world.client.get(link)).status_code == 200
            head = await world.client.head(link)
            assert (head.status_code, head.content) == (200, b"")
    assert await dump(world) == before


async def dump(world: World) -> dict[str, list[str]]:
    tables = await world.db.pool.fetch(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    )
    return {
        row["relname"]: [
            line["line"]
            for line in await world.db.pool.fetch(f'SELECT t::text AS line FROM "{row["relname"]}" t ORDER BY 1')
        ]
        for row in tables
    }


async def test_a_signer_who_says_it_was_not_them_is_forgotten(world: World) -> None:
    await world.submit(person())
    [mail] = await world.send_mail()
    page = await world.client.post(f"/c/{token_of(mail)}/deny")
    assert "It is deleted" in page.text
    assert await world.db.pool.fetchval("SELECT count(*) FROM submission") == 0
    assert (await world.confirm(token_of(mail))).status_code == 410


async def test_an_expired_link_offers_a_new_one_in_one_tap(world: World) -> None:
    await world.submit(person())
    [mail] = await world.send_mail()
    await world.db.pool.execute("UPDATE submission SET expires_at = now() - interval '1 second'")
    link = f"/c/{token_of(mail)}"
    page = await world.client.get(link)
    assert page.status_code == 410
    assert f'action="{link}/renew?lang=en"' in page.text
    assert (await world.confirm(token_of(mail))).json()["type"] == "urn:undersigned:problem:expired"
    for _ in range(3):
        assert (await world.client.post(f"{link}/renew")).status_code == 200
    [again] = await world.send_mail()
    assert (await world.confirm(token_of(again))).json() == {"status": "counted"}


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "é" * 40, "A" * 290])
async def test_a_mangled_link_is_an_explained_error(world: World, token: str) -> None:
    answer = await world.confirm(token)
    assert (answer.status_code, answer.json()["type"]) == (400, "urn:undersigned:problem:link_invalid")


async def test_a_link_serves_one_purpose_only(world: World) -> None:
    await world.submit(person())
    [mail] = await world.send_mail()
    assert (await world.client.post(f"/w/{token_of(mail)}")).status_code == 400
    assert (await world.confirm(token_of(mail, "n"))).status_code == 400


async def test_a_filled_honeypot_keeps_nothing_and_says_so(world: World) -> None:
    answer = await world.submit(person("filled@example.org", subject="Buy now"))
    assert answer.status_code == 422
    [fault] = answer.json()["errors"]
    assert (fault["pointer"], fault["code"]) == ("/subject", "not_empty")
    assert await world.db.pool.fetchval("SELECT count(*) FROM submission") == 0
    assert (await world.submit(person("filled@example.org", subject=""))).status_code == 202


@pytest.mark.parametrize("path", ["/s/example", "/embed/example/form"])
async def test_a_person_whose_browser_fills_the_honeypot_is_asked_to_send_once_more_without_it(
    world: World, path: str
) -> None:
    form = {"kind": "individual", "name": "Ada Example", "email": "ada@example.org", "subject": "Ada Example"}
    answer = await world.client.post(path, data=form)
    assert answer.status_code == 422
    assert "please send the form once more" in answer.text
    assert 'name="subject"' not in answer.text
    assert 'value="ada@example.org"' in answer.text
    assert (await world.client.post(path, data=form | {"subject": ""})).status_code == 200
    assert await world.db.pool.fetchval("SELECT count(*) FROM submission") == 1
    assert 'name="subject"' in (await world.client.get(path)).text


async def test_the_mail_before_confirmation_repeats_nothing_that_was_typed(world: World) -> None:
    await world.submit(person(name="Vile Slurs", objectives=["a"], country="AZ"))
    [mail] = await world.send_mail()
    assert mail["Subject"] == "Please confirm your address – 127.0.0.1"
    whole = mail.as_string() + text_of(mail)
    assert "Vile" not in whole
    assert "Quieter libraries" in text_of(mail)
    assert "Quieter libraries" not in mail["Subject"]
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
