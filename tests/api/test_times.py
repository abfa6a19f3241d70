"""What a statement says before it opens and after it closes: it invites nobody, and its days are those of its time zone."""

import re
import shutil
from pathlib import Path

import pytest

from tests.conftest import World
from undersigned.errors import StatementInvalid
from undersigned.settings import ROOT, Settings, replace
from undersigned.statements import publishing

PAGE = "http://127.0.0.1:8000/s/example"
TIMES = {
    "upcoming": "opens_at = '2090-03-01T00:00+04:00', closes_at = NULL",
    "open": "opens_at = NULL, closes_at = '2090-03-01T00:00+04:00'",
    "closed": "opens_at = NULL, closes_at = '2025-03-01T00:00+04:00'",
}
INVITING = re.compile(r"Be among the first|put your name|Endorse\b|Sign\b")


async def test_a_statement_has_a_time_zone_of_its_own(world: World, tmp_path: Path) -> None:
    """The installation's is UTC, and the statement's own goes before it, in what programs read too."""
    shutil.copytree(ROOT / "statements" / "example", tmp_path / "example")
    file = tmp_path / "example" / "statement.toml"
    described = file.read_text()
    file.write_text(f'time_zone = "Asia/Yerevan"\nopens_at = 2090-02-28T20:00:00Z\n{described}')
    assert await publishing.publish(world.db, tmp_path / "example", world.settings.url)
    await world.refresh()
    page = (await world.client.get("/s/example")).text
    assert "Opens on <time" in page
    assert "1 March 2090, 00:00\N{NO-BREAK SPACE}GMT+04:00</time>" in page
    assert (await world.client.get("/v1/statements/example")).json()["opens_at"] == "2090-03-01T00:00:00+04:00"
    file.write_text(f'time_zone = "Asia/Erewhon"\n{described}')
    with pytest.raises(StatementInvalid, match="time_zone must be one"):
        await publishing.publish(world.db, tmp_path / "example", world.settings.url)


async def set_times(world: World, state: str) -> None:
    await world.db.pool.execute(f"UPDATE statement SET {TIMES[state]}, published_at = now()")
    await world.refresh()


async def said(world: World) -> dict[str, str]:
    """What other sites show of a statement, by where they have it from."""
    page = (await world.client.get("/s/example")).text
    share = (await world.client.get("/s/example/embed")).text
    return {
        "organisations": (await world.client.get("/embed/example/organisations")).text,
        "tally": (await world.client.get("/embed/example/tally")).text,
        "form": (await world.client.get("/embed/example/form")).text,
        "card": (await world.client.get("/s/example/card")).text,
        "badge": (await world.client.get("/v1/statements/example/badge.svg")).text,
        "line badge": (await world.client.get("/v1/statements/example/badge.svg?style=line")).text,
        "oembed": (await world.client.get("/oembed", params={"url": PAGE})).json()["html"],
        "described": re.findall(r'<meta property="og:[^>]*>', page)[3],
        "lines": "".join(re.findall(r"<textarea[^>]*>([^<]*)</textarea>", share)),
        "index": (await world.client.get("/")).text,
    }


async def test_what_is_open_invites(world: World) -> None:
    await set_times(world, "open")
    quiet = [where for where, words in (await said(world)).items() if not INVITING.search(words)]
    assert quiet == ["form"]  # which is what the others invite to


@pytest.mark.parametrize("state", ["upcoming", "closed"])
async def test_what_is_not_open_invites_nobody_anywhere(world: World, state: str) -> None:
    await set_times(world, state)
    assert [where for where, words in (await said(world)).items() if INVITING.search(words)] == []


@pytest.fixture
def settings(settings: Settings, request: pytest.FixtureRequest) -> Settings:
    zone: str = getattr(request, "param", "UTC")
    return replace(settings, time_zone=zone)


@pytest.mark.parametrize(
    ("settings", "day"),
    [
        ("Asia/Yerevan", "1 March {}, 00:00\N{NO-BREAK SPACE}GMT+04:00"),
        ("UTC", "28 February {}, 20:00\N{NO-BREAK SPACE}UTC"),
        ("Europe/Berlin", "28 February {}, 21:00\N{NO-BREAK SPACE}GMT+01:00"),
    ],
    indirect=["settings"],
)
async def test_a_statement_opens_and_closes_on_the_days_of_the_time_zone(world: World, day: str) -> None:
    for state, year, says in (
        ("upcoming", 2090, "Opens on"), ("open", 2090, "Open until"), ("closed", 2025, "Closed on"),
    ):  # fmt: skip
        await set_times(world, state)
        shown = day.format(year)
        page = (await world.client.get("/s/example")).text
        assert re.search(rf"{says} <time [^>]*>{re.escape(shown)}</time>", page)
        assert re.search(rf"{says} <time [^>]*>{re.escape(shown)}</time>", (await world.client.get("/")).text)
        if state != "open":
            assert f'content="{says} {shown}"' in page
