"""Bringing the embedded database back: however long that takes, pages are served from memory meanwhile."""

import time
from collections.abc import Callable

from undersigned.process.embedded import Cluster, EmbeddedError

CHECK_S = 2
LOOK_S = 0.2
BACK_OFF_S = (1, 60)
STABLE_S = 60


class Revival:
    """Looks after a cluster that ran once: when it ends, it is started again, after pauses that double while it doesn't last."""

    def __init__(self, cluster: Cluster, say: Callable[[str], None]) -> None:
        self._cluster = cluster
        self._say = say
        self._pause_s = BACK_OFF_S[0]
        self._is_down = False
        self._up_at = self._look_at = self._try_at = time.monotonic()

    def keep_running(self) -> None:
        """Looks, and does what is due; never waits."""
        now = time.monotonic()
        if now < self._look_at:
            return
        if self._cluster.is_running():
            self._look_at = now + CHECK_S
            self._note_up(now)
            return
        self._look_at = now + LOOK_S
        if self._cluster.is_alive():
            return
        why = self._cluster.why_it_ended()
        if not self._is_down:
            self._is_down = True
            self._say(f"The embedded database ended{f' ({why})' if why else ''}; it starts again.")
        elif why:
            self._tell(why)
        if now >= self._try_at:
            self._try(now)

    def _note_up(self, now: float) -> None:
        if self._is_down:
            self._is_down, self._up_at = False, now
            self._say("The embedded database answers again.")
        elif now - self._up_at > STABLE_S:
            self._pause_s = BACK_OFF_S[0]

    def _try(self, now: float) -> None:
        self._try_at = now + self._pause_s
        self._pause_s = min(2 * self._pause_s, BACK_OFF_S[1])
        try:
            self._cluster.revive()
        except EmbeddedError as error:
            self._tell(str(error))

    def _tell(self, why: str) -> None:
        pause_s = max(0, round(self._try_at - time.monotonic()))
        self._say(
            f"PostgreSQL does not start: {why}; it is tried again in {pause_s} s, and pages are served from memory."
        )
