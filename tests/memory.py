"""Clusters in memory, on systems that have a disk of it: thousands of commits then wait for no disk, and none is skipped."""

import fcntl
import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from undersigned.process.embedded import Cluster

MEMORY = Path("/dev/shm")


def keep_in_memory(data_dir: Path) -> None:
    """Lets the cluster of a data directory, if it has none yet, be made in memory."""
    name = data_dir / "postgres"
    if MEMORY.is_dir() and not name.exists() and not name.is_symlink():
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        with suppress(FileExistsError):  # another process was as fast
            name.symlink_to(MEMORY / f"undersigned-test-{hashlib.sha256(bytes(name)).hexdigest()[:12]}")


def clear(data_dir: Path) -> None:
    """Removes the cluster of a data directory, wherever that has led to, whole or unfinished, unless somebody has it again."""
    directory = Cluster(data_dir).directory
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (data_dir / "owner.lock").open("a") as owner, suppress(BlockingIOError):
        fcntl.flock(owner, fcntl.LOCK_EX | fcntl.LOCK_NB)
        for each in (directory, directory.with_name(f"{directory.name}.new")):
            shutil.rmtree(each, ignore_errors=True)


@contextmanager
def cleared(data_dir: Path) -> Iterator[Path]:
    """The data directory, whose cluster is removed at the end."""
    try:
        yield data_dir
    finally:
        clear(data_dir)
