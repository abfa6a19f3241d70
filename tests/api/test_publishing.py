"""Publishing statements: idempotent, and final once anything was submitted."""

import hashlib
import shutil
from pathlib import Path

import pytest

from tests.conftest import World
from tests.letters import person
from undersigned.errors import StatementChanged, StatementInvalid
from undersigned.settings import ROOT
from undersigned.statements import publishing
from undersigned.statements.published import Statements

DECLARATION_SHA256 = "f76f6acfe5a90790390487f4cf632c1aabcf272a103039e36b8df98434891cd2"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A copy of the example statement to change."""
    copy = tmp_path / "example"
    shutil.copytree(ROOT / "statements" / "example", copy)
    return copy


async def test_the_declaration_is_published_byte_for_byte(world: World) -> None:
    assert await publishing.publish(world.db, ROOT / "statements" / "recognize-to-reconcile", world.settings.url)
    text = (ROOT / "statements" / "recognize-to-reconcile" / "en.md").read_bytes()
    assert hashlib.sha256(text).hexdigest() == DECLARATION_SHA256
    known = Statements()
    await known.load(world.db)
    declaration = known.get("recognize-to-reconcile")
    assert declaration.sha256.hex() == DECLARATION_SHA256
    assert declaration.text.encode() == text
    assert [objective.key for objective in declaration.objectives] == ["a", "b", "c", "d"]
    assert all(objective.text in declaration.text for objective in declaration.objectives)
    assert declaration.contributions == ["experience", "resources", "knowledge"]
    assert declaration.editorial_note == "Text of 2022, reproduced as adopted"


async def test_publishing_twice_is_publishing_once(world: World, home: Path) -> None:
    assert not await publishing.publish(world.db, home, world.settings.url)
    before = await world.db.pool.fetchval("SELECT published_at FROM statement")
    assert not await publishing.publish(world.db, home, world.settings.url)
    assert await world.db.pool.fetchval("SELECT published_at FROM statement") == before


async def test_a_text_can_change_until_something_was_submitted(world: World, home: Path) -> None:
    (home / "en.md").write_text((home / "en.md").read_text() + "\nOne more line.\n")
    assert await publishing.publish(world.db, home, world.settings.url)
    # Memory follows a moment later; until then nothing is taken under the old text.
    assert (await world.submit(person())).status_code == 503
    site = world.site
    await site.statements.load(world.db)
    assert (await world.submit(person())).status_code == 202
    (home / "en.md").write_text((home / "en.md").read_text() + "\nAnother.\n")
    with pytest.raises(StatementChanged):
        await publishing.publish(world.db, home, world.settings.url)


async def test_a_text_stays_final_when_all_that_was_submitted_is_purged(world: World, home: Path) -> None:
    await world.submit(person())
    await world.count()
    await world.db.pool.execute("DELETE FROM submission")
    (home / "en.md").write_text("Another text, with experience, resources and knowledge.\n")
    with pytest.raises(StatementChanged):
        await publishing.publish(world.db, home, world.settings.url)


async def test_a_new_controller_makes_a_new_consent_text_and_keeps_the_old(world: World, home: Path) -> None:
    await world.submit(person())
    toml = (home / "statement.toml").read_text()
    (home / "statement.toml").write_text(toml.replace("Example Readers' Society", "Readers United"))
    assert await publishing.publish(world.db, home, world.settings.url)
    texts = [row["text"] for row in await world.db.pool.fetch("SELECT text FROM consent")]
    assert sorted("Readers United" in text for text in texts) == [False, True]


@pytest.mark.parametrize("missing", ["name", "address", "privacy_contact"])
async def test_a_statement_must_say_who_answers_for_the_data(world: World, home: Path, missing: str) -> None:
    lines = (home / "statement.toml").read_text().splitlines()
    (home / "statement.toml").write_text("\n".join(line for line in lines if not line.startswith(f"{missing} =")))
    with pytest.raises(StatementInvalid, match=missing):
        await publishing.publish(world.db, home, world.settings.url)


async def test_a_placeholder_controller_is_refused_off_loopback(world: World, home: Path) -> None:
    with pytest.raises(StatementInvalid, match="placeholder"):
        await publishing.publish(world.db, home, "https://sign.readers.org.uk")


async def test_a_running_server_takes_over_what_is_published(world: World, home: Path) -> None:
    toml = (home / "statement.toml").read_text()
    (home / "statement.toml").write_text(toml.replace('"Quieter libraries"', '"Much quieter libraries"'))
    await publishing.publish(world.db, home, world.settings.url)
    site = world.site
    assert await site.tallies.refresh(world.db) != site.statements.published_at
    await site.statements.load(world.db)
    assert (await world.client.get("/v1/statements/example")).json()["title"] == "Much quieter libraries"
