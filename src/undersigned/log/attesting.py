"""This installation as a witness of other people's logs (C2SP tlog-witness): it cosigns a head that it saw grow out of the last
one, and nothing else, whoever asks.

It answers each request in the order of the specification. What it cosigned is stored first, by compare-and-swap, so that of two
requests at one head only one gets an answer.
"""

import datetime as dt
import re
import time
from http import HTTPStatus
from urllib.parse import urlsplit

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from undersigned.database.connection import Database
from undersigned.database.queries.witnesses import Watched
from undersigned.errors import Refused
from undersigned.log import merkle, note, witnesses
from undersigned.log.merkle import ProofInvalid
from undersigned.log.note import Checkpoint, NoteInvalid
from undersigned.log.witnesses import Ed25519Witness

PROOF_LENGTH_MAX = 63
REQUEST = re.compile(r"old (0|[1-9][0-9]{0,18})\n((?:[^\n]+\n)*)\n(.+)", re.DOTALL)


class Declined(Exception):
    """Why nothing is cosigned, as the status that the specification wants; `size` is where to go on from, where that helps."""

    def __init__(self, status: HTTPStatus, why: str, size: int | None = None) -> None:
        super().__init__(why)
        self.status = status
        self.size = size


class Attester(msgspec.Struct, frozen=True):
    """What cosigns: the seed that the key is derived from, and the name that it signs under."""

    seed: str
    name: str

    @property
    def private(self) -> Ed25519PrivateKey:
        """HKDF-SHA256 (RFC 5869) of the installation's seed; its info can be no log's origin."""
        derived = HKDF(SHA256(), 32, salt=None, info=f"{self.name}\nwitness".encode()).derive(self.seed.encode())
        return Ed25519PrivateKey.from_private_bytes(derived)

    @property
    def vkey(self) -> str:
        """The key that this witness is known by, as text."""
        return Ed25519Witness(self.name, self.private.public_key().public_bytes_raw()).vkey


class _Request(msgspec.Struct, frozen=True):
    old: int
    proof: list[bytes]
    signed: str
    checkpoint: Checkpoint


def attester(seed: str, base_url: str) -> Attester:
    """The witness that the installation at this address is."""
    return Attester(seed, f"{urlsplit(base_url).netloc}/witness")


async def watch(db: Database, vkey: str) -> str:
    """Takes in a log by its key, and returns its origin. Raises Refused."""
    try:
        key = note.parse_vkey(vkey)
    except NoteInvalid as error:
        raise Refused(f"{error} A log says its own at /log/<statement>/key.") from None
    if await db.maybe(db.q.witnesses.watch, key.name, vkey) is None:
        raise Refused(f"{key.name} is known already; `undersigned witness remove` forgets it, and how far it was seen.")
    return key.name


async def unwatch(db: Database, origin: str) -> None:
    """Forgets a log. Raises Refused if it isn't known."""
    if await db.maybe(db.q.witnesses.unwatch, origin) is None:
        raise Refused(f"This installation is no witness of {origin}: `undersigned witness list` lists the logs.")


async def watched(db: Database) -> list[Watched]:
    """The logs that this installation is a witness of."""
    return await db.many(db.q.witnesses.watched, None)


async def monitored(db: Database, origin_sha256: bytes) -> str | None:
    """The newest head of a log that was cosigned, with both signatures; None if there is none."""
    return await db.maybe(db.q.witnesses.monitored, origin_sha256)


async def add_checkpoint(db: Database, us: Attester, body: bytes) -> str:
    """The line that cosigns a head, once it is stored. Raises Declined."""
    asked = _parse(body)
    new = asked.checkpoint
    last = await db.maybe(db.q.witnesses.watched, new.origin)
    if last is None:
        raise Declined(HTTPStatus.NOT_FOUND, "This is no witness of that log.")
    signed = _signed_by(last.vkey, asked.signed)
    if asked.old > new.size:
        raise Declined(HTTPStatus.BAD_REQUEST, "The old size is more than the new one.")
    if asked.old != last.size:
        raise Declined(HTTPStatus.CONFLICT, "Another size was cosigned last.", last.size)
    try:
        if not new.size and new.root != merkle.EMPTY_ROOT:
            raise ProofInvalid("An empty log has one root.")
        merkle.check_consistency(asked.old, new.size, asked.proof, last.root or merkle.EMPTY_ROOT, new.root)
    except ProofInvalid as error:
        raise Declined(HTTPStatus.UNPROCESSABLE_ENTITY, str(error)) from None
    now = int(time.time())
    line = witnesses.cosign(signed, us.name, us.private, now)
    cosigned_at = dt.datetime.fromtimestamp(now, dt.UTC)
    moved = await db.maybe(
        db.q.witnesses.advance, new.origin, last.size, last.root, new.size, new.root, signed + line, cosigned_at
    )
    if moved is None:
        later = await db.maybe(db.q.witnesses.watched, new.origin)
        raise Declined(HTTPStatus.CONFLICT, "Another head was cosigned meanwhile.", later.size if later else 0)
    return line


def _parse(body: bytes) -> _Request:
    try:
        match = REQUEST.fullmatch(body.decode())
        if match is None or match[2].count("\n") > PROOF_LENGTH_MAX:
            raise NoteInvalid("That is not a request to a witness.")
        proof = [note.decode_base64(line) for line in match[2].split("\n")[:-1]]
        if any(len(node) != merkle.HASH_BYTES for node in proof):
            raise NoteInvalid("A hash of the proof has the wrong length.")
        return _Request(int(match[1]), proof, match[3], note.parse_checkpoint(note.parse(match[3]).text))
    except ValueError as error:
        raise Declined(HTTPStatus.BAD_REQUEST, str(error)) from None


def _signed_by(vkey: str, signed: str) -> str:
    """The note with the line of this key alone. Raises Declined."""
    key = note.parse_vkey(vkey)
    try:
        text = note.verify(signed, [key])
    except NoteInvalid as error:
        raise Declined(HTTPStatus.FORBIDDEN, str(error)) from None
    ours = next(line for line in note.parse(signed).signatures if (line.name, line.key_id) == (key.name, key.id))
    return f"{text}\n— {key.name} {note.encode_base64(key.id + ours.signature)}\n"
