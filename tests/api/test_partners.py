"""Partners: what comes through them is theirs to know, coarsely; and a statement may be for their sites only."""

import argparse
import asyncio
from email.message import EmailMessage
from uuid import uuid4

import httpx
import pytest

from tests.conftest import World
from tests.letters import person, representative, token_of
from undersigned import console
from undersigned.errors import OriginInvalid, PartnerExists, PartnerUnknown, Refused
from undersigned.readers import partners

READERS = "https://www.readers.org.uk"
SIGN = "/v1/statements/example/endorsements"
FORM = {"kind": "individual", "name": "Ada Example", "email": "ada@example.org"}


async def add(world: World, slug: str = "readers", url: str = f"{READERS}/sign-here", *origins: str) -> str:
    key = await partners.add(world.db, slug, "Readers' Society", url, origins)
    await world.refresh()
    return key


async def restrict(world: World) -> None:
    await world.db.pool.execute("UPDATE statement SET embedding = 'partners', published_at = now()")
    await world.refresh()


async def sign(world: World, number: int, **changes: object) -> None:
    """That many people sign and confirm."""
    for _ in range(number):
        answer = await world.submit(person(f"{uuid4().hex}@example.org", **changes))
        assert answer.status_code == 202, answer.text
    for mail in await world.send_mail():
        if "confirm" in mail["Subject"]:
            assert (await world.confirm(token_of(mail))).json() == {"status": "counted"}


async def read_tally(world: World, key: str, slug: str = "readers") -> httpx.Response:
    return await world.client.get(
        f"/v1/partners/{slug}/statements/example/tally", headers={"Authorization": f"Bearer {key}"}
    )


async def told(world: World, key: str) -> int | None:
    await world.count()
    count: int | None = (await read_tally(world, key)).json()["individuals"]
    return count


async def a_day_passes(world: World) -> None:
    await world.db.pool.execute("UPDATE tally_partner SET as_of = as_of - interval '1 day'")


async def attributed(world: World) -> list[str | None]:
    return [row["partner"] for row in await world.db.pool.fetch("SELECT partner FROM submission ORDER BY submitted_at")]


# Attribution ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "partner", ["nobody", "", "No Such Partner", "a\0", "x" * 5000, "../readers", "readers\n", None]
)
async def test_an_unknown_partner_never_costs_a_signature(world: World, partner: str | None) -> None:
    await add(world)
    await sign(world, 1, partner=partner)
    assert await world.count() == (1, 0)
    assert await world.db.pool.fetchval("SELECT count(*) FROM tally_cell WHERE dimension = 'partner'") == 0
    assert await world.db.pool.fetchval("SELECT partner FROM endorsement") is None


async def test_a_partner_is_known_from_the_moment_it_is_added_until_it_is_removed(world: World) -> None:
    await world.submit(person(partner="readers"))
    await add(world)
    await world.submit(person(partner="readers"))
    await partners.remove(world.db, "readers")
    await world.refresh()
    assert (await world.submit(person(partner="readers"))).status_code == 202
    assert await attributed(world) == [None, "readers", None]


