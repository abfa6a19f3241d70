"""Names in public: only of those who asked, only after a person looked, alphabetically, and gone as soon as they are hidden."""

from argparse import Namespace
from uuid import UUID

import pytest

from tests.conftest import World
from tests.letters import person, representative, token_of
from undersigned.console import names as console
from undersigned.errors import NameNotFound
from undersigned.identity import alphabet, names
from undersigned.identity.tokens import OwnerLink
from undersigned.readers import public_names
from undersigned.signing import endorsements, owners, review

PAGE = "/s/example/names"
API = "/v1/statements/example/names"


async def sign(world: World, name: str, *, show: bool = True) -> OwnerLink:
    """Somebody is counted, and asks to be shown."""
    email = f"{name.encode().hex()}@example.org"
    await world.submit(person(email, name=name, country="HU"))
    mail = next(mail for mail in await world.send_mail() if mail["To"] == email)
    await world.confirm(token_of(mail), show_name=show)
    await world.count()
    row = await world.db.pool.fetchrow("SELECT endorsement_id, bound FROM signatory WHERE address = $1", email)
    assert row is not None
    return OwnerLink(row["endorsement_id"], row["bound"])


async def show(world: World, name: str) -> OwnerLink:
    """Somebody whose name was looked at and is shown."""
    link = await sign(world, name)
    await public_names.show(world.db, link.endorsement_id, public_names.fingerprint(name), "console")
    return link


async def shown(world: World) -> list[str]:
    return [each["name"] for each in (await world.client.get(API)).json()["names"]]


