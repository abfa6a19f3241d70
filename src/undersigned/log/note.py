"""Signed notes (C2SP signed-note) and the checkpoints they carry (C2SP tlog-checkpoint): the log's signed heads."""

import base64
import hashlib
import re
from collections.abc import Iterable

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

ED25519 = b"\x01"
# Sixteen post-quantum cosignatures fit: up to nearly 5 kB each, the specification says.
NOTE_LENGTH_MAX = 256 * 1024
SIGNATURES_MAX = 100


class NoteInvalid(ValueError):
    """The note is not what it should be: its form, or its signatures."""


class VerifierKey(msgspec.Struct, frozen=True):
    """An Ed25519 public key (32 bytes) and the name it signs under, which for a log is its origin."""

    name: str
    public: bytes

    @property
    def id(self) -> bytes:
        """The four bytes that a signature line names its key by."""
        return hashlib.sha256(self.name.encode() + b"\n" + ED25519 + self.public).digest()[:4]

    @property
    def vkey(self) -> str:
        """The key as text: `<name>+<id in hex>+<base64 of its type and bytes>`."""
        return f"{self.name}+{self.id.hex()}+{encode_base64(ED25519 + self.public)}"


class Signature(msgspec.Struct, frozen=True):
    """One signature line: the key's name, its id (4 bytes), and the signature as that key's algorithm has it."""

    name: str
    key_id: bytes
    signature: bytes


class Note(msgspec.Struct, frozen=True):
    """A note taken apart. `text` ends in a newline and means nothing before a signature was verified."""

    text: str
    signatures: tuple[Signature, ...]


class Checkpoint(msgspec.Struct, frozen=True):
    """A log's head: its origin, how many entries it has, and the root over them (32 bytes)."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        return f"{self.origin}\n{self.size}\n{encode_base64(self.root)}\n"


def derive_key(seed: str, origin: str) -> Ed25519PrivateKey:
    """The signing key of a log: HKDF-SHA256 (RFC 5869) of the installation's seed, with the origin as info."""
    return Ed25519PrivateKey.from_private_bytes(
        HKDF(SHA256(), 32, salt=None, info=origin.encode()).derive(seed.encode())
    )


def verifier_key(name: str, private: Ed25519PrivateKey) -> VerifierKey:
    """The public half of a key. Raises NoteInvalid if no key can have that name."""
    if not is_name(name):
        raise NoteInvalid("A key's name has no spaces and no plus sign.")
    return VerifierKey(name, private.public_key().public_bytes_raw())


def parse_vkey(text: str) -> VerifierKey:
    """The key that a vkey names. Raises NoteInvalid unless it is an Ed25519 one and its id fits."""
    name, _, rest = text.partition("+")
    encoded = decode_base64(rest.partition("+")[2])
    key = VerifierKey(name, encoded[1:])
    if not (is_name(name) and len(encoded) == 33 and encoded[:1] == ED25519 and key.vkey == text):
        raise NoteInvalid("That is not the vkey of an Ed25519 key.")
    return key


def sign(text: str, name: str, private: Ed25519PrivateKey) -> str:
    """The note of a text, with one signature line; more may follow it. Raises NoteInvalid if the text can't be signed."""
    key = verifier_key(name, private)
    note = f"{text}\n— {name} {encode_base64(key.id + private.sign(text.encode()))}\n"
    if parse(note).text != text:
        raise NoteInvalid("The text doesn't end in one newline.")
    return note


def parse(note: str) -> Note:
    """A note taken apart, nothing verified yet. Raises NoteInvalid."""
    text, blank, lines = note.rpartition("\n\n")
    if (
        len(note) > NOTE_LENGTH_MAX
        or not (text and blank and lines.endswith("\n"))
        or re.search(r"[\0-\x09\x0b-\x1f]", note)
    ):
        raise NoteInvalid("That is not a signed note.")
    return Note(text + "\n", tuple(map(_parse_signature, lines[:-1].split("\n", SIGNATURES_MAX - 1))))


def verify(note: str, keys: Iterable[VerifierKey]) -> str:
    """The text of a note that at least one of the keys signed. Lines of other keys are ignored, as the format wants.

    Raises NoteInvalid if none of the keys signed, or a line claims to be of one of them and isn't.
    """
    parsed = parse(note)
    known = {(key.name, key.id): key for key in keys}
    ours = [line for line in parsed.signatures if (line.name, line.key_id) in known]
    if not ours:
        raise NoteInvalid("The note carries no signature of a known key.")
    for line in ours:
        try:
            public = Ed25519PublicKey.from_public_bytes(known[line.name, line.key_id].public)
            public.verify(line.signature, parsed.text.encode())
        except (InvalidSignature, ValueError):
            raise NoteInvalid(f"A signature of {line.name} is wrong.") from None
    return parsed.text


def parse_checkpoint(text: str) -> Checkpoint:
    """The checkpoint that a note's text is. Lines after the third are extensions, which this log never writes.

    Raises NoteInvalid.
    """
    match = re.fullmatch(r"([^\n]+)\n(0|[1-9][0-9]{0,18})\n([^\n]+)\n(?:[^\n]+\n)*", text)
    root = decode_base64(match[3]) if match else b""
    if not match or len(root) != 32:
        raise NoteInvalid("That is not a checkpoint.")
    return Checkpoint(match[1], int(match[2]), root)


def encode_base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def decode_base64(text: str) -> bytes:
    """The bytes behind base64 (RFC 4648, section 4). Raises NoteInvalid unless it is exactly what `encode_base64` writes."""
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        data = b""
    if not data or encode_base64(data) != text:
        raise NoteInvalid("That is not base64.")
    return data


def _parse_signature(line: str) -> Signature:
    dash, _, rest = line.partition(" ")
    name, _, encoded = rest.partition(" ")
    blob = decode_base64(encoded)
    if dash != "—" or not is_name(name) or len(blob) < 5:
        raise NoteInvalid("A signature line is malformed.")
    return Signature(name, blob[:4], blob[4:])


def is_name(name: str) -> bool:
    """Whether a key may have this name (signed-note)."""
    return bool(name) and "+" not in name and not any(char.isspace() or char < " " for char in name)
