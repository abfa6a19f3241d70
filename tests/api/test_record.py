"""What the page of a statement shows beside its text: what became of it, how it grew, who endorses it."""

import re
import shutil
from pathlib import Path

import pytest

from tests.api.test_reports import endorse_for
from tests.conftest import World
from tests.letters import person, token_of
from undersigned.errors import StatementInvalid
from undersigned.readers import records
from undersigned.settings import ROOT
from undersigned.signing import endorsements
from undersigned.statements import publishing

MILESTONES = """
[[milestones]]
on = "2027-03-01"
text = "Handed to the <city> council"
url = "https://council.example.org/letters/7"

[[milestones]]
on = 2026-12-24
text = "Read aloud"
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A copy of the example statement, with two milestones."""
    copy = tmp_path / "example"
    shutil.copytree(ROOT / "statements" / "example", copy)
    toml = copy / "statement.toml"
    toml.write_text(f"{toml.read_text()}\n{MILESTONES}")
    return copy


async def publish(world: World, home: Path) -> None:
    await publishing.publish(world.db, home, world.settings.url)
    site = world.site
    await site.statements.load(world.db)


async def fresh(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory keeps nothing from now on, and holds the newest tally."""
    monkeypatch.setattr(records, "KEPT_S", 0.0)
    await world.site.tallies.refresh(world.db)


async def sign(world: World, count: int, country: str) -> None:
    for number in range(count):
        await world.submit(person(f"{country}{number}@example.org", country=country))
    for mail in await world.send_mail():
        if "confirm" in mail["Subject"]:
            await world.confirm(token_of(mail))


async def test_milestones_are_told_in_order_even_after_the_first_endorsement(world: World, home: Path) -> None:
    await world.submit(person())
    await publish(world, home)
    page = (await world.client.get("/s/example?lang=de")).text
    assert page.index("24. Dezember 2026") < page.index("1. März 2027")
    assert '<span lang="en" dir="auto">Handed to the &lt;city&gt; council</span>' in page
    assert 'href="https://council.example.org/letters/7"' in page
    published = (await world.client.get("/v1/statements/example")).json()
    assert published["milestones"] == [
        {"on": "2026-12-24", "text": "Read aloud"},
        {"on": "2027-03-01", "text": "Handed to the <city> council", "url": "https://council.example.org/letters/7"},
    ]


async def test_milestones_can_be_taken_out_again_and_change_nothing_else(world: World, home: Path) -> None:
    before = (await world.client.get("/v1/statements/example")).json()
    await publish(world, home)
    await publish(world, ROOT / "statements" / "example")
    assert (await world.client.get("/v1/statements/example")).json() == before
    assert "What became of it" not in (await world.client.get("/s/example")).text


@pytest.mark.parametrize("url", ["javascript:alert(1)", "http://plain.example.org", "https://a b"])
async def test_a_milestone_leads_nowhere_unsafe(world: World, home: Path, url: str) -> None:
    toml = home / "statement.toml"
    toml.write_text(toml.read_text().replace("https://council.example.org/letters/7", url))
    with pytest.raises(StatementInvalid):
        await publish(world, home)


async def test_without_a_breakdown_there_are_no_empty_axes(world: World) -> None:
    page = (await world.client.get("/s/example")).text
    assert "<svg" not in page.partition('class="reading"')[2]
    assert "so far" not in page


async def test_the_chart_shows_what_was_published_and_nothing_between(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await sign(world, 12, "HU")
    await world.count()
    await sign(world, 9, "AT")
    await world.count()
    history = await world.db.pool.fetch("SELECT individual_count FROM tally_history")
    assert [row["individual_count"] for row in history] == [12]
    await world.db.pool.execute("UPDATE tally_history SET as_of = as_of - interval '1 day'")
    await world.db.pool.execute("UPDATE tally_breakdown SET as_of = as_of - interval '1 day'")
    await sign(world, 11, "DE")
    await world.count()
    await fresh(world, monkeypatch)
    page = (await world.client.get("/s/example")).text
    assert re.findall(r"</th><td>(\d+)</td><td>0</td>", page) == ["32", "12"]
    assert re.findall(r'class="count">(\d+)<', page) == ["12", "20"]
    assert "Other countries" in page
    assert "style=" not in page
    mirrored = (await world.client.get("/s/example?lang=ar-XB")).text
    assert 'd="M1000 ' in mirrored
    assert 'd="M0 ' in page


async def test_organisations_are_listed_and_gone_from_memory_when_they_withdraw(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fresh(world, monkeypatch)
    owner = await endorse_for(world)
    page = (await world.client.get("/s/example?lang=de")).text
    assert 'href="https://readers.org.uk" rel="nofollow noopener ugc"><bdi>Readers&#39; Society</bdi>' in page
    assert "Vereinigtes Königreich" in page
    await endorsements.withdraw(world.db, owner)
    assert "readers.org.uk" not in (await world.client.get("/s/example")).text
    assert "readers.org.uk" not in (await world.client.get("/s/example/organisations")).text


async def test_what_is_in_memory_is_asked_for_again_after_seconds_only(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "KEPT_S", 3600.0)
    await world.client.get("/s/example")
    await endorse_for(world)
    assert "readers.org.uk" not in (await world.client.get("/s/example")).text
    assert "readers.org.uk" in (await world.client.get("/s/example/organisations")).text


async def test_a_website_that_is_no_web_address_is_not_a_link(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await fresh(world, monkeypatch)
    await endorse_for(world)
    await world.db.pool.execute("UPDATE organisation SET website = 'javascript:alert(1)'")
    page = (await world.client.get("/s/example")).text
    assert "javascript:" not in page
    assert "Readers&#39; Society" in page


async def test_a_page_may_be_cached_for_seconds_and_a_form_with_faults_never(world: World) -> None:
    page = await world.client.get("/s/example")
    assert page.headers["cache-control"] == "public, max-age=0, s-maxage=5, stale-while-revalidate=10"
    assert page.headers["vary"] == "Accept-Language"
    faulty = await world.client.post("/s/example", data={"kind": "individual"})
    assert (faulty.status_code, faulty.headers["cache-control"]) == (422, "no-store")


async def test_passages_have_anchors_on_the_page_and_none_in_the_contract(world: World) -> None:
    page = (await world.client.get("/s/example")).text
    assert re.findall(r'<(?:p|li) id="(\w+)"', page.partition("<article")[2].partition("</article>")[0]) == [
        "p1", "p2", "a", "b", "c", "p3",
    ]  # fmt: skip
    assert "anchor" not in (await world.client.get("/v1/statements/example")).json()["html"]


async def test_paper_names_the_checkpoint_that_proves_its_numbers(world: World) -> None:
    await sign(world, 1, "HU")
    await world.count()
    await world.site.tallies.refresh(world.db)
    page = (await world.client.get("/s/example")).text
    proof = page.partition('<dl class="proof">')[2].partition("</dl>")[0]
    root = (await world.client.get("/log/example/checkpoint")).text.split("\n")[2]
    assert root in proof.replace("&#43;", "+")
    assert "127.0.0.1:8000/log/example" in proof
