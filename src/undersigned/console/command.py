"""What commands have in common: where they declare themselves, the database that they work on, and a reader who may leave."""

import argparse
import asyncio
import os
import select
import signal
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias, TypeVar
from uuid import UUID

from undersigned import settings
from undersigned.database.connection import Database, connect
from undersigned.errors import Explained
from undersigned.process import diagnostics, installation
from undersigned.process.embedded import Cluster, running
from undersigned.settings import PREFIX, Settings
from undersigned.statements.published import Statements

# What a noun's `declare` adds its command to, with its arguments and, as `run`, what it does.
Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
WithDatabase = Callable[[Database, Settings, argparse.Namespace], Awaitable[int]]
T = TypeVar("T")


class NeverServed(Explained):
    """There is no database to work on yet."""

    code = "never_served"


def on_database(command: WithDatabase) -> Callable[[argparse.Namespace], int]:
    """A command that works on the database that `serve` uses: the configured one, or the embedded one, started if need be.

    It raises NeverServed where `serve` has made none, and NotMigrated where it has made an older one.
    """

    def run(options: argparse.Namespace) -> int:
        diagnostics.configure("console")
        given = settings.load(beside_server=True)
        if given.database_url:
            return asyncio.run(_connected(command, given, options))
        if not Cluster(given.data_path).directory.exists():
            raise NeverServed(
                f"Nothing was ever served from {given.data_path}: set {PREFIX}DATA_DIR to what the server uses, or start "
                "`undersigned serve` there first."
            )
        with running(given.data_path) as url:
            return asyncio.run(_connected(command, settings.replace(given, database_url=url), options))

    return run


async def _connected(command: WithDatabase, given: Settings, options: argparse.Namespace) -> int:
    async with connect(given.database_url, connections_max=2) as db:
        await installation.must_be_migrated(db)
        return await command(db, given, options)


async def statements_of(db: Database) -> Statements:
    """All that were published."""
    known = Statements()
    await known.load(db)
    return known


def argument(read: Callable[[str], T], what: str) -> Callable[[str], T]:
    """Reads an argument, and says what it should be where `read` raises ValueError."""

    def given(text: str) -> T:
        try:
            return read(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is not {what}") from None

    return given


def _number(text: str) -> int:
    number = int(text)
    if abs(number) >= 2**63:  # what the database can hold
        raise ValueError
    return number


listed_id = argument(UUID, "an id as the list prints it")
whole_number = argument(_number, "a whole number, or one that is too large")


@contextmanager
def as_long_as_somebody_reads() -> Iterator[None]:
    """Within, standard output may be written to. If its reader leaves, as `head` does, the process ends without a word.

    It ends as programs on Unix do, by SIGPIPE. The signal is not left to itself: it would also kill a worker whose mail
    server hangs up.
    """
    try:
        try:
            yield
        finally:
            if sys.stdout is not None:
                sys.stdout.flush()
    except BrokenPipeError:
        if not _reader_left():
            raise
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGPIPE)


def _reader_left() -> bool:
    output = select.poll()
    output.register(1, select.POLLOUT)
    return any(event & select.POLLERR for _, event in output.poll(0))
