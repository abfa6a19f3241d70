"""What is kept of a log outside its database: nothing is signed without it, beside it or against it, on however many machines."""

import argparse
import asyncio
import shutil
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
import pytest

from tests.api.test_log import counted, lose_the_last, released
from tests.conftest import SECRET, World
from tests.letters import person, token_of
from tests.unit.test_verify import site as serving
from undersigned.console import log as commands
from undersigned.errors import Refused
from undersigned.log import adopting, generations, keeping, sequencer
from undersigned.log.heads import Sealer
from undersigned.log.keeping import Kept

PLACE = "example.0"


def own(world: World) -> Path:
    return world.settings.data_path / "log"


async def entry_count(world: World) -> int:
    count: int = await world.db.pool.fetchval("SELECT count(*) FROM log_entry")
    return count


async def stopped(world: World) -> str:
    """What /readyz says of the log; "" if it says nothing."""
    answer = await world.client.get("/readyz")
    return "" if answer.is_success else str(answer.json()["detail"])


async def confirmed(world: World, address: str) -> None:
    """Somebody who waits for the sequencer."""
    await world.submit(person(address))
    [mail] = [mail for mail in await world.send_mail() if mail["To"] == address]
    await world.confirm(token_of(mail))


async def test_a_restored_database_beside_an_empty_directory_signs_no_second_history(world: World) -> None:
    await counted(world, "ada@example.org")
    await lose_the_last(world, lambda: counted(world, "bela@example.org"))
    shutil.rmtree(own(world))
    before = await entry_count(world)
    await counted(world, "cleo@example.org")
    assert await entry_count(world) == before
    assert "this worker's data directory has no checkpoint of it" in await stopped(world)


async def test_a_new_directory_adopts_the_released_checkpoint_and_goes_on(world: World) -> None:
    await counted(world, "ada@example.org")
    text = (await world.client.get("/log/example/checkpoint")).text
    shutil.rmtree(own(world))
    await counted(world, "bela@example.org")
    assert await stopped(world)
    size, objection = await adopting.adopt(world.db, world.sealer, "example", text)
    assert (size, objection) == (4, None)
    assert await world.count() == (2, 0)
    assert await stopped(world) == ""
    trail = await world.db.pool.fetchrow("SELECT actor, action, detail FROM trail WHERE action = 'log adopt'")
    assert trail is not None
    assert tuple(trail) == ("console", "log adopt", "generation 0, 4 entries")


async def test_no_checkpoint_is_adopted_that_is_older_foreign_or_of_another_history(world: World) -> None:
    await counted(world, "ada@example.org")
    early = (await world.client.get("/log/example/checkpoint")).text
    await counted(world, "bela@example.org")
    late = (own(world) / PLACE).read_text()
    for text, why in ((early, "More entries were released"), ("no checkpoint", "no checkpoint that"), ("", "no check")):
        with pytest.raises(Refused, match=why):
            await adopting.adopt(world.db, world.sealer, "example", text)
    body = late.split("\n\n")[0]
    with pytest.raises(Refused, match="no checkpoint that"):
        await adopting.adopt(world.db, world.sealer, "example", f"{body}\n\n— 127.0.0.1:8000/log/example AAAAAAAA\n")
    assert (own(world) / PLACE).read_text() == late


