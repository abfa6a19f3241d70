"""The load: keep-alive HTTP/1.1 on loopback, written out by hand so that it takes little from those it measures."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from typing import cast

import msgspec

HOST = "127.0.0.1"
CONNECTIONS = 64
WARM_UP_S = 1.0
LENGTH = b"content-length: "


class Load(msgspec.Struct, frozen=True):
    """What came back in a time."""

    answers: dict[int, int]
    seconds: float

    def per_second(self, status: int) -> float:
        """The rate of answers with this status. Raises RuntimeError if there were any others, which no figure may hide."""
        if set(self.answers) != {status}:
            raise RuntimeError(f"Expected answers with {status} only, got {self.answers}.")
        return self.answers[status] / self.seconds


class Connection(asyncio.Protocol):
    """One connection with one request at a time under way; `answered` gets the status and the body of each answer."""

    def __init__(self, answered: Callable[[int, bytes], None]) -> None:
        self.answered = answered
        self.lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        received = self._received + data
        head_ends = received.find(b"\r\n\r\n")
        if head_ends < 0:
            self._received = received
            return
        length_at = received.find(LENGTH, 0, head_ends)
        size_bytes = 0
        if length_at > 0:
            length_at += len(LENGTH)
            size_bytes = int(received[length_at : received.index(b"\r", length_at)])
        status, body_at = int(received[9:12]), head_ends + 4
        if len(received) < body_at + size_bytes and status != 304:
            self._received = received
            return
        self._received = b""
        self.answered(status, received[body_at:])

    def connection_lost(self, error: Exception | None) -> None:
        if not self.lost.done():
            self.lost.set_result(None)


def get(path: str, **headers: str) -> bytes:
    """A GET request as bytes."""
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\n{lines}\r\n".encode()


def post(path: str, body: bytes) -> bytes:
    """A POST request with a JSON body as bytes."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[Callable[[bytes], Awaitable[tuple[int, bytes]]]]:
    """A function that sends a request over one connection and returns the answer's status and body."""
    answers: asyncio.Queue[tuple[int, bytes]] = asyncio.Queue()
    _, connection = await asyncio.get_running_loop().create_connection(
        lambda: Connection(lambda status, body: answers.put_nowait((status, body))), HOST, port
    )

    async def ask(request: bytes) -> tuple[int, bytes]:
        connection.transport.write(request)
        return await asyncio.wait_for(answers.get(), 30)

    try:
        yield ask
    finally:
        connection.transport.close()


async def load(port: int, requests: Iterable[bytes], *, seconds: float) -> Load:
    """Sends the requests over 64 connections, as fast as answers come, until the time is over or they are used up.

    Answers of a first second, in which prepared statements and pools are made, are not in the figure.
    """
    waiting = iter(requests)
    await _load(port, waiting, WARM_UP_S)
    return await _load(port, waiting, seconds)


async def _load(port: int, requests: Iterator[bytes], seconds: float) -> Load:
    loop = asyncio.get_running_loop()
    answers: Counter[int] = Counter()

    def go_on(connection: Connection) -> None:
        request = next(requests, None) if time.monotonic() < ends_at else None
        if request is None:
            connection.transport.close()
        else:
            connection.transport.write(request)

    def make() -> Connection:
        def answered(status: int, _: bytes) -> None:
            answers[status] += 1
            go_on(connection)

        connection = Connection(answered)
        return connection

    connections = [(await loop.create_connection(make, HOST, port))[1] for _ in range(CONNECTIONS)]
    begun = time.monotonic()
    ends_at = begun + seconds
    for connection in connections:
        go_on(connection)
    async with asyncio.timeout(seconds + 30):
        await asyncio.gather(*(connection.lost for connection in connections))
    return Load(dict(answers), time.monotonic() - begun)


async def drip(port: int, requests: Iterator[bytes], *, per_second: int, done: asyncio.Event) -> Counter[int]:
    """Sends requests at an even rate, whether answers keep up or not, until `done`; returns the answers by status."""
    answers: Counter[int] = Counter()
    free: asyncio.Queue[Connection] = asyncio.Queue()

    def make() -> Connection:
        def answered(status: int, _: bytes) -> None:
            answers[status] += 1
            free.put_nowait(connection)

        connection = Connection(answered)
        return connection

    loop = asyncio.get_running_loop()
    connections = [(await loop.create_connection(make, HOST, port))[1] for _ in range(CONNECTIONS)]
    for connection in connections:
        free.put_nowait(connection)
    due_at = time.monotonic()
    while not done.is_set():
        (await free.get()).transport.write(next(requests))
        due_at += 1 / per_second
        await asyncio.sleep(max(0, due_at - time.monotonic()))
    for connection in connections:
        connection.transport.close()
    return answers