async def test_a_name_is_looked_at_before_it_is_shown(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    link = await sign(world, "Ada Example")
    await sign(world, "Nobody Else", show=False)
    assert await shown(world) == []
    await console.waiting(world.db, world.settings, Namespace(statement=None))
    printed = capsys.readouterr().out
    assert "Ada Example" in printed
    assert "Nobody" not in printed
    looked_at = console.looked_at(printed.split()[0])
    assert looked_at[0] == link.endorsement_id
    assert await console.show(world.db, world.settings, Namespace(ids=[looked_at])) == 0
    assert await shown(world) == ["Ada Example"]
    page = await world.client.get(PAGE)
    assert "Ada Example" in page.text
    assert "Hungary" not in page.text
    assert await world.count() == (2, 0)


async def test_names_are_kept_out_of_search_engines_and_out_of_long_caches(world: World) -> None:
    await show(world, "Ada Example")
    for path in (PAGE, API):
        answer = await world.client.get(path)
        assert "noindex" in answer.headers["x-robots-tag"]
        assert answer.headers["cache-control"] == "public, max-age=0, s-maxage=30"
        assert "content-disposition" not in answer.headers
    assert '<meta name="robots" content="noindex">' in (await world.client.get(PAGE)).text
    [name] = (await world.client.get(API)).json()["names"]
    assert set(name) == {"name", "reference"}


async def test_a_refused_name_is_never_shown_and_its_owner_sees_why_not(world: World) -> None:
    link = await sign(world, "Ada Example")
    ids = [(link.endorsement_id, public_names.fingerprint("Ada Example"))]
    assert await console.refuse(world.db, world.settings, Namespace(ids=ids, reason="not_a_name")) == 0
    assert await console.show(world.db, world.settings, Namespace(ids=ids)) == 1
    assert await shown(world) == []
    held = await owners.read(world.db, link)
    assert held
    assert held.name_status == "refused"
    assert await world.count() == (1, 0)


async def test_a_shown_name_can_still_be_refused(world: World) -> None:
    link = await show(world, "Ada Example")
    await public_names.refuse(
        world.db, link.endorsement_id, public_names.fingerprint("Ada Example"), "console", "another_person"
    )
    assert await shown(world) == []


async def test_only_the_name_that_was_looked_at_is_shown(world: World) -> None:
    link = await sign(world, "Ada Example")
    seen = public_names.fingerprint("Ada Example")
    await owners.change(world.db, link, name="Something Rude")
    with pytest.raises(NameNotFound):
        await public_names.show(world.db, link.endorsement_id, seen, "console")
    assert await shown(world) == []


@pytest.mark.parametrize("change", [{"show_name": False}, {"name": "Ada Lovelace"}])
async def test_a_name_that_is_hidden_or_corrected_is_gone_at_once(world: World, change: dict[str, object]) -> None:
    link = await show(world, "Ada Example")
    await owners.change(world.db, link, **change)  # type: ignore[arg-type]
    assert await shown(world) == []
    assert await public_names.initials(world.db, "example") == []


async def test_other_changes_leave_a_name_shown(world: World) -> None:
    link = await show(world, "Ada Example")
    await owners.change(world.db, link, name="Ada Example", stop_updates=True)
    assert await shown(world) == ["Ada Example"]


async def test_who_withdraws_is_gone_at_once_and_nothing_of_the_name_is_left(world: World) -> None:
    link = await show(world, "Ada Example")
    [name] = (await world.client.get(API)).json()["names"]
    await endorsements.withdraw(world.db, link)
    assert await shown(world) == []
    assert await public_names.find_shown(world.db, "example", UUID(name["reference"])) is None
    trail = await world.db.pool.fetch("SELECT trail::text AS line FROM trail")
    assert len(trail) == 1
    assert "Ada" not in trail[0]["line"]
    assert str(link.endorsement_id) not in trail[0]["line"]


@pytest.mark.parametrize("letter", ["\ufdfa", "\U00010330"])
async def test_the_longest_names_have_a_page_behind_them_too(
    world: World, monkeypatch: pytest.MonkeyPatch, letter: str
) -> None:
    monkeypatch.setattr(public_names, "PAGE_SIZE", 1)
    for first in ("Ada", "Emre"):
        link, name = await sign(world, first), letter * (names.NAME_LENGTH_MAX - 1) + first[0]
        await world.db.pool.execute(
            "UPDATE signatory SET name = $1 WHERE address = $2", name, f"{first.encode().hex()}@example.org"
        )
        await public_names.show(world.db, link.endorsement_id, public_names.fingerprint(name), "console")
    cursor = (await world.client.get(API)).json()["next"]
    for page in (API, PAGE):
        behind = await world.client.get(page, params={"after": cursor})
        assert letter * (names.NAME_LENGTH_MAX - 1) in behind.text


async def test_pages_go_on_where_the_last_ended_whoever_left_meanwhile(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(public_names, "PAGE_SIZE", 2)
    everybody = {name: await show(world, name) for name in ("Zoë", "Emre", "Ada", "Élodie", "Иван")}
    first = (await world.client.get(API)).json()
    assert [each["name"] for each in first["names"]] == ["Ada", "Élodie"]
    await endorsements.withdraw(world.db, everybody["Élodie"])
    second = (await world.client.get(API, params={"after": first["next"]})).json()
    assert [each["name"] for each in second["names"]] == ["Emre", "Zoë"]
    last = (await world.client.get(API, params={"after": second["next"]})).json()
    assert ([each["name"] for each in last["names"]], last["next"]) == (["Иван"], None)
    page = (await world.client.get(PAGE, params={"letter": "Z"})).text
    assert page.index("Zoë") < page.index("Иван")
    assert "Emre" not in page


async def test_letters_are_those_that_names_begin_with(world: World) -> None:
    for name in ("Zoë", "Ada", "Álvaro", "Иван", "Արամ", "王伟", "山田"):
        await show(world, name)
    assert await public_names.initials(world.db, "example") == ["A", "Z", "И", "Ա", "*"]
    page = (await world.client.get(PAGE, params={"letter": "*"})).text
    assert "王伟" in page
    assert "Иван" not in page


@pytest.mark.parametrize("cursor", ["x", "AAAA", "é", "A" * 1000, "=="])
async def test_a_cursor_that_we_did_not_make_is_refused(world: World, cursor: str) -> None:
    assert (await world.client.get(API, params={"after": cursor})).status_code == 400


async def test_a_cursor_has_nothing_of_a_name_in_it_that_others_can_read(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(public_names, "PAGE_SIZE", 1)
    for name in ("Ada", "Bela"):
        await show(world, name)
    cursor = (await world.client.get(API)).json()["next"]
    scope, _ = public_names.bounds("example")
    assert public_names.opened(world.settings.pepper, scope, cursor).startswith(scope + alphabet.key("Ada"))
    other = await world.client.get("/v1/statements/other/names", params={"after": cursor})
    assert other.status_code == 404


async def test_a_representative_is_shown_beside_the_organisation_and_not_among_people(world: World) -> None:
    await world.submit(representative())
    [mail] = await world.send_mail()
    await world.confirm(token_of(mail), show_name=True)
    [claim] = await review.held(world.db)
    await review.approve(world.db, claim.id, "console")
    await world.count()
    [queued] = await public_names.queued(world.db)
    assert "Rosa Example" not in (await world.client.get("/s/example/organisations")).text
    await public_names.show(world.db, queued.endorsement_id, public_names.fingerprint("Rosa Example"), "console")
    assert "Rosa Example" in (await world.client.get("/s/example/organisations")).text
    assert await shown(world) == []


@pytest.mark.parametrize(
    ("name", "remark"),
    [("Ada Example", []), ("Аda Example", ["letters of Cyrillic and Latin"]), ("Ada 2 Example", ["has digits"]),
     ("quieter libraries", ["called like the statement"]), ("Sukarno", ["one word"])],
)  # fmt: skip
async def test_a_reviewer_hears_what_is_unusual(world: World, name: str, remark: list[str]) -> None:
    await sign(world, name)
    [row] = await public_names.queued(world.db, "example")
    assert public_names.remarks(row) == remark
