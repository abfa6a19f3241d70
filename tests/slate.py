"""The tests' PostgreSQL: a cluster for each process that runs tests, and in it a database that is wiped between them."""

import asyncio
import itertools
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncpg

from tests.memory import clear, keep_in_memory
from undersigned.database import migrations
from undersigned.process.embedded import Cluster, OwnedError

PATIENCE_S = 30
# Whoever makes, changes or drops something in the schema, or touches the list of migrations, changes one of these numbers.
SHAPE = """
SELECT count(*), max(xmin::text::bigint) FROM pg_class WHERE relnamespace = 'public'::regnamespace
UNION ALL SELECT count(*), max(a.xmin::text::bigint) FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid
    WHERE relnamespace = 'public'::regnamespace
UNION ALL SELECT count(*), max(a.xmin::text::bigint) FROM pg_attrdef a JOIN pg_class c ON c.oid = adrelid
    WHERE relnamespace = 'public'::regnamespace
UNION ALL SELECT count(*), max(xmin::text::bigint) FROM pg_constraint WHERE connamespace = 'public'::regnamespace
UNION ALL SELECT count(*), max(xmin::text::bigint) FROM pg_trigger
UNION ALL SELECT count(*), max(xmin::text::bigint) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
UNION ALL SELECT count(*), max(xmin::text::bigint) FROM pg_namespace
UNION ALL SELECT count(*), max(xmin::text::bigint) FROM migration
"""
OTHERS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""
WIPE = """
DO $$
DECLARE
    each regclass;
BEGIN
    FOR each IN
        SELECT oid FROM pg_class
        WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace AND relname <> 'migration'
    LOOP
        EXECUTE format('DELETE FROM %s', each);
    END LOOP;
    PERFORM setval(seqrelid, seqstart, false) FROM pg_sequence;
END
$$
"""


@contextmanager
def own_cluster(directory: Path) -> Iterator[str]:
    """The URL of a PostgreSQL that no other process has for as long as the block lasts; one that a kill left is used again."""
    for number in itertools.count():
        cluster = Cluster(directory / str(number))
        keep_in_memory(cluster.data_dir)
        try:
            cluster.start()
        except OwnedError:
            continue
        break
    try:
        yield cluster.url
    finally:
        cluster.stop()
        clear(cluster.data_dir)


def named(url: str, name: str) -> str:
    """The URL of another database of the same cluster."""
    head, _, tail = url.partition("?")
    return f"{head.rpartition('/')[0]}/{name}?{tail}"


async def make(cluster: str, name: str) -> str:
    """The URL of a new database with nothing in it; one of the same name is dropped before."""
    await drop(cluster, name)
    connection = await asyncpg.connect(cluster)
    await connection.execute(f'CREATE DATABASE "{name}"')
    await connection.close()
    return named(cluster, name)


async def drop(cluster: str, name: str) -> None:
    connection = await asyncpg.connect(cluster)
    await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    await connection.close()


class Slate:
    """A migrated database, as empty after each `wipe` as it was at first.

    What is called here waits, outside any event loop: a connection that lasts longer than a test needs a loop that does.
    """

    def __init__(self, cluster: str) -> None:
        self.url = named(cluster, "slate")
        self._cluster = cluster
        self._runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)
        self._shape: list[asyncpg.Record] = []
        self._runner.run(self._make())

    def wipe(self) -> None:
        """Empties each table that a migration made, whatever has been left open.

        Raises AssertionError if something was altered that no wiping brings back; the database is then made anew.
        """
        self._runner.run(self._wipe())

    def close(self) -> None:
        self._runner.run(self._connection.close())
        self._runner.close()

    async def _make(self) -> None:
        await make(self._cluster, "slate")
        await migrations.migrate(self.url)
        # A replica's rows go in any order and past any trigger. Nothing of what is wiped needs to survive a crash.
        how = {"session_replication_role": "replica", "synchronous_commit": "off"}
        self._connection: Any = await asyncpg.connect(self.url, server_settings=how)
        self._shape = await self._connection.fetch(SHAPE)

    async def _wipe(self) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while others := await self._connection.fetch(OTHERS):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{len(others)} connections to the database don't end")
        if await self._connection.fetch(SHAPE) == self._shape:
            await self._connection.execute(WIPE)
        else:
            await self._connection.close()
            await self._make()
            raise AssertionError("The schema or the list of migrations was altered: mark the test `virgin`")
