"""The verifier's patience and room: a server that is slow in any part of its answer, and what each entry costs in memory."""

import itertools
import socket
import threading
import tracemalloc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

import pytest

from tests.unit.test_verify import _no_waiting, honest
from undersigned.log import verify

__all__ = ["_no_waiting"]  # a fixture

FOR_EVER = 10_000


def dripping(text: str) -> Iterable[bytes]:
    """A text over and over, a byte at a time."""
    return (byte.to_bytes(1, "big") for byte in itertools.islice(itertools.cycle(text.encode()), FOR_EVER))


@contextmanager
def server(start: bytes, rest: str) -> Iterator[str]:
    """A server that answers with `start` at once, and then with `rest` for as long as anybody listens; its address."""
    listening, stop = socket.create_server(("127.0.0.1", 0)), threading.Event()
    listening.settimeout(10)

    def answer(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.recv(2**16)
            connection.sendall(start)
            for byte in dripping(rest):
                if stop.wait(0.005):
                    return
                connection.sendall(byte)
            stop.wait(10)

    def serve() -> None:
        with suppress(OSError):
            while not stop.is_set():
                connection, _ = listening.accept()
                if not stop.is_set():
                    answer(connection)
                connection.close()

    thread = threading.Thread(target=serve)
    thread.start()
    port = listening.getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}/log/example"
    finally:
        stop.set()
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", port)).close()
        thread.join()
        listening.close()


OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("start", "rest"),
    [
        (b"", ""),
        (b"", "H"),
        (b"HTTP/1.1 200 ", "O"),
        (b"", "HTTP/1.1 100 Continue\r\n\r\n"),
        (OK, "X-Header: a\r\n"),
        (OK + b"X-Long: ", "a"),
        (OK + b"Content-Length: 100000\r\n\r\n", "a"),
        (OK + b"\r\n", "a"),
        (CHUNKED, "0"),
        (CHUNKED, "1\r\na\r\n"),
        (CHUNKED + b"1;", "extension"),
        (CHUNKED + b"1\r\na\r\n0\r\n", "Trailer: a\r\n"),
    ],
)
def test_a_server_that_answers_a_byte_at_a_time_is_left(
    start: bytes, rest: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(verify, "DEADLINE_S", 0.25)
    with server(start, rest) as url:
        assert verify.main(["tally", url, "--files-only"]) == 1
    assert "takes longer than 0.25 s" in capsys.readouterr().err


def test_a_server_that_never_finishes_its_side_of_tls_is_left(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(verify, "DEADLINE_S", 0.25)
    with server(b"\x16\x03\x03\x40\x00", "a") as url:
        assert verify.main(["tally", url.replace("http:", "https:"), "--files-only"]) == 1
    assert "takes longer than 0.25 s" in capsys.readouterr().err


def test_an_entry_costs_less_than_fifty_bytes_of_memory() -> None:
    log = honest(20_000)
    tracemalloc.start()
    try:
        ledger = verify.Ledger()
        for at in range(0, len(log), verify.WIDTH):
            ledger.take(log[at : at + verify.WIDTH])
        ledger.close()
        kept, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert ledger.size == len(log)
    assert kept / len(log) < 50
    # To find a commitment that counts twice, a 256th of them lies in memory once more.
    assert most / len(log) < 75
