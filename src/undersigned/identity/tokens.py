"""The links we mail, turns, and the question that `doctor` asks: signed, for one purpose each, with nothing in them but keys."""

import base64
import hashlib
import ipaddress
from typing import Literal, get_args
from uuid import UUID

import msgspec
from itsdangerous import BadSignature, SignatureExpired, TimestampSigner

from undersigned.errors import LinkExpired, LinkInvalid

Purpose = Literal["confirm", "manage", "withdraw", "succeed", "stop", "probe", "turn"]
CONFIRM_TTL_S = 7 * 24 * 3600
SUCCEED_TTL_S = 7 * 24 * 3600
MANAGE_TTL_S = 24 * 3600
PROBE_TTL_S = 60


class ConfirmLink(msgspec.Struct, frozen=True):
    """Confirms, renews or denies one submission."""

    endorsement_id: UUID
    submission_id: UUID


class OwnerLink(msgspec.Struct, frozen=True):
    """Manages or withdraws an endorsement for the signatory with this `bound`, and for none who comes later."""

    endorsement_id: UUID
    bound: bytes


class SuccessorLink(msgspec.Struct, frozen=True):
    """Accepts or declines one offer to speak for an organisation."""

    endorsement_id: UUID
    offer_id: UUID


class Probe(msgspec.Struct, frozen=True):
    """Asks a server as whom it sees the asker, who wrote `made_up` into X-Forwarded-For and calls from `asker`, as IPv6."""

    made_up: ipaddress.IPv4Address
    asker: ipaddress.IPv6Address


class Turn(msgspec.Struct, frozen=True):
    """Lets one submission of a network to a statement in, from `due_at_s` on, in seconds since 1970."""

    id: UUID
    statement_key: bytes
    network_key: UUID
    due_at_s: int


class Signer:
    """Signs and reads links with the newest of `keys`, the last; the older ones are still read.

    HMAC-SHA256 by itsdangerous, with one salt for each purpose, so that no link serves another purpose.
    """

    def __init__(self, keys: list[str]) -> None:
        self._signers = {
            purpose: TimestampSigner(
                keys, salt=f"undersigned {purpose}", key_derivation="hmac", digest_method=hashlib.sha256, sep="."
            )
            for purpose in get_args(Purpose)
        }

    def confirm(self, link: ConfirmLink) -> str:
        return self._sign("confirm", link.endorsement_id.bytes + link.submission_id.bytes)

    def read_confirm(self, token: str, *, expired_too: bool = False) -> ConfirmLink:
        """The link behind a token. Raises LinkInvalid, or LinkExpired after 7 days unless `expired_too`."""
        payload = self._read("confirm", token, 32, None if expired_too else CONFIRM_TTL_S)
        return ConfirmLink(UUID(bytes=payload[:16]), UUID(bytes=payload[16:]))

    def withdraw(self, link: OwnerLink) -> str:
        return self._sign("withdraw", link.endorsement_id.bytes + link.bound)

    def read_withdraw(self, token: str) -> OwnerLink:
        """The link behind a token, which never expires. Raises LinkInvalid."""
        payload = self._read("withdraw", token, 48, None)
        return OwnerLink(UUID(bytes=payload[:16]), payload[16:])

    def manage(self, link: OwnerLink) -> str:
        return self._sign("manage", link.endorsement_id.bytes + link.bound)

    def read_manage(self, token: str) -> OwnerLink:
        """The link behind a token. Raises LinkInvalid, or LinkExpired after a day."""
        payload = self._read("manage", token, 48, MANAGE_TTL_S)
        return OwnerLink(UUID(bytes=payload[:16]), payload[16:])

    def succeed(self, link: SuccessorLink) -> str:
        return self._sign("succeed", link.endorsement_id.bytes + link.offer_id.bytes)

    def read_succeed(self, token: str) -> SuccessorLink:
        """The link behind a token. Raises LinkInvalid, or LinkExpired after 7 days."""
        payload = self._read("succeed", token, 32, SUCCEED_TTL_S)
        return SuccessorLink(UUID(bytes=payload[:16]), UUID(bytes=payload[16:]))

    def stop(self, mailbox_id: UUID) -> str:
        return self._sign("stop", mailbox_id.bytes)

    def read_stop(self, token: str) -> UUID:
        """The mailbox behind a token, which never expires. Raises LinkInvalid."""
        return UUID(bytes=self._read("stop", token, 16, None))

    def probe(self, probe: Probe) -> str:
        return self._sign("probe", probe.made_up.packed + probe.asker.packed)

    def read_probe(self, token: str) -> Probe:
        """The question behind a token. Raises LinkInvalid, or LinkExpired after a minute."""
        payload = self._read("probe", token, 20, PROBE_TTL_S)
        return Probe(ipaddress.IPv4Address(payload[:4]), ipaddress.IPv6Address(payload[4:]))

    def turn(self, turn: Turn) -> str:
        due_at = turn.due_at_s.to_bytes(8, "big")
        return self._sign("turn", turn.id.bytes + turn.statement_key + turn.network_key.bytes + due_at)

    def read_turn(self, token: str) -> Turn:
        """The turn behind a token, however old. Raises LinkInvalid."""
        payload = self._read("turn", token, 56, None)
        return Turn(
            UUID(bytes=payload[:16]), payload[16:32], UUID(bytes=payload[32:48]), int.from_bytes(payload[48:], "big")
        )

    def _sign(self, purpose: Purpose, payload: bytes) -> str:
        return self._signers[purpose].sign(base64.urlsafe_b64encode(payload).rstrip(b"=")).decode()

    def _read(self, purpose: Purpose, token: str, size: int, ttl_s: int | None) -> bytes:
        try:
            encoded = self._signers[purpose].unsign(token, max_age=ttl_s)
            payload = base64.urlsafe_b64decode(encoded + b"=" * (-len(encoded) % 4))
        except SignatureExpired:
            raise LinkExpired from None
        except (BadSignature, ValueError):
            raise LinkInvalid from None
        if len(payload) != size:
            raise LinkInvalid
        return payload
