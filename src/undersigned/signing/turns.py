"""Turns: where no script runs, a form waits in a burst instead of proving work; each network has a queue of its own."""

import datetime as dt
import hashlib
import math
from uuid import UUID, uuid4

from undersigned.errors import LinkInvalid, TurnNeeded
from undersigned.identity.tokens import Signer, Turn
from undersigned.signing.limits import UNKNOWN, Limits
from undersigned.signing.work import Pass

WAIT_MIN_S = 5.0
# A turn's share of its network's queue at the first level, and twice as much at each further one.
TURN_S = 2.0
# For how long a turn that has come is kept for whoever takes a break.
KEPT_S = 3600


class Turns:
    """Gives turns out and takes them back, signed as links are."""

    def __init__(self, signer: Signer, limits: Limits) -> None:
        self._signer = signer
        self._limits = limits

    def asked(self, slug: str, network_key: UUID | None, level: int, now_s: float) -> TurnNeeded:
        """What to raise where a turn of this level, from 1 on, is to be waited for first.

        Raises TooManyRequests if the network's queue is too long.
        """
        wait_s = max(WAIT_MIN_S, self._limits.queue(network_key, TURN_S * 2 ** (level - 1)))
        turn = Turn(uuid4(), _statement_key(slug), network_key or UNKNOWN, math.ceil(now_s + wait_s))
        return TurnNeeded(self._signer.turn(turn), math.ceil(turn.due_at_s - now_s))

    def read(self, slug: str, network_key: UUID | None, given: str, now_s: float) -> Pass | None:
        """The pass that a turn is, or None if it is no turn of this network's for this statement, or too old.

        Raises TurnNeeded, with the same turn, if it hasn't come yet.
        """
        try:
            turn = self._signer.read_turn(given)
        except LinkInvalid:
            return None
        if turn.statement_key != _statement_key(slug) or turn.network_key != (network_key or UNKNOWN):
            return None
        if now_s < turn.due_at_s:
            raise TurnNeeded(given, math.ceil(turn.due_at_s - now_s))
        if now_s > turn.due_at_s + KEPT_S:
            return None
        return Pass(turn.id, dt.datetime.fromtimestamp(turn.due_at_s + KEPT_S, dt.UTC))


def _statement_key(slug: str) -> bytes:
    return hashlib.sha256(slug.encode()).digest()[:16]
