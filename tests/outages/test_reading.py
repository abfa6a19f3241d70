"""What was readable stays readable while the database is away, marked with its age; what isn't says when to come back."""

import asyncio
import re

import httpx
import pytest

from tests.api.test_public_names import show
from tests.api.test_reports import endorse_for
from tests.conftest import World, app_for
from tests.letters import person, token_of
from tests.outage import Outage
from tests.waiting import until
from undersigned.database.connection import Database
from undersigned.database.session import Session
from undersigned.errors import Unavailable
from undersigned.readers import keeping
from undersigned.settings import Settings
from undersigned.signing import owners
from undersigned.signing.owners import ENTRY_LOOKS_S

FROM_MEMORY = (
    "/", "/s/example", "/s/example?partner=readers", "/s/example/privacy", "/s/example/manage", "/s/example/how-we-count",
    "/s/example/embed", "/s/example/card", "/s/example/card.png", "/embed/example/form", "/embed/example/tally",
    "/v1/statements/example", "/v1/statements/example/tally", "/v1/statements/example/badge.svg", "/healthz",
)  # fmt: skip
FROM_THE_DATABASE = (
    "/s/example/names", "/s/example/organisations", "/embed/example/organisations", "/v1/statements/example/names",
    "/v1/statements/example/organisations", "/v1/statements/example/changes", "/v1/statements/example/audits",
    "/log/example/checkpoint", "/log/example/key", "/log/example/tile/0/000.p/2",
)  # fmt: skip
MARK = "What is newer can’t be read at the moment."


async def get(world: World, path: str) -> httpx.Response:
    return await world.client.get(path, headers={"Accept": "text/html"})


async def read(world: World, *paths: str) -> dict[str, httpx.Response]:
    return {path: await get(world, path) for path in paths}


async def read_at_once(world: World, *paths: str) -> dict[str, httpx.Response]:
    return dict(zip(paths, await asyncio.gather(*(get(world, path) for path in paths)), strict=True))


async def make(outage: Outage, kind: str) -> None:
    if kind == "cut":
        await outage.cut()
    else:
        outage.freeze()


async def confirmable(world: World) -> tuple[str, dict[str, str]]:
    """The page that confirms a new claim, and what its form sends."""
    await world.submit(person("somebody@example.org"))
    mail = (await world.send_mail())[-1]
    path = f"/c/{token_of(mail)}"
    [consent] = re.findall(r'name="consent" value="(\w+)"', (await world.client.get(path)).text)
    return path, {"consent": consent, "name": "Ada Example"}


@pytest.mark.parametrize("kind", ["cut", "frozen"])
async def test_what_was_readable_stays_readable_and_the_rest_says_when_to_come_back(
    world: World, outage: Outage, kind: str
) -> None:
    await endorse_for(world)
    await show(world, "Ada Example")
    await world.refresh()
    before = await read(world, *FROM_MEMORY, *FROM_THE_DATABASE)
    assert {path: answer.status_code for path, answer in before.items() if answer.status_code != 200} == {}
    await make(outage, kind)
    for _again in range(2):
        during = await read_at_once(world, *FROM_MEMORY, *FROM_THE_DATABASE)
        assert {path for path, answer in during.items() if answer.status_code != 200} == set(FROM_THE_DATABASE)
        for path in FROM_THE_DATABASE:
            assert (during[path].status_code, during[path].headers["retry-after"]) == (503, "5"), path
        assert "https://readers.org.uk" in during["/s/example"].text
        assert {path for path in FROM_MEMORY if MARK in during[path].text} == {
            "/s/example",
            "/s/example?partner=readers",
            "/s/example/how-we-count",
        }
    await outage.mend()
    # That a connection is lost is found out by whoever is lent it first.
    await read(world, *FROM_THE_DATABASE)
    after = await read(world, *FROM_MEMORY, *FROM_THE_DATABASE)
    assert {path for path, answer in after.items() if answer.status_code != 200} == set()
    assert not any(MARK in answer.text for answer in after.values())