async def test_every_running_server_takes_a_change_over_by_itself(world: World) -> None:
    await partners.add(world.db, "readers", "Readers' Society", READERS, [])
    for _ in range(100):
        await asyncio.sleep(0.05)
        await world.submit(person(partner="readers"))
        if "readers" in await attributed(world):
            return
    raise AssertionError("memory never followed")


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (
            {"utm_source": " news ", "utm_campaign": "Tavasz 2027"},
            {"utm_source": "news", "utm_campaign": "Tavasz 2027"},
        ),
        ({"utm_source": "\0", "utm_medium": "x" * 101, "utm_campaign": ""}, {}),
        ({"utm_source": "a\r\nb", "utm_medium": "mail"}, {"utm_medium": "mail"}),
        ({"referring_host": "blog.readers.org.uk"}, {"referring_host": "readers.org.uk"}),
        ({"referring_host": "https://Ada@www.Readers.org.uk:8443/private/ada?x#y"}, {}),
        ({"referring_host": "https://www.Readers.org.uk:8443/private/ada?x#y"}, {"referring_host": "readers.org.uk"}),
        ({"referring_host": "bücher.de"}, {"referring_host": "xn--bcher-kva.de"}),
        ({"referring_host": "localhost"}, {}),
        ({"referring_host": "203.0.113.7"}, {}),
        ({"referring_host": "http://[::1"}, {}),
        ({"referring_host": "x" * 10_000}, {}),
        ({"referring_host": "\0.org"}, {}),
        ({"referring_host": "co.uk"}, {}),
        ({"utm_source": None, "referring_host": None}, {}),
    ],
)
async def test_a_source_is_kept_coarse_and_never_costs_a_signature(
    world: World, given: dict[str, str], kept: dict[str, str]
) -> None:
    assert (await world.submit(person(source=given))).status_code == 202
    assert await world.db.pool.fetchval("SELECT source FROM submission") == kept


async def test_a_field_that_no_source_has_is_still_refused(world: World) -> None:
    answer = await world.submit(person(source={"utm_term": "ada@example.org"}))
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/source/utm_term")


async def test_the_hosted_form_carries_the_partner_and_the_campaign(world: World) -> None:
    await add(world)
    page = await world.client.get("/s/example", params={"partner": "readers", "utm_source": '"><b>', "utm_term": "x"})
    assert '<input type="hidden" name="partner" value="readers">' in page.text
    assert '<input type="hidden" name="utm_source" value="&#34;&gt;&lt;b&gt;">' in page.text
    assert "utm_term" not in page.text
    again = await world.client.post("/s/example", data={"partner": "readers", "name": ""})
    assert '<input type="hidden" name="partner" value="readers">' in again.text
    sent = await world.client.post("/s/example", data=FORM | {"partner": "readers", "utm_source": "news"})
    assert sent.status_code == 200
    row = await world.db.pool.fetchrow("SELECT partner, source FROM submission")
    assert row is not None
    assert (row["partner"], row["source"]) == ("readers", {"utm_source": "news"})


# After confirming -----------------------------------------------------------------------------------------------------


async def confirm_on_page(world: World, mail: EmailMessage) -> str:
    statement = await world.db.pool.fetchrow("SELECT consent_sha256 FROM statement WHERE slug = 'example'")
    assert statement is not None
    data = {"consent": statement["consent_sha256"].hex(), "name": "Ada Example"}
    waiting = asyncio.create_task(world.client.post(f"/c/{token_of(mail)}", data=data))
    while not waiting.done():
        await world.count()
    page = await waiting
    assert page.status_code == 200
    return page.text


async def test_a_signer_finds_back_to_the_registered_address_of_the_partner(world: World) -> None:
    await add(world)
    await world.submit(person(partner="readers", source={"referring_host": "evil.example.net"}))
    [mail] = await world.send_mail()
    page = await confirm_on_page(world, mail)
    assert f'href="{READERS}/sign-here" rel="noopener">Back to Readers&#39; Society</a>' in page
    assert "evil" not in page


async def test_an_organisation_that_is_held_finds_back_too(world: World) -> None:
    await add(world)
    await world.submit(representative(partner="readers"))
    [mail] = await world.send_mail()
    assert f'href="{READERS}/sign-here"' in await confirm_on_page(world, mail)


async def test_nobody_is_led_back_to_a_partner_that_was_removed_meanwhile(world: World) -> None:
    await add(world)
    await world.submit(person(partner="readers"))
    [mail] = await world.send_mail()
    await partners.remove(world.db, "readers")
    await world.refresh()
    assert READERS not in await confirm_on_page(world, mail)


# Keeping partners -----------------------------------------------------------------------------------------------------


