"""Exports whose readers stop reading, at a real server with real sockets: they end, and look as if they had been cut."""

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from tests.conftest import SECRET
from tests.process import READY_TIMEOUT_S, Server, free_port, wait_until_ready
from undersigned.admins import keys
from undersigned.database.connection import Database

EXPORT = "/v1/admin/statements/example/endorsements"
# More than all buffers between a server and a reader hold.
ROWS = 3_000
FILL = """
INSERT INTO endorsement (id, statement, kind, objectives, commitment)
SELECT gen_random_uuid(), 'example', 'individual', ARRAY['a'], sha256(i::text::bytea) FROM generate_series(1, $1::integer) AS i;
"""
SIGN = """
INSERT INTO signatory (
    endorsement_id, mailbox_id, address, name, name_status, locale, source, mail_domain, consent, identity, salt, bound
)
SELECT id, id, id || '@example.org', repeat('Ada ', 1000), 'hidden', 'en', '{}', 'example.org', '{}', 'mailbox:' || id,
       commitment, commitment
FROM endorsement
"""
LOG = """
INSERT INTO log_member (endorsement_id, statement, index) SELECT id, 'example', row_number() OVER () FROM endorsement
"""
VIEWS = """
SELECT pid FROM pg_stat_activity
WHERE datname = current_database() AND xact_start IS NOT NULL AND pid <> pg_backend_pid() AND query ~ 'AS statement_sha256'
"""


@pytest.fixture
async def key(db: Database) -> str:
    """A key to the export of a statement that many endorsed."""
    await db.pool.execute(FILL, ROWS)
    await db.pool.execute(SIGN)
    await db.pool.execute(LOG)
    return await keys.create_key(db, "Test", ["export"])


@pytest.fixture
def server(key: str, database_url: str, tmp_path: Path) -> Iterator[Server]:
    """A server that finds the statement and the key as it starts."""
    port, log = free_port(), tmp_path / "server.log"
    given = {"DATABASE_URL": database_url, "DATA_DIR": str(tmp_path), "PORT": str(port)}
    given |= dict.fromkeys(("SECRET_KEYS", "PEPPER", "LOG_SEED"), SECRET)
    command = [sys.executable, "-m", "granian", "tests.faults.impatient:create", "--factory", "--interface", "asgi"]
    with log.open("ab") as output:
        process = subprocess.Popen(
            [*command, "--loop", "uvloop", "--http", "1", "--no-ws", "--host", "0.0.0.0", "--port", str(port)],  # noqa: S104 - the port is all that is known then
            stdout=output,
            stderr=output,
            env=os.environ | {f"UNDERSIGNED_{name}": value for name, value in given.items()},
        )
    server = Server(process, f"http://127.0.0.1:{port}", tmp_path, log)
    try:
        wait_until_ready(server)
        yield server
    finally:
        server.stop()


class Reader:
    """Reads an export at a socket of its own. A proxy may do so in HTTP/1.0, where only a reset tells a cut from an end."""

    def __init__(self, server: Server, version: str, holds: int | None) -> None:
        self._version = version
        self._connection = socket.socket()
        if holds:
            self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, holds)
        self._connection.settimeout(READY_TIMEOUT_S)
        self._connection.connect(("127.0.0.1", int(server.url.rpartition(":")[2])))

    def begin(self, key: str) -> None:
        """Asks, and reads the beginning."""
        head = f"GET {EXPORT} HTTP/{self._version}\r\nHost: localhost\r\nConnection: close\r\n"
        self._connection.sendall(f"{head}Authorization: Bearer {key}\r\n\r\n".encode())
        assert b" 200 OK\r\n" in self._connection.recv(100)

    def looks_whole(self) -> bool:
        """Reads on to the end, and says whether it was one."""
        tail = b""
        try:
            while piece := self._connection.recv(65536):
                tail = (tail + piece)[-5:]
        except ConnectionResetError:
            return False
        return tail == b"0\r\n\r\n" if self._version == "1.1" else True

    def close(self) -> None:
        self._connection.close()


async def begun(server: Server, key: str, version: str = "1.1", *, holds: int | None = 4096) -> Reader:
    """Somebody who has seen the beginning of an export, and reads no further; this many bytes lie unread with them."""
    reader = Reader(server, version, holds)
    await asyncio.to_thread(reader.begin, key)
    return reader


async def until(happened: Callable[[], Awaitable[bool]]) -> None:
    deadline = time.monotonic() + READY_TIMEOUT_S
    while not await happened():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)


async def held(db: Database, number: int) -> bool:
    """Whether this many hold a view of the data, behind which nothing can be cleared away."""
    return len(await db.pool.fetch(VIEWS)) == number


async def lines(server: Server, key: str) -> int:
    """How many lines an export has that is read at once, its heading among them."""
    async with httpx.AsyncClient(base_url=server.url, timeout=READY_TIMEOUT_S) as client:
        answer = await client.get(EXPORT, headers={"Authorization": f"Bearer {key}"})
    assert answer.status_code == 200, answer.text
    return answer.text.count("\n")


async def test_whoever_stops_reading_is_cut_and_holds_up_nobody_for_ever(
    db: Database, server: Server, key: str
) -> None:
    with closing(await begun(server, key)) as one, closing(await begun(server, key, "1.0")) as other:
        await until(lambda: held(db, 2))
        async with httpx.AsyncClient(base_url=server.url) as client:
            third = await client.get(EXPORT, headers={"Authorization": f"Bearer {key}"})
        assert (third.status_code, third.headers["retry-after"]) == (503, "5")
        assert await db.pool.fetchval("SELECT count(*) FROM trail WHERE action = 'export'") == 2
        await until(lambda: held(db, 0))
        assert await lines(server, key) == ROWS + 1
        assert not await asyncio.to_thread(one.looks_whole)
        assert not await asyncio.to_thread(other.looks_whole)
    assert server.printed().count("was cut") == 2
    assert "Traceback" not in server.printed()


@pytest.mark.parametrize("version", ["1.0", "1.1"])
async def test_an_export_that_loses_the_database_looks_cut(
    db: Database, server: Server, key: str, version: str
) -> None:
    with closing(await begun(server, key, version)) as reader:
        await until(lambda: held(db, 1))
        await db.pool.execute(f"SELECT pg_terminate_backend(pid) FROM ({VIEWS}) AS view")
        assert not await asyncio.to_thread(reader.looks_whole)
    assert await lines(server, key) == ROWS + 1
    assert "Traceback" not in server.printed()


async def test_whoever_reads_to_the_end_gets_all_of_it(server: Server, key: str) -> None:
    with closing(await begun(server, key, holds=None)) as reader:
        assert await asyncio.to_thread(reader.looks_whole)
    assert "was cut" not in server.printed()


async def test_whoever_hangs_up_leaves_nothing_open(db: Database, server: Server, key: str) -> None:
    reader = await begun(server, key)
    await until(lambda: held(db, 1))
    reader.close()
    await until(lambda: held(db, 0))
    assert await lines(server, key) == ROWS + 1
