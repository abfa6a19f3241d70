"""The links we mail, turns, and the question that `doctor` asks: signed, for one purpose each, with nothing in them but keys.

A short link holds, in this order:

    1 byte    the number of the language that it was mailed in
    2 bytes   the hour in which it was made, modulo 2^16, if its time ends (`confirm`, `manage`, `succeed`)
    8 bytes   the beginnings of the keys of its row: 6 of the endorsement's id, 2 of what else names the row
    4 bytes   a check of all this, so that what was cut off or made up is told from what is gone, without the database
    10 bytes  a seal, made of all this, the whole hour and the row's whole keys

Whoever makes a link up has 14 bytes to guess; whoever stole the keys, but not the database, still the seal's 10, because it
is made of random bytes that only a row has. A link to stop mail has no row: it holds 12 bytes of the mailbox's key, and a
check of 12.
"""

import base64
import functools
import hashlib
import ipaddress
import time
from typing import Literal, get_args
from uuid import UUID

import msgspec
from itsdangerous import BadSignature, SignatureExpired, TimestampSigner
from itsdangerous import Signer as PlainSigner
from itsdangerous.encoding import base64_decode, base64_encode

from undersigned.errors import LinkExpired, LinkInvalid
from undersigned.identity import shortening
from undersigned.identity.shortening import START_BYTES, TIE_BYTES, Cut, Located
from undersigned.words import languages

Purpose = Literal["confirm", "manage", "withdraw", "succeed", "stop", "probe", "turn"]
# What no mail holds need not be short.
LONG = ("probe", "turn")
CONFIRM_TTL_S = 7 * 24 * 3600
SUCCEED_TTL_S = 7 * 24 * 3600
MANAGE_TTL_S = 24 * 3600
PROBE_TTL_S = 60
HOUR_S = 3600
TTL_S: dict[str, int] = {"confirm": CONFIRM_TTL_S, "manage": MANAGE_TTL_S, "succeed": SUCCEED_TTL_S}
CHECK_BYTES, SEAL_BYTES = 4, 10
MAILBOX_BYTES, STOP_CHECK_BYTES = 12, 12
DATED_BYTES = 1 + 2 + START_BYTES + TIE_BYTES + CHECK_BYTES + SEAL_BYTES
UNDATED_BYTES = DATED_BYTES - 2
STOP_BYTES = 1 + MAILBOX_BYTES + STOP_CHECK_BYTES


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
    taken_as: bytes = b""

    @property
    def bound(self) -> bytes:
        """What the successor's links are bound to once the offer, whose id is then gone, was taken up."""
        return self.taken_as or hashlib.sha256(self.offer_id.bytes).digest()


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


def language_of(token: str) -> str | None:
    """The language that a short link was mailed in, whoever wrote the link; None if that can't be told."""
    for size in (DATED_BYTES, UNDATED_BYTES):
        try:
            return languages.numbered(shortening.read(token, size)[0])
        except ValueError:
            continue
    return None


