"""The process tree of `undersigned serve`: it ends when it is told to, completely, and survives what it can."""

import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from tests.process import Server, descendants, free_port, kill9, remaining, serving, start
from undersigned.process.embedded import Cluster


@pytest.fixture
def server(data_dir: Path) -> Iterator[Server]:
    with serving(data_dir) as server:
        yield server


@pytest.fixture(scope="module")
def survivor(new_data_dir: Callable[[], Path]) -> Iterator[Server]:
    with serving(new_data_dir()) as server:
        yield server


def connect(server: Server, request: str) -> socket.socket:
    """A connection that sent this much and then stays open."""
    connection = socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2])))
    connection.sendall(request.encode())
    return connection


def child(server: Server, command: str) -> int:
    """The supervisor's own child that runs `undersigned <command>`, or 0; workers of that child have higher ids."""
    processes = descendants(server.pid).items()
    return min((pid for pid, line in processes if line.endswith(f"undersigned {command}")), default=0)


def postgres(processes: dict[int, str]) -> set[int]:
    return {pid for pid, line in processes.items() if "/bin/postgres -D" in line}


def within(seconds: float, happened: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


@pytest.mark.parametrize("orders", [[signal.SIGTERM], [signal.SIGINT, signal.SIGINT]], ids=["SIGTERM", "Ctrl-C twice"])
def test_everything_stops_within_five_seconds_of_being_told(server: Server, orders: list[signal.Signals]) -> None:
    everything = descendants(server.pid)
    idle = connect(server, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
    slow = connect(server, "POST /v1/confirmations HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{")
    with closing(idle), closing(slow):
        assert idle.recv(4096).startswith(b"HTTP/1.1 200")
        for order in orders[1:]:
            server.process.send_signal(order)
            time.sleep(0.05)
        assert server.stop(orders[0], group=True) < 5
    assert server.process.returncode == 0
    assert not remaining(everything)
    assert "Traceback" not in server.printed()


def test_ctrl_c_while_it_starts_leaves_nothing(new_data_dir: Callable[[], Path]) -> None:
    server = start(new_data_dir())
    assert within(60, lambda: len(descendants(server.pid)) > 0)
    everything = descendants(server.pid)
    assert server.stop(signal.SIGINT, group=True) < 5
    assert not remaining(everything, wait_s=2)
    assert "Traceback" not in server.printed()


def test_a_killed_supervisor_leaves_only_the_database_and_the_next_one_stops_that(server: Server) -> None:
    everything = descendants(server.pid)
    kill9(server.pid)
    server.process.wait()
    others = {pid for pid, line in everything.items() if "postgres" not in line}
    assert not remaining(others, wait_s=2)
    assert remaining(postgres(everything))
    with serving(server.data_dir) as successor:
        assert successor.answers()
    assert not remaining(everything)


@pytest.mark.parametrize("victim", ["web", "work"])
def test_a_killed_process_is_started_again(survivor: Server, victim: str) -> None:
    killed = child(survivor, victim)
    below = descendants(killed)
    kill9(killed)
    assert not remaining(below, wait_s=2)
    assert within(60, lambda: child(survivor, victim) not in (0, killed))
    assert within(60, survivor.answers)
    assert f"The {victim} process ended" in survivor.printed()


def test_a_killed_database_is_started_again(survivor: Server) -> None:
    killed = postgres(descendants(survivor.pid))
    for pid in killed:
        kill9(pid)
    assert within(60, lambda: bool(postgres(descendants(survivor.pid)) - killed))
    assert within(60, survivor.answers)


def test_a_second_server_on_the_same_data_is_refused(survivor: Server) -> None:
    second = start(survivor.data_dir, free_port())
    assert second.process.wait(60) == 1
    assert f"already running as pid {survivor.pid}" in second.printed()
    assert survivor.answers()


def test_a_taken_port_is_named_in_one_line(data_dir: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        server = start(data_dir, port)
        assert server.process.wait(60) == 1
    assert server.printed().strip().splitlines() == [
        f"undersigned: Port {port} on 127.0.0.1 is taken: set UNDERSIGNED_PORT to another one, or stop what uses it."
    ]


def test_a_database_that_can_not_be_started_is_tried_again_while_pages_are_served(server: Server) -> None:
    page = f"{server.url}/s/example"
    assert within(60, lambda: httpx.get(page).is_success)
    web, files = child(server, "web"), Cluster(server.data_dir).directory
    (files / "pg_wal").rename(files / "elsewhere")
    try:
        for pid in postgres(descendants(server.pid)):
            kill9(pid)
        assert within(60, lambda: server.printed().count("PostgreSQL does not start: ") >= 3)
        reason = 'required WAL directory "pg_wal" does not exist'
        assert f"PostgreSQL does not start: {reason}; it is tried again in" in server.printed()
        assert server.process.poll() is None
        assert child(server, "web") == web
        assert httpx.get(page).is_success
        assert httpx.get(f"{server.url}/v1/statements/example/tally").is_success
    finally:
        (files / "elsewhere").rename(files / "pg_wal")
    assert within(90, lambda: "The embedded database answers again." in server.printed())
    assert within(60, lambda: httpx.get(f"{server.url}/readyz").is_success)
    assert child(server, "web") == web
