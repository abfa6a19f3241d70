"""What commands have in common: where they declare themselves, the database that they work on, and a reader who may leave."""

import argparse
import asyncio
import os
import select
import signal
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

from undersigned import settings
from undersigned.database.connection import Database, connect
from undersigned.process import diagnostics
from undersigned.process.embedded import running
from undersigned.settings import Settings

# What a noun's `declare` adds its command to, with its arguments and, as `run`, what it does.
Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
WithDatabase = Callable[[Database, Settings, argparse.Namespace], Awaitable[int]]


def on_database(command: WithDatabase) -> Callable[[argparse.Namespace], int]:
    """A command that works on the database that `serve` uses: the configured one, or the embedded one, started if need be."""

    def run(options: argparse.Namespace) -> int:
        diagnostics.configure("console")
        given = settings.load()
        if given.database_url:
            return asyncio.run(_connected(command, given, options))
        with running(given.data_path) as url:
            return asyncio.run(_connected(command, settings.replace(given, database_url=url), options))

    return run


async def _connected(command: WithDatabase, given: Settings, options: argparse.Namespace) -> int:
    async with connect(given.database_url, connections_max=2) as db:
        return await command(db, given, options)


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
