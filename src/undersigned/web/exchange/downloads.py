"""Files too long to be held: sent piece by piece, to a reader who takes them. What was cut looks cut."""

import asyncio
import logging
import os
import socket
import stat
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, suppress
from pathlib import Path
from typing import Any, Protocol

from litestar.response import Stream
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from undersigned.database.trouble import why
from undersigned.errors import ExportCut

log = logging.getLogger(__name__)

# How long a reader may take over one piece, once all that lies between us and them is full.
PIECE_TIMEOUT_S = 30
OPEN_FILES = Path("/dev/fd")


class File(Protocol):
    """What is sent: its pieces, and the headers that are only known once it was opened."""

    @property
    def pieces(self) -> AsyncIterator[bytes]: ...

    @property
    def headers(self) -> dict[str, str]: ...


Opening = Callable[[], AbstractAsyncContextManager[File]]


class Download(Stream):
    """A file whose pieces are opened when it is sent: what goes wrong before the first one is answered like any error.

    What goes wrong later, a reader who takes nothing among it, ends the connection in the middle of the file, and is logged.
    """

    def __init__(self, opening: Opening, name: str, media_type: str) -> None:
        headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
        super().__init__((), media_type=media_type, headers=headers)
        self._opening, self._name = opening, name

    def to_asgi_response(self, *arguments: Any, **named: Any) -> ASGIApp:  # type: ignore[override]
        """What sends it."""
        head, begun = super().to_asgi_response(*arguments, **named), False

        async def send_file(scope: Scope, receive: Receive, send: Send) -> None:
            nonlocal begun
            try:
                async with self._opening() as file:
                    begun = True
                    await head.start_response(_announcing(file, send))
                    await _send(file.pieces, receive, send)
            except (ExportCut, TimeoutError) as error:
                log.warning("The download of %s was cut: it was read too slowly (%s).", self._name, why(error))
                cut(scope)
            except Exception as error:
                if not begun:
                    raise
                log.exception("The download of %s was cut (%s).", self._name, why(error))
                cut(scope)

        return send_file


def _announcing(file: File, send: Send) -> Send:
    added = [(name.lower().encode(), value.encode()) for name, value in file.headers.items()]

    async def send_head(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], *added]
        await send(message)

    return send_head


async def _send(pieces: AsyncIterator[bytes], receive: Receive, send: Send) -> None:
    """Sends all pieces, unless the reader goes. Raises TimeoutError if they take none."""
    gone = asyncio.create_task(_gone(receive))
    try:
        async for piece in pieces:
            if gone.done():
                return
            async with asyncio.timeout(PIECE_TIMEOUT_S):
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})
    finally:
        gone.cancel()


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def cut(scope: Scope) -> None:
    """Resets the connection of a request, so that its answer, which has begun, doesn't look whole.

    ASGI has no word for this. What the server does about an unfinished answer can't be told from its end in HTTP/1.0, which
    proxies still speak, and waits for ever for a reader who takes nothing. So the socket is found among the open files of this
    process, by the address of its peer.
    """
    if not (scope["client"] and scope["server"]):
        return
    # Ports may be text here, and our own address the one that is listened on, which may stand for all.
    (host, port), (_, here) = scope["client"], scope["server"]
    ends = (host, int(port), int(here or 0))
    for descriptor in [int(file.name) for file in OPEN_FILES.iterdir()]:
        with suppress(OSError):  # what was listed may be closed meanwhile
            if stat.S_ISSOCK(os.fstat(descriptor).st_mode):
                with socket.socket(fileno=os.dup(descriptor)) as connection:
                    if (*connection.getpeername()[:2], *connection.getsockname()[1:2]) == ends:
                        _reset(connection)


def _reset(connection: socket.socket) -> None:
    # Closed like this, nothing goes out of what still waits to, and in place of the end there is a reset.
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    # The server takes this for the peer's leaving, and closes.
    connection.shutdown(socket.SHUT_RD)