async def test_what_is_done_to_a_partner_is_in_the_trail(world: World) -> None:
    await add(world)
    await partners.change(world.db, "readers", "  Readers  United ", "https://readers.hu", [])
    await partners.renew_key(world.db, "readers")
    await partners.remove(world.db, "readers")
    rows = await world.db.pool.fetch("SELECT actor, action, detail FROM trail ORDER BY id")
    assert [tuple(row) for row in rows] == [
        ("console", action, "readers")
        for action in ("add partner", "change partner", "renew partner's key", "remove partner")
    ]
    [kept] = await partners.everyone(world.db)
    assert (kept.name, kept.origins) == ("Readers United", ["https://readers.hu", "https://www.readers.hu"])
    assert kept.retired_at is not None


async def test_a_slug_has_one_partner_and_a_removed_one_can_come_back(world: World) -> None:
    old = await add(world)
    with pytest.raises(PartnerExists):
        await add(world)
    await partners.remove(world.db, "readers")
    new = await add(world)
    assert [(await read_tally(world, key)).status_code for key in (old, new)] == [401, 200]
    with pytest.raises(PartnerUnknown):
        await partners.change(world.db, "nobody", "N", READERS, [])


@pytest.mark.parametrize(
    ("slug", "name", "url"),
    [
        ("Readers", "R", READERS),
        ("-", "R", READERS),
        ("a--b", "R", READERS),
        ("a\n", "R", READERS),
        ("x" * 65, "R", READERS),
        ("readers", "", READERS),
        ("readers", " ", READERS),
        ("readers", "x" * 101, READERS),
        ("readers", "R\0", READERS),
        ("readers", "R", "javascript:alert(1)"),
        ("readers", "R", "http://readers.org.uk"),
        ("readers", "R", "https://ada:secret@readers.org.uk"),
        ("readers", "R", 'https://readers.org.uk/"><script>'),
        ("readers", "R", "https://readers.org.uk/" + "x" * 300),
        ("readers", "R", "https://readers.org.uk/\r\nX: y"),
    ],
)
async def test_a_partner_that_cannot_be_is_refused_in_words(world: World, slug: str, name: str, url: str) -> None:
    with pytest.raises((Refused, OriginInvalid)) as refused:
        await partners.add(world.db, slug, name, url, [])
    assert refused.value.detail.endswith(".")
    with pytest.raises(OriginInvalid):
        await partners.add(world.db, "readers", "R", READERS, ["https://readers.org.uk/path"])
    assert await world.db.pool.fetchval("SELECT count(*) FROM partner") == 0


async def test_the_database_itself_holds_nothing_but_exact_origins(world: World) -> None:
    await add(world)
    for hostile in (
        [],
        ["https://a.org; script-src *"],
        ["https://a.org", "https://b.org\r\nX: y"],
        ["https://a.org https://b.org/x"],
        ["https://a@b.org"],
        ["https://A.org"],
        ["*"],
        ["https://a.org", None],
    ):
        with pytest.raises(Exception, match="partner_origins_are_exact"):
            await world.db.pool.execute("UPDATE partner SET origins = $1", hostile)
    with pytest.raises(Exception, match="tally_partner_is_never_small"):
        await world.db.pool.execute("INSERT INTO tally_partner VALUES ('example', 'readers', 9, 9)")


async def test_the_console_keeps_partners(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    about = argparse.Namespace(slug="readers", name="Readers", url=READERS, origin=["https://blog.readers.org.uk"])
    assert await console.partners.add(world.db, world.settings, about) == 0
    key = capsys.readouterr().out.strip()
    await world.refresh()
    assert (await read_tally(world, key)).status_code == 200
    about.origin = []
    assert await console.partners.change(world.db, world.settings, about) == 0
    assert await console.partners.key(world.db, world.settings, about) == 0
    assert await console.partners.remove(world.db, world.settings, about) == 0
    assert key not in capsys.readouterr().out
    assert await console.partners.listed(world.db, world.settings, about) == 0
    listed = capsys.readouterr().out
    assert "readers  Readers  https://www.readers.org.uk" in listed
    assert "https://readers.org.uk https://www.readers.org.uk\n" in listed
    assert "removed" in listed
