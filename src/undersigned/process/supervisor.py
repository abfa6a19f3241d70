"""The process tree of `undersigned serve`: the embedded database, the web server, the worker and the metrics, kept running."""

import errno
import http.client
import os
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing, suppress
from types import FrameType

import granian
import msgspec
from granian.constants import HTTPModes, Interfaces, Loops
from granian.http import HTTP1Settings
from granian.log import LogLevels

from undersigned.process.embedded import Cluster
from undersigned.process.lifeline import tied_to_me
from undersigned.process.reviving import Revival
from undersigned.settings import PREFIX, Settings

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
PORT_PATIENCE_S = 2
READY_TIMEOUT_S = 60
ANSWER_TIMEOUT_S = 3
BACK_OFF_S = (1, 30)
STABLE_S = 60
STOP_S = 2
TICK_S = 0.1
# For each web worker. They count from being accepted on, also those that never say anything, until HEADERS_WITHIN_S is over.
CONNECTIONS_MAX = 8192
HEADERS_WITHIN_S = 10


class ServeError(Exception):
    """The server can't start; the message is one line that says why."""


class Child:
    """A command of ours in a process of its own, which is started again when it ends."""

    def __init__(self, command: str, environ: dict[str, str]) -> None:
        self.command = command
        self._environ = environ
        self._back_off_s = BACK_OFF_S[0]
        self._start()

    def _start(self) -> None:
        # A session of its own: Ctrl-C in a terminal then only reaches the supervisor, who stops them in order.
        self.process = subprocess.Popen(
            [sys.executable, "-m", "undersigned", self.command],
            env=self._environ,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._started_at = time.monotonic()
        self._due_at = 0.0

    def keep_running(self) -> None:
        """Start the process again if it has ended, after a pause that doubles while it keeps ending early."""
        if self.process.poll() is None:
            return
        now = time.monotonic()
        if not self._due_at:
            if now - self._started_at > STABLE_S:
                self._back_off_s = BACK_OFF_S[0]
            _say(
                f"The {self.command} process ended with {self.process.returncode}; "
                f"it starts again in {self._back_off_s} s."
            )
            self._due_at = now + self._back_off_s
            self._back_off_s = min(2 * self._back_off_s, BACK_OFF_S[1])
        elif now > self._due_at:
            self._start()


def serve(
    settings: Settings, *, prepare: Callable[[Settings], None], with_worker: bool, banner: Callable[[Settings], str]
) -> int:
    """Run everything until SIGINT, SIGTERM or SIGHUP, then stop it within 5 s; returns the exit status, 0.

    `prepare` is called once the database answers, with settings that name it; `banner` makes the text that is printed
    once the web server answers. Raises ServeError or EmbeddedError if something can't start, and whatever `prepare`
    raises, after stopping what did start.
    """
    cluster = None if settings.database_url else Cluster(settings.data_path)
    children: list[Child] = []
    _heed_signals()
    try:
        _check_address(settings)
        if cluster:
            cluster.start()
            settings = msgspec.structs.replace(settings, database_url=cluster.url)
        prepare(settings)
        environ = {key: value for key, value in os.environ.items() if not key.startswith(PREFIX)}
        environ |= settings.to_environ() | tied_to_me()
        commands = ("web", *(["work"] if with_worker else []), *(["metrics"] if settings.metrics_address else []))
        for command in commands:
            children.append(Child(command, environ))  # noqa: PERF401 - an interrupt must find the first in the list
        _wait_until_ready(settings, children[0])
        print(banner(settings), flush=True)
        _keep_running(children, cluster)
    except KeyboardInterrupt:
        pass
    finally:
        _ignore_signals()
        _stop(children)
        if cluster:
            cluster.stop()
    return 0


def web(settings: Settings) -> None:
    """Serve HTTP in this process and its workers until it is told to stop."""
    # A connection is a file, and the usual limit of 1,024 of them is soon reached by somebody who only opens them.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    granian.Granian(
        "undersigned.web.app:create",
        factory=True,
        address=settings.host,
        port=settings.port,
        interface=Interfaces.ASGI,
        workers=settings.web_workers,
        loop=Loops.uvloop,
        http=HTTPModes.http1,
        websockets=False,
        log_level=LogLevels.error,
        log_access=False,
        respawn_failed_workers=True,
        workers_kill_timeout=1,
        backlog=CONNECTIONS_MAX,
        backpressure=CONNECTIONS_MAX,
        http1_settings=HTTP1Settings(header_read_timeout=HEADERS_WITHIN_S * 1000),
    ).serve()


def _heed_signals() -> None:
    """Let the first signal that asks us to stop raise KeyboardInterrupt, and none after it disturb the stopping."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        _ignore_signals()
        raise KeyboardInterrupt

    for number in STOP_SIGNALS:
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # nohup ignores it
            signal.signal(number, interrupt)


def _ignore_signals() -> None:
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def _check_address(settings: Settings) -> None:
    """Raise ServeError if the web server couldn't listen; a killed predecessor gets a moment to go."""
    deadline = time.monotonic() + PORT_PATIENCE_S
    while True:
        try:
            family, kind, _, _, address = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0]
            with socket.socket(family, kind) as listener:
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                listener.bind(address)
                return
        except OSError as error:
            taken = error.errno == errno.EADDRINUSE
            if taken and time.monotonic() < deadline:
                time.sleep(0.1)
            elif taken:
                raise ServeError(
                    f"Port {settings.port} on {settings.host} is taken: set {PREFIX}PORT to another one, "
                    "or stop what uses it."
                ) from None
            else:
                raise ServeError(
                    f"Can't listen on {settings.host}, port {settings.port} ({error.strerror}): "
                    f"set {PREFIX}HOST and {PREFIX}PORT."
                ) from None


def answers(settings: Settings) -> bool:
    """Whether the web server on this machine does."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104 - compared, not bound
    connection = http.client.HTTPConnection(host, settings.port, timeout=ANSWER_TIMEOUT_S)
    with closing(connection), suppress(OSError, http.client.HTTPException):
        connection.request("GET", "/healthz", headers={"Connection": "close"})
        return connection.getresponse().status == http.HTTPStatus.OK
    return False


def _wait_until_ready(settings: Settings, child: Child) -> None:
    deadline = time.monotonic() + READY_TIMEOUT_S
    while child.process.poll() is None and time.monotonic() < deadline:
        if answers(settings):
            return
        time.sleep(0.05)
    raise ServeError("The web server did not start; what it reported is above.")


def _keep_running(children: list[Child], cluster: Cluster | None) -> None:
    revival = Revival(cluster, _say) if cluster else None
    while True:
        for child in children:
            child.keep_running()
        if revival:
            revival.keep_running()
        time.sleep(TICK_S)


def _stop(children: list[Child]) -> None:
    for child in children:
        child.process.terminate()
    deadline = time.monotonic() + STOP_S
    for child in children:
        with suppress(subprocess.TimeoutExpired):
            child.process.wait(max(0, deadline - time.monotonic()))
        with suppress(ProcessLookupError):  # its session is its group: this also ends workers that it left behind
            os.killpg(child.process.pid, signal.SIGKILL)
        child.process.wait()


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
