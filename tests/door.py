"""A door between a program and its database, which can be shut: connections through it end, and no new ones begin."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import parse_qs, urlsplit


class Door:
    """A relay from a port on loopback to the socket of `database_url`; `url` leads through it."""

    def __init__(self, database_url: str) -> None:
        self._to = urlsplit(database_url)
        where = parse_qs(self._to.query)
        self._socket = f"{where['host'][0]}/.s.PGSQL.{where['port'][0]}"
        self._server: asyncio.Server | None = None
        self._port = 0
        self._through: set[asyncio.StreamWriter] = set()

    @property
    def url(self) -> str:
        return f"postgresql://{self._to.username}@127.0.0.1:{self._port}{self._to.path}"

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._let_through, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    def shut(self) -> None:
        if self._server:
            self._server.close()
        for writer in self._through:
            writer.transport.abort()

    @asynccontextmanager
    async def shut_for_now(self) -> AsyncIterator[None]:
        self.shut()
        yield
        await self.open()

    async def _let_through(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_unix_connection(self._socket)
        self._through |= {writer, inner_writer}
        await asyncio.gather(_carry(reader, inner_writer), _carry(inner_reader, writer))
        self._through -= {writer, inner_writer}


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(2**16):
            writer.write(data)
            await writer.drain()
    writer.transport.abort()
