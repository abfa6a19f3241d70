"""Whoever only opens connections, or never sends what they announced, keeps nobody else out."""

import asyncio
import contextlib
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.process import Server, serving
from tests.waiting import until

# More than what one web worker used to take, 512, twice over.
SOCKETS = 1100
ANNOUNCED = (
    b"POST /v1/statements/example/endorsements HTTP/1.1\r\nHost: example\r\n"
    b"Content-Type: application/json\r\nContent-Length: 100\r\n\r\n"
)


@pytest.fixture(scope="module")
def server(data_dir: Path) -> Iterator[Server]:
    with serving(data_dir, UNDERSIGNED_WEB_WORKERS="1") as started:
        yield started


async def besiege(server: Server, said: bytes) -> int:
    """Opens connections that say this and no more; returns how many of five readers are answered meanwhile."""
    address = httpx.URL(server.url)
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(SOCKETS):
            _, writer = await asyncio.open_connection(address.host, address.port)
            stack.callback(writer.close)
            writer.write(said)
        answered = 0
        async with httpx.AsyncClient(base_url=server.url, timeout=5) as reader:
            for _ in range(5):
                with contextlib.suppress(httpx.TransportError):
                    answered += (await reader.get("/v1/statements/example/tally")).is_success
    return answered


async def test_silent_connections_keep_no_reader_out(server: Server) -> None:
    assert await besiege(server, b"") == 5


async def test_bodies_that_never_come_keep_no_reader_out_and_fill_no_log(server: Server) -> None:
    await until(lambda: "Ctrl-C stops it." in server.printed())  # the last line of what it says once it is up
    before = len(server.printed().splitlines())
    assert await besiege(server, ANNOUNCED) == 5
    await asyncio.sleep(1)  # those who left in the middle would be written about by now
    assert len(server.printed().splitlines()) <= before + 1


async def ask(server: Server, raw: bytes) -> bytes:
    """The first bytes of the answer to what is sent byte for byte."""
    address = httpx.URL(server.url)
    reader, writer = await asyncio.open_connection(address.host, address.port)
    writer.write(raw)
    answer = await asyncio.wait_for(reader.read(2000), 10)
    writer.close()
    return answer


@pytest.mark.parametrize("path", ["/v1/statements/example/endorsements", "/s/example"])
@pytest.mark.parametrize("size", ["FFFFFFFFFFFFFFFFF", "zz", "-1"])
async def test_a_chunk_of_no_possible_size_is_a_bad_request(server: Server, path: str, size: str) -> None:
    head = (
        f"POST {path} HTTP/1.1\r\nHost: example\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    answer = await ask(server, f"{head}{size}\r\n{{}}\r\n0\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 400"), answer[:80]


@pytest.mark.parametrize("hosts", ["Host: example\r\nHost: other\r\n", "Host: example\r\nhost: example\r\n"])
async def test_a_request_that_names_two_hosts_is_refused(server: Server, hosts: str) -> None:
    answer = await ask(server, f"GET /healthz HTTP/1.1\r\n{hosts}Connection: close\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 400"), answer[:80]
    assert b"urn:undersigned:problem:malformed_request" in answer


@pytest.mark.parametrize("path", ["/v1/statements/example/endorsements", "/s/example", "/nothing"])
async def test_whoever_sends_too_much_is_answered_once_they_have_sent_it(server: Server, path: str) -> None:
    address = httpx.URL(server.url)
    reader, writer = await asyncio.open_connection(address.host, address.port)
    size, part = 900_000, b"x" * 9_000
    writer.write(f"POST {path} HTTP/1.1\r\nHost: example\r\nContent-Length: {size}\r\n\r\n".encode())
    for _ in range(size // len(part)):
        writer.write(part)
        await writer.drain()
        await asyncio.sleep(0.001)
    answer = await asyncio.wait_for(reader.read(2000), 10)
    writer.close()
    assert answer.startswith((b"HTTP/1.1 413", b"HTTP/1.1 404", b"HTTP/1.1 405")), answer[:80]
