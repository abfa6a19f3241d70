"""Proof of work: in a burst, each submission through the API costs its sender's computer some time, and needs no third party.

The format is ALTCHA's, version 2, with PBKDF2 (RFC 8018), which browsers compute beside whatever else a page does. The challenge
is made from a solution, so that to check one takes two HMACs, and nobody is unlucky: the solution lies in the upper half of what
is to be tried.
"""

import datetime as dt
import hashlib
import hmac
import secrets
from typing import Any
from uuid import UUID

import msgspec
from altcha import Payload, create_challenge, verify_solution

from undersigned.errors import ProofNeeded

ALGORITHM = "PBKDF2/SHA-256"
ITERATIONS = 200
# How many are to be tried at the first level, at most, and twice as many at each further one.
TRIES = 2_000
TTL_S = 600


class Pass(msgspec.Struct, frozen=True):
    """What lets one submission in, once; nobody takes it after `expires_at`."""

    id: UUID
    expires_at: dt.datetime


class Work:
    """Asks for work and checks it, under secrets made of these keys, of which the last signs and all are read."""

    def __init__(self, keys: list[str]) -> None:
        self._secrets = [hmac.digest(key.encode(), b"undersigned proof", hashlib.sha256) for key in keys]

    def asked(self, slug: str, network_key: UUID | None, level: int, now_s: float) -> ProofNeeded:
        """What to raise where work of this level, from 1 on, is to be proven first."""
        most = TRIES * 2 ** (level - 1)
        challenge = create_challenge(
            ALGORITHM,
            ITERATIONS,
            counter=most // 2 + secrets.randbelow(most // 2),
            data={"statement": slug, "until": int(now_s) + TTL_S},
            hmac_secret=self._secrets[-1],
            hmac_key_secret=self._secrets[-1],
        )
        return ProofNeeded(challenge.to_dict())

    def read(self, slug: str, network_key: UUID | None, given: str, now_s: float) -> Pass | None:
        """The pass that a solution is, or None if it is no solution of a challenge of ours for this statement, or too old.

        A level is asked for once, when the challenge is made: whoever solves it is let in, even if the burst grew since.
        """
        if not any(verify_solution(given, secret, hmac_key_secret=secret).verified for secret in self._secrets[::-1]):
            return None
        parameters = Payload.from_base64(given).challenge.parameters
        told: dict[str, Any] = parameters.data or {}
        # Not the format's own `expiresAt`, which the library holds against this machine's clock.
        if told["statement"] != slug or told["until"] < now_s:
            return None
        return Pass(UUID(hex=parameters.nonce), dt.datetime.fromtimestamp(told["until"], dt.UTC))
