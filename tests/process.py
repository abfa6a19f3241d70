"""The real server as a process of its own, for tests that stop it, kill it and look for what is left."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil  # type: ignore[import-untyped]

from tests.memory import keep_in_memory
from undersigned.process.embedded import running

READY_TIMEOUT_S = 60


@dataclass(frozen=True)
class Server:
    """A started `undersigned serve --local`; everything it prints goes to `log`."""

    process: subprocess.Popen[bytes]
    url: str
    data_dir: Path
    log: Path

    @property
    def pid(self) -> int:
        return self.process.pid

    def printed(self) -> str:
        return self.log.read_text()

    def answers(self) -> bool:
        with suppress(httpx.TransportError):
            return httpx.get(f"{self.url}/healthz").is_success
        return False

    def stop(self, order: signal.Signals = signal.SIGTERM, *, group: bool = False) -> float:
        """Sends the signal, to the whole group as a terminal does if asked; returns the seconds until the end."""
        begun = time.monotonic()
        (os.killpg if group else os.kill)(self.pid, order)
        self.process.wait(30)
        return time.monotonic() - begun


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def start(data_dir: Path, port: int | None = None, **environ: str) -> Server:
    """Starts the server without waiting for it. `environ` holds further settings, such as UNDERSIGNED_WEB_WORKERS.

    All that a test does comes from one network, so that bursts are none here.
    """
    port = port or free_port()
    keep_in_memory(data_dir)
    log = data_dir.with_name(f"{data_dir.name}.{port}.log")
    clean = {key: value for key, value in os.environ.items() if not key.startswith("UNDERSIGNED_")}
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "undersigned", "serve", "--local"],
            stdout=output,
            stderr=output,
            start_new_session=True,
            env=clean
            | {"UNDERSIGNED_PORT": str(port), "UNDERSIGNED_DATA_DIR": str(data_dir)}
            | {"UNDERSIGNED_SUBMIT_BURST_NETWORK": "0", "UNDERSIGNED_SUBMIT_BURST_TOTAL": "0"}
            | environ,
        )
    return Server(process, f"http://127.0.0.1:{port}", data_dir, log)


def wait_until_ready(server: Server) -> None:
    """Waits for the first answer. Raises RuntimeError with what the server printed if it ends or takes a minute."""
    deadline = time.monotonic() + READY_TIMEOUT_S
    while not server.answers():
        if server.process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(server.printed())
        time.sleep(0.05)


@contextmanager
def serving(data_dir: Path, port: int | None = None, **environ: str) -> Iterator[Server]:
    """A server that answers; at the end it is stopped in whatever state the test left it, and its database with it."""
    server = start(data_dir, port, **environ)
    try:
        wait_until_ready(server)
        yield server
    finally:
        if server.process.poll() is None:
            server.stop()
        with running(data_dir):  # adopts what a killed server left behind, and stops it
            pass


def kill9(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def descendants(pid: int) -> dict[int, str]:
    """The ids of all running processes below this one, with their command lines."""
    found = {}
    for each in psutil.Process(pid).children(recursive=True):
        with suppress(psutil.Error):  # it may end meanwhile
            found[each.pid] = " ".join(each.cmdline())
    return found


def remaining(pids: Collection[int], wait_s: float = 0) -> set[int]:
    """Those of the processes that still run when this time is over, or sooner if none does."""
    deadline = time.monotonic() + wait_s
    while True:
        left = {pid for pid in pids if _runs(pid)}
        if not left or time.monotonic() > deadline:
            return left
        time.sleep(0.05)


def _runs(pid: int) -> bool:
    with suppress(psutil.NoSuchProcess):
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    return False