async def test_a_page_that_was_never_read_here_shows_text_numbers_and_form_all_the_same(
    world: World, outage: Outage
) -> None:
    await outage.cut()
    page = await world.client.get("/s/example")
    assert page.status_code == 200
    assert "Who endorses it can’t be read at the moment." in page.text
    assert "Send me the confirmation mail" in page.text
    assert (await world.client.get("/s/example/how-we-count")).status_code == 503


async def test_what_was_read_long_ago_is_not_shown_through_an_outage(
    world: World, outage: Outage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await endorse_for(world)
    assert "https://readers.org.uk" in (await world.client.get("/s/example")).text
    monkeypatch.setattr(keeping, "OUTAGE_S", 0.0)
    await outage.cut()
    assert "https://readers.org.uk" not in (await world.client.get("/s/example")).text


@pytest.mark.parametrize("kind", ["cut", "frozen"])
async def test_the_page_that_waits_for_its_entry_ends_whole_and_says_what_is_true(
    world: World, db: Database, outage: Outage, kind: str
) -> None:
    path, form = await confirmable(world)
    confirming = asyncio.create_task(world.client.post(path, data=form))
    while not await db.pool.fetchval("SELECT count(*) FROM endorsement"):
        pass
    await make(outage, kind)
    page = await confirming
    assert page.status_code == 200
    assert "Your endorsement counts" in page.text
    assert (
        "Your endorsement is kept. The number of its entry in the public log can’t be read at the moment." in page.text
    )
    assert page.text.rstrip().endswith("</html>")
    await outage.mend()
    assert await world.count() == (1, 0)


async def test_an_entry_is_told_once_it_is_released_and_each_look_is_one_query(
    world: World, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = await endorse_for(world)
    monkeypatch.setattr("undersigned.signing.owners.ENTRY_LOOKS_S", (0.0, 0.0))
    size = await db.pool.fetchval("SELECT released_size FROM log_head")
    index = await db.pool.fetchval("SELECT index FROM log_member")
    assert await owners.wait_for_entry(db, link.endorsement_id) == index
    await db.pool.execute("UPDATE log_head SET released_size = $1", index)
    assert await owners.wait_for_entry(db, link.endorsement_id) is None
    await db.pool.execute("UPDATE log_head SET released_size = $1", size)
    assert len(ENTRY_LOOKS_S) > 2
    asked: list[str] = []
    async with db.pool.acquire() as connection:
        connection.add_query_logger(lambda record: asked.append(record.query))
        await owners.wait_for_entry(Session(connection, db.q), link.endorsement_id)  # type: ignore[arg-type]
    assert len([query for query in asked if "log_" in query]) == 1


async def test_nothing_that_a_page_can_not_show_hangs_or_is_an_error_of_ours(world: World, outage: Outage) -> None:
    path, form = await confirmable(world)
    await outage.cut()
    for answer in (
        await world.client.get(path),
        await world.client.post(path, data=form),
        await world.client.post(f"{path}/deny"),
        await world.client.post("/v1/confirmations", json={"token": path[3:], "consent": True}),
    ):
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    with pytest.raises(Unavailable):
        await world.site.records.get(world.site.db, "example")


async def test_a_web_worker_that_starts_while_the_database_is_away_waits_for_it(
    settings: Settings, db: Database, outage: Outage, caplog: pytest.LogCaptureFixture
) -> None:
    """One that failed to start would have the web server end the others with it."""
    app, up, done = app_for(settings), asyncio.Event(), asyncio.Event()

    async def live() -> None:
        async with app.lifespan():
            up.set()
            await done.wait()

    await outage.cut()
    living = asyncio.create_task(live())
    await until(lambda: "A web worker waits for the database" in caplog.text)
    assert not living.done()
    await outage.mend()
    await until(up.is_set)
    done.set()
    await living
