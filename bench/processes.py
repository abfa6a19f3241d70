"""What the load is put on: the real server with a database of its own, or the handler without one; nothing of it stays."""

import http.client
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.client import HOST
from undersigned.process.embedded import Cluster, running

READY_TIMEOUT_S = 60
STOP_TIMEOUT_S = 20
WEB_WORKERS = 2


@contextmanager
def data_directory() -> Iterator[Path]:
    """A data directory; at the end it goes, and with it whatever database it led to, wherever that lies."""
    with tempfile.TemporaryDirectory(prefix="undersigned-bench-") as name:
        data_dir = Path(name) / "data"
        try:
            yield data_dir
        finally:
            if (data_dir / "postgres").exists():
                with running(data_dir):  # adopts what a killed server left behind, and stops it
                    pass
                shutil.rmtree(Cluster(data_dir).directory)


@contextmanager
def served(data_dir: Path, *, with_worker: bool) -> Iterator[int]:
    """The port of the real server on this data directory, without limits on how much one network may ask."""
    port = _free_port()
    environ = {key: value for key, value in os.environ.items() if not key.startswith("UNDERSIGNED_")} | {
        "UNDERSIGNED_HOST": HOST,
        "UNDERSIGNED_PORT": str(port),
        "UNDERSIGNED_DATA_DIR": str(data_dir),
        "UNDERSIGNED_WEB_WORKERS": str(WEB_WORKERS),
        "UNDERSIGNED_SUBMIT_BUDGET_NETWORK": "0",
        "UNDERSIGNED_SUBMIT_BURST_NETWORK": "0",
        "UNDERSIGNED_SUBMIT_BURST_TOTAL": "0",
        "UNDERSIGNED_MAIL_BUDGET_NETWORK": "0",
        "UNDERSIGNED_MAIL_BUDGET_DOMAIN": "0",
    }
    command = ["undersigned", "serve", "--local", *([] if with_worker else ["--no-worker"])]
    with _running(command, port, environ):
        yield port


@contextmanager
def served_without_database() -> Iterator[int]:
    """The port of the handler that is held against the real one, with as many web workers."""
    port = _free_port()
    with _running(["bench.no_database", str(port), str(WEB_WORKERS)], port, dict(os.environ)):
        yield port


@contextmanager
def _running(module: list[str], port: int, environ: dict[str, str]) -> Iterator[None]:
    with tempfile.TemporaryFile("w+") as printed:
        process = subprocess.Popen(
            [sys.executable, "-m", *module], env=environ, stdout=printed, stderr=printed, start_new_session=True
        )
        try:
            deadline = time.monotonic() + READY_TIMEOUT_S
            while not _answers(port):
                if process.poll() is not None or time.monotonic() > deadline:
                    printed.seek(0)
                    raise RuntimeError(printed.read())
                time.sleep(0.05)
            yield
        finally:
            process.terminate()
            process.wait(STOP_TIMEOUT_S)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        return int(listener.getsockname()[1])


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=1)
    try:
        connection.request("GET", "/healthz", headers={"Connection": "close"})
        return connection.getresponse().status in (200, 404)
    except OSError:
        return False
    finally:
        connection.close()