async def test_adopting_what_the_database_is_behind_keeps_it_and_says_so(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await counted(world, "ada@example.org")
    await lose_the_last(world, lambda: counted(world, "bela@example.org"))
    published = tmp_path / "checkpoint"
    published.write_text((own(world) / PLACE).read_text())
    shutil.rmtree(own(world))
    options = argparse.Namespace(statement="example", checkpoint=str(published))
    assert await commands.adopt(world.db, world.settings, options) == 1
    assert "older than the log" in capsys.readouterr().out
    assert (own(world) / PLACE).read_text() == published.read_text()
    await counted(world, "cleo@example.org")
    assert "older than the log" in await stopped(world)


async def test_the_command_adopts_from_the_address_where_the_public_has_it(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    await counted(world, "ada@example.org")
    files = {"/log/example/checkpoint": (await world.client.get("/log/example/checkpoint")).content}
    shutil.rmtree(own(world))
    with serving(files) as url:
        for path, why in (("/log/example/nothing", "answers 404"), ("/log/example/checkpoint", "")):
            options = argparse.Namespace(statement="example", checkpoint=f"{url}{path}")
            if why:
                with pytest.raises(Refused, match=why):
                    await commands.adopt(world.db, world.settings, options)
            else:
                assert await commands.adopt(world.db, world.settings, options) == 0
    assert "over 4 entries is kept now. The log goes on" in capsys.readouterr().out
    with pytest.raises(Refused, match="can't be reached from here"):
        await commands.adopt(world.db, world.settings, options)
    await counted(world, "bela@example.org")
    assert await world.count() == (2, 0)


async def test_a_damaged_checkpoint_is_replaced_only_by_hand(world: World) -> None:
    await counted(world, "ada@example.org")
    text = (own(world) / PLACE).read_text()
    (own(world) / PLACE).write_text(text[:-10])
    await counted(world, "bela@example.org")
    assert "is damaged or of another key" in await stopped(world)
    assert await adopting.adopt(world.db, world.sealer, "example", text) == (4, None)
    assert await world.count() == (2, 0)


async def test_another_machine_signs_on_from_the_place_that_both_see(world: World, tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    first, second = (Sealer(SECRET, tmp_path / name, shared) for name in ("first", "second"))
    for number, sealer in enumerate((first, second, first), 1):
        await confirmed(world, f"n{number}@example.org")
        assert await sequencer.run_once(world.db, sealer) == 1
        assert (await released(world)).size == await entry_count(world)
    assert (shared / PLACE).read_text() == (first.directory / PLACE).read_text()


async def test_an_older_database_is_noticed_on_any_machine_that_sees_the_shared_place(
    world: World, tmp_path: Path
) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    await confirmed(world, "ada@example.org")
    await sequencer.run_once(world.db, Sealer(SECRET, tmp_path / "first", shared))

    async def more() -> None:
        await confirmed(world, "bela@example.org")
        await sequencer.run_once(world.db, Sealer(SECRET, tmp_path / "first", shared))

    await lose_the_last(world, more)
    before = await entry_count(world)
    await confirmed(world, "cleo@example.org")
    assert await sequencer.run_once(world.db, Sealer(SECRET, tmp_path / "new", shared)) == 0
    assert await entry_count(world) == before
    assert "older than the log" in await stopped(world)


async def test_without_the_shared_place_or_with_an_empty_one_nothing_is_signed(world: World, tmp_path: Path) -> None:
    """As when a network's disk isn't mounted: once with its mount point, and once without."""
    shared = tmp_path / "shared"
    shared.mkdir()
    sealer = Sealer(SECRET, tmp_path / "own", shared)
    await confirmed(world, "ada@example.org")
    await sequencer.run_once(world.db, sealer)
    await confirmed(world, "bela@example.org")
    shared.rename(tmp_path / "away")
    with pytest.raises(FileNotFoundError):
        await sequencer.run_once(world.db, sealer)
    shared.mkdir()
    assert await sequencer.run_once(world.db, sealer) == 0
    assert "UNDERSIGNED_LOG_KEPT_IN has no checkpoint of it" in await stopped(world)
    shutil.rmtree(shared)
    (tmp_path / "away").rename(shared)
    await adopting.adopt(world.db, sealer, "example")
    assert await sequencer.run_once(world.db, sealer) == 1
    assert await stopped(world) == ""


async def test_only_who_sees_what_stopped_a_log_takes_the_objection_back(world: World, tmp_path: Path) -> None:
    await counted(world, "ada@example.org")
    shutil.copytree(own(world), tmp_path / "older")
    (tmp_path / "older" / "keeper").write_text("another\n")
    older = Sealer(SECRET, tmp_path / "older")
    await lose_the_last(world, lambda: counted(world, "bela@example.org"))
    await sequencer.look(world.db, world.sealer)
    await confirmed(world, "cleo@example.org")
    before = await entry_count(world)
    for sealer in (older, world.sealer, older):
        assert await sequencer.run_once(world.db, sealer) == 0
        assert "older than the log" in await stopped(world)
    assert await entry_count(world) == before


async def test_a_log_that_was_stopped_goes_on_though_nothing_waits(world: World) -> None:
    await counted(world, "ada@example.org")
    text = (own(world) / PLACE).read_text()
    (own(world) / PLACE).write_text("damaged")
    await sequencer.look(world.db, world.sealer)
    assert "is damaged" in await stopped(world)
    (own(world) / PLACE).write_text(text)
    await sequencer.run_once(world.db, world.sealer)
    assert await stopped(world) == ""


class Paused(Sealer, frozen=True):
    """A sealer that lets something else happen just before or just after it looks at what is kept."""

    then: list[Callable[[], None]] = msgspec.field(default_factory=list)
    before: bool = False

    def kept(self, statement: str) -> list[Kept]:
        if self.before:
            self._let()
        seen = super().kept(statement)
        if not self.before:
            self._let()
        return seen

    def _let(self) -> None:
        if self.then:
            self.then.pop()()


def elsewhere(step: Callable[[], Awaitable[object]]) -> Callable[[], None]:
    """The step as a call that another thread may make while the test's own loop waits or not."""
    loop = asyncio.get_running_loop()

    def call() -> None:
        assert threading.current_thread() is not threading.main_thread()
        asyncio.run_coroutine_threadsafe(_run(step), loop).result(30)

    return call


async def _run(step: Callable[[], Awaitable[object]]) -> None:
    await step()


@pytest.mark.parametrize("before", [True, False], ids=["before it looks", "after it looked"])
async def test_a_worker_that_pauses_between_file_and_head_raises_no_false_alarm(world: World, before: bool) -> None:
    await counted(world, "ada@example.org")
    await confirmed(world, "bela@example.org")

    async def another() -> None:
        assert await sequencer.run_once(world.db, world.sealer) == 1
        await confirmed(world, "cleo@example.org")

    paused = Paused(SECRET, own(world), then=[elsewhere(another)], before=before)
    await sequencer.run_once(world.db, paused)
    assert await stopped(world) == ""
    assert await world.count() == (3, 0)


async def test_a_head_is_not_swapped_once_the_log_was_stopped(world: World) -> None:
    """Between reading a head and appending to it, another worker may have objected."""
    await counted(world, "ada@example.org")
    head = await world.db.one(world.db.q.log.read_head, "example")
    await world.db.pool.execute("UPDATE log_head SET stopped_reason = 'older', stopped_by = 'another'")
    assert await world.db.maybe(world.db.q.log.take_head, "example", head.round, head.size) is None


async def test_what_was_kept_meanwhile_is_not_overwritten_and_nothing_is_released(world: World, tmp_path: Path) -> None:
    """As when a restored copy and the original run side by side, both on what they saw before."""
    await counted(world, "ada@example.org")
    seen = world.sealer.kept("example")
    await counted(world, "bela@example.org")
    text = (own(world) / PLACE).read_text()
    assert keeping.write_everywhere(seen, "example", 0, "another history's") is None
    assert (own(world) / PLACE).read_text() == text
    shared = tmp_path / "shared"
    shared.mkdir()
    (shared / PLACE).write_text(text)
    both = Sealer(SECRET, own(world), shared).kept("example")
    (shared / PLACE).write_text("a later one")
    assert keeping.write_everywhere(both, "example", 0, "another history's") is None
    assert (own(world) / PLACE).read_text() == text


async def test_a_restart_beside_a_worker_that_signs_opens_no_second_generation(world: World) -> None:
    await counted(world, "ada@example.org")
    await world.db.pool.execute("UPDATE log_head SET shown_generation = generation")
    assert await generations.restart(world.db, world.sealer, "example") == 1
    await world.db.pool.execute("UPDATE log_head SET shown_generation = 0")  # as if it still added everybody again
    await sequencer.run_once(world.db, world.sealer)
    assert await generations.restart(world.db, world.sealer, "example") == 1
