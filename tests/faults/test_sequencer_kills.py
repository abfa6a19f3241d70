"""The sequencer is killed, as a process of its own, at each step of a batch; whoever comes next ends in one consistent log."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.api.test_log import released
from tests.conftest import SECRET, World
from tests.letters import person, token_of
from undersigned.log import check

SEQUENCER = """
import asyncio, os, pathlib, signal, sys
from undersigned.database.connection import connect
from undersigned.log import heads, keeping, sequencer

url, directory, seed, step = sys.argv[1:]

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

append, keep = sequencer._append, keeping.write_everywhere

async def append_and_die(*arguments):
    await append(*arguments)
    die()

def keep_and_die(*arguments):
    keep(*arguments)
    die()

if step == "before the commit":
    sequencer._append = append_and_die
elif step == "after the commit, before the file":
    keeping.write_everywhere = die
elif step == "while the file is written":
    pathlib.Path.rename = die
elif step == "after the file, before the release":
    keeping.write_everywhere = keep_and_die

async def main():
    async with connect(url, connections_max=2) as db:
        await sequencer.run_once(db, heads.Sealer(seed, pathlib.Path(directory)))

asyncio.run(main())
"""
STEPS = (
    "before the commit",
    "after the commit, before the file",
    "while the file is written",
    "after the file, before the release",
)


def be_killed(world: World, step: str) -> None:
    arguments = [world.settings.database_url, str(world.settings.data_path / "log"), SECRET, step]
    done = subprocess.run([sys.executable, "-c", SEQUENCER, *arguments], check=False, timeout=60)
    assert done.returncode == -signal.SIGKILL


async def endorse(world: World, address: str) -> None:
    await world.submit(person(address))
    [mail] = [mail for mail in await world.send_mail() if mail["To"] == address]
    await world.confirm(token_of(mail))


async def is_whole(world: World, endorsers: int) -> None:
    """The log counts so many, each by one entry, and all that says how far it goes says the same."""
    assert await world.count() == (endorsers, 0)
    assert await check.check(world.db, "example") == []
    assert await world.db.pool.fetchval("SELECT count(*) FROM log_queue") == 0
    entries = await world.db.pool.fetch("SELECT index, entry FROM log_entry ORDER BY index")
    assert [row["index"] for row in entries] == list(range(len(entries)))
    adds = [row["entry"] for row in entries if " add " in row["entry"]]
    assert (len(adds), len(set(adds))) == (endorsers, endorsers)
    head = await world.db.pool.fetchrow("SELECT * FROM log_head WHERE statement = 'example'")
    assert head is not None
    file = Path(world.settings.data_dir) / "log" / "example.0"
    assert file.read_text() == head["checkpoint"] == head["released_checkpoint"]
    assert len(entries) == head["size"] == head["released_size"] == (await released(world)).size


@pytest.mark.parametrize("step", STEPS)
async def test_a_sequencer_killed_at_any_step_leaves_one_log_that_goes_on(world: World, step: str) -> None:
    """Killed in the batch that opens the log, and again in a later one."""
    for endorsers in (1, 2):
        await endorse(world, f"n{endorsers}@example.org")
        be_killed(world, step)
        await is_whole(world, endorsers)


@pytest.mark.parametrize("step", STEPS)
async def test_sequencers_killed_one_after_another_leave_one_log_that_goes_on(world: World, step: str) -> None:
    await endorse(world, "n1@example.org")
    await world.count()
    await endorse(world, "n2@example.org")
    for number, each in enumerate((step, *STEPS), 3):
        be_killed(world, each)
        await endorse(world, f"n{number}@example.org")
    await is_whole(world, 7)
