"""Outages that a test makes: a relay on loopback between a program and PostgreSQL, to be cut, frozen and mended."""

import asyncio
from contextlib import suppress
from typing import Self
from urllib.parse import parse_qs, urlsplit

CHUNK_BYTES = 65_536


class Outage:
    """A relay to the PostgreSQL behind `database_url`, whose host is the directory of its socket; `url` leads through it.

    Within its context it is whole until it is `cut`, as by a server that is gone: what is connected is reset, and nobody gets a
    new connection; or until it is frozen, as by a machine that stands still: new connections are taken, and nothing comes back.
    """

    def __init__(self, database_url: str) -> None:
        self._given = urlsplit(database_url)
        where = parse_qs(self._given.query)
        self._socket = f"{where['host'][0]}/.s.PGSQL.{where['port'][0]}"
        self._server: asyncio.Server | None = None
        self._port = 0
        self._carrying: set[asyncio.Task[None]] = set()
        self._flowing = asyncio.Event()

    @property
    def url(self) -> str:
        return f"postgresql://{self._given.username}@127.0.0.1:{self._port}{self._given.path}?sslmode=disable"

    async def __aenter__(self) -> Self:
        await self.mend()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.cut()

    async def cut(self) -> None:
        """Ends every connection, and refuses new ones until it is mended."""
        if self._server:
            self._server.close()
            self._server = None
        carrying, self._carrying = self._carrying, set()
        for task in carrying:
            task.cancel()
        await asyncio.gather(*carrying, return_exceptions=True)

    def freeze(self) -> None:
        """Lets nothing through, in either direction, until it is mended; connections stay."""
        self._flowing.clear()

    async def mend(self) -> None:
        """Lets everything through, also what was sent while it was frozen; on the same port if it was cut."""
        self._flowing.set()
        if self._server is None:
            self._server = await asyncio.start_server(self._relay, "127.0.0.1", self._port)
            self._port = self._server.sockets[0].getsockname()[1]

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._carrying.add(task)
        behind: asyncio.StreamWriter | None = None
        try:
            from_database, behind = await asyncio.open_unix_connection(self._socket)
            await asyncio.gather(self._carry(reader, behind), self._carry(from_database, writer))
        except (OSError, asyncio.CancelledError):
            pass  # one of the two is gone, or it was cut
        finally:
            self._carrying.discard(task)
            for each in (writer, behind):
                if each:
                    each.transport.abort()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(CHUNK_BYTES):
                await self._flowing.wait()
                writer.write(data)
                await writer.drain()
        # Whoever ended, the other one is to know.
        writer.transport.abort()
