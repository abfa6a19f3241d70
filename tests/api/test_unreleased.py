"""A head that is signed and not released: nobody sees its numbers, and nothing else suffers from it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from tests.api.test_log import counted
from tests.conftest import World
from tests.letters import person, token_of
from tests.waiting import until
from undersigned.log import note, sequencer
from undersigned.process.worker import make_sealer
from undersigned.settings import ROOT
from undersigned.statements import publishing
from undersigned.web.app import create_app

TALLY = "/v1/statements/example/tally"
HELD_BACK = "The numbers can’t be read at the moment."


@pytest.fixture
async def obstacle(world: World) -> Path:
    """Twelve were counted in public; where the head that counts the thirteenth is to be kept, something lies in the way."""
    await counted(world, *(f"n{n}@example.org" for n in range(12)))
    await world.refresh()
    obstacle = world.settings.data_path / "log" / "example.0.unfinished"
    obstacle.mkdir()
    await world.submit(person("last@example.org"))
    [mail] = [mail for mail in await world.send_mail() if mail["To"] == "last@example.org"]
    await world.confirm(token_of(mail))
    with pytest.raises(IsADirectoryError):
        await sequencer.run_once(world.db, make_sealer(world.settings))
    assert await world.db.pool.fetchval("SELECT individual_count FROM tally WHERE statement = 'example'") == 13
    await world.refresh()
    return obstacle


@asynccontextmanager
async def another_worker(world: World) -> AsyncIterator[httpx.AsyncClient]:
    """A web worker that starts now."""
    app = create_app(world.settings)
    async with app.lifespan():
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
            yield client


async def test_the_tally_is_that_of_the_newest_released_head_and_never_ahead_of_it(
    world: World, obstacle: Path
) -> None:
    told = (await world.client.get(TALLY)).json()
    checkpoint = note.parse_checkpoint(note.parse((await world.client.get("/log/example/checkpoint")).text).text)
    assert (told["individuals"], told["log_size"]) == (12, checkpoint.size)
    assert told["log_root"] == note.encode_base64(checkpoint.root)
    obstacle.rmdir()
    assert await world.count() == (13, 0)
    await world.refresh()
    assert (await world.client.get(TALLY)).json()["individuals"] == 13


async def test_memory_is_not_read_anew_because_of_it(world: World, obstacle: Path) -> None:
    site = world.site
    before = site.statements.get("example")
    await world.refresh()
    assert site.statements.get("example") is before


async def test_a_statement_that_closes_meanwhile_is_closed(world: World, obstacle: Path) -> None:
    assert (await world.client.get(TALLY)).json()["state"] == "open"
    await world.db.pool.execute("UPDATE statement SET opens_at = NULL, closes_at = now(), published_at = now()")
    await world.refresh()
    assert (await world.client.get(TALLY)).json()["state"] == "closed"


async def test_a_new_web_worker_shows_everything_but_the_numbers(world: World, obstacle: Path) -> None:
    await publishing.publish(world.db, ROOT / "statements" / "recognize-to-reconcile", world.settings.url)
    async with another_worker(world) as client:
        pages = {path: await client.get(path) for path in ("/", "/s/example", "/s/example/how-we-count")}
        assert {path: page.status_code for path, page in pages.items()} == dict.fromkeys(pages, 200)
        assert all(HELD_BACK in page.text for page in pages.values())
        assert 'name="email"' in pages["/s/example"].text
        assert (await client.get("/s/example/organisations")).status_code == 200
        form = {"kind": "individual", "name": "Ada", "email": "ada@example.org"}
        assert (await client.post("/s/example", data=form)).status_code == 200
        assert (await client.get(TALLY)).status_code == 503
        # The trouble of one is that of one.
        other = "recognize-to-reconcile"
        assert HELD_BACK not in (await client.get(f"/s/{other}")).text
        assert (await client.get(f"/v1/statements/{other}/tally")).json()["individuals"] == 0


async def test_a_new_web_worker_shows_the_numbers_as_soon_as_they_are_released(world: World, obstacle: Path) -> None:
    async with another_worker(world) as client:
        assert HELD_BACK in (await client.get("/s/example")).text
        obstacle.rmdir()
        await world.count()

        async def shown() -> bool:
            return "<b>13</b> people" in (await client.get("/s/example")).text

        assert await until(shown)