class Signer:
    """Signs and reads links with the newest of `keys`, the last; the older ones are still read.

    HMAC-SHA256 by itsdangerous, with one salt for each purpose, so that no link serves another purpose. Reading a short link
    gives where its row lies, and `opens` says whether a row is the one; the long links of before are read whole.
    """

    def __init__(self, keys: list[str]) -> None:
        def signers(purpose: str) -> tuple[PlainSigner, PlainSigner]:
            check = STOP_CHECK_BYTES if purpose == "stop" else CHECK_BYTES
            made = functools.partial(PlainSigner, keys, key_derivation="hmac", digest_method=hashlib.sha256)
            return (
                made(salt=f"undersigned {purpose}, check", algorithm=Cut(hashlib.sha256, check)),
                made(salt=f"undersigned {purpose}, seal", algorithm=Cut(hashlib.sha256, SEAL_BYTES)),
            )

        self._short = {purpose: signers(purpose) for purpose in get_args(Purpose) if purpose not in LONG}
        self._long = {
            purpose: TimestampSigner(
                keys, salt=f"undersigned {purpose}", key_derivation="hmac", digest_method=hashlib.sha256, sep="."
            )
            for purpose in get_args(Purpose)
        }

    def confirm(self, link: ConfirmLink) -> str:
        return self._sealed("confirm", link.endorsement_id, link.submission_id.bytes)

    def read_confirm(self, token: str, *, expired_too: bool = False) -> ConfirmLink | Located:
        """The link behind a token. Raises LinkInvalid, or LinkExpired after 7 days unless `expired_too`."""
        if _is_short(token):
            return self._located("confirm", token, expired_too=expired_too)
        payload = self._read("confirm", token, 32, None if expired_too else CONFIRM_TTL_S)
        return ConfirmLink(UUID(bytes=payload[:16]), UUID(bytes=payload[16:]))

    def withdraw(self, link: OwnerLink) -> str:
        return self._sealed("withdraw", link.endorsement_id, link.bound)

    def read_withdraw(self, token: str) -> OwnerLink | Located:
        """The link behind a token, which never expires. Raises LinkInvalid."""
        if _is_short(token):
            return self._located("withdraw", token)
        payload = self._read("withdraw", token, 48, None)
        return OwnerLink(UUID(bytes=payload[:16]), payload[16:])

    def manage(self, link: OwnerLink) -> str:
        return self._sealed("manage", link.endorsement_id, link.bound)

    def read_manage(self, token: str) -> OwnerLink | Located:
        """The link behind a token. Raises LinkInvalid, or LinkExpired after a day."""
        if _is_short(token):
            return self._located("manage", token)
        payload = self._read("manage", token, 48, MANAGE_TTL_S)
        return OwnerLink(UUID(bytes=payload[:16]), payload[16:])

    def succeed(self, link: SuccessorLink) -> str:
        return self._sealed("succeed", link.endorsement_id, link.bound)

    def read_succeed(self, token: str) -> SuccessorLink | Located:
        """The link behind a token. Raises LinkInvalid, or LinkExpired after 7 days."""
        if _is_short(token):
            return self._located("succeed", token)
        payload = self._read("succeed", token, 32, SUCCEED_TTL_S)
        return SuccessorLink(UUID(bytes=payload[:16]), UUID(bytes=payload[16:]))

    def opens(self, purpose: Purpose, located: Located, endorsement_id: UUID, tie: bytes) -> bool:
        """Whether the link was made for the row with these keys: `tie` is the claim's id, or what owners' links are bound to."""
        sealed = located.sealed + endorsement_id.bytes + tie
        return self._short[purpose][1].verify_signature(sealed, base64_encode(located.seal))

    def stop(self, mailbox_id: UUID) -> str:
        said = bytes([languages.number_of()]) + mailbox_id.bytes[:MAILBOX_BYTES]
        return shortening.written(said + _signature(self._short["stop"][0], said))

    def read_stop(self, token: str) -> bytes:
        """How the key of the mailbox behind a token, which never expires, begins: 12 bytes. Raises LinkInvalid."""
        if not _is_short(token):
            return self._read("stop", token, 16, None)[:MAILBOX_BYTES]
        given = _bytes_of(token, STOP_BYTES)
        said, check = given[: 1 + MAILBOX_BYTES], given[1 + MAILBOX_BYTES :]
        if not self._short["stop"][0].verify_signature(said, base64_encode(check)):
            raise LinkInvalid
        return said[1:]

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
        return self._long[purpose].sign(base64.urlsafe_b64encode(payload).rstrip(b"=")).decode()

    def _sealed(self, purpose: Purpose, endorsement_id: UUID, tie: bytes) -> str:
        """A short link to a row with these keys."""
        hour = int(time.time()) // HOUR_S if purpose in TTL_S else None
        said = bytes([languages.number_of()])
        said += b"" if hour is None else (hour % 2**16).to_bytes(2, "big")
        said += endorsement_id.bytes[:START_BYTES] + tie[:TIE_BYTES]
        check, seal = self._short[purpose]
        sealed = said + _hour_in_full(hour)
        said += _signature(check, sealed)
        return shortening.written(said + _signature(seal, sealed + endorsement_id.bytes + tie))

    def _located(self, purpose: Purpose, token: str, *, expired_too: bool = False) -> Located:
        """Where a short link leads. Raises LinkInvalid or LinkExpired."""
        ttl_s = TTL_S.get(purpose)
        given = _bytes_of(token, UNDATED_BYTES if ttl_s is None else DATED_BYTES)
        said, signed = given[: -CHECK_BYTES - SEAL_BYTES], given[-CHECK_BYTES - SEAL_BYTES :]
        hour = None if ttl_s is None else _latest_hour(int.from_bytes(said[1:3], "big"))
        sealed = said + _hour_in_full(hour)
        if not self._short[purpose][0].verify_signature(sealed, base64_encode(signed[:CHECK_BYTES])):
            raise LinkInvalid
        if ttl_s is not None and hour is not None and not expired_too and time.time() > (hour + 1) * HOUR_S + ttl_s:
            raise LinkExpired
        start, tie = said[-START_BYTES - TIE_BYTES : -TIE_BYTES], said[-TIE_BYTES:]
        return Located(start, tie, sealed, signed[CHECK_BYTES:])

    def _read(self, purpose: Purpose, token: str, size: int, ttl_s: int | None) -> bytes:
        try:
            encoded = self._long[purpose].unsign(token, max_age=ttl_s)
            payload = base64.urlsafe_b64decode(encoded + b"=" * (-len(encoded) % 4))
        except SignatureExpired:
            raise LinkExpired from None
        except (BadSignature, ValueError):
            raise LinkInvalid from None
        if len(payload) != size:
            raise LinkInvalid
        return payload


def _is_short(token: str) -> bool:
    """Whether it is no link of before version 0.1, which has full stops."""
    return "." not in token


def _bytes_of(token: str, size: int) -> bytes:
    try:
        return shortening.read(token, size)
    except ValueError:
        raise LinkInvalid from None


def _signature(signer: PlainSigner, value: bytes) -> bytes:
    return base64_decode(signer.get_signature(value))


def _latest_hour(remainder: int) -> int:
    """The latest hour, up to the next, with this remainder: clocks differ a little, and a link of 7 years ago is no link."""
    soon = int(time.time()) // HOUR_S + 1
    return soon - (soon - remainder) % 2**16


def _hour_in_full(hour: int | None) -> bytes:
    return b"" if hour is None else hour.to_bytes(8, "big")
