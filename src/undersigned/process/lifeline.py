"""A process of ours never outlives the one that started it, whatever ended that one."""

import multiprocessing
import os
import threading
import time

VARIABLE = "_UNDERSIGNED_PARENT"
INTERVAL_S = 0.3


def tied_to_me() -> dict[str, str]:
    """What to put into a child's environment so that `die_with_parent` knows who started it."""
    return {VARIABLE: str(os.getpid())}


def die_with_parent() -> None:
    """End this process at once when the process that started it has ended. Does nothing in a process started by hand.

    The parent's id is taken from what the parent recorded, for by now it may be gone and `os.getppid()` be another's.
    """
    parent = multiprocessing.parent_process()
    pid = parent.pid if parent else int(os.environ.get(VARIABLE, 0))
    if pid:
        threading.Thread(target=_watch, args=(pid,), daemon=True).start()


def _watch(parent: int | None) -> None:
    while os.getppid() == parent:
        time.sleep(INTERVAL_S)
    os._exit(1)
