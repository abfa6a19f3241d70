"""Cosignatures of witnesses (C2SP tlog-cosignature): strangers who saw a log grow, and only grow, say so and when.

A witness's key is Ed25519 (`cosignature/v1`) or ML-DSA-44.
"""

import hashlib

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from undersigned.log import cosignatures, note
from undersigned.log.cosignatures import CosignerKey
from undersigned.log.note import NoteInvalid, Signature

COSIGNATURE_V1 = b"\x04"
TIME_MAX = 2**63 - 1


class Ed25519Witness(msgspec.Struct, frozen=True):
    """The Ed25519 public key (32 bytes) of a witness, and its name."""

    name: str
    public: bytes

    @property
    def id(self) -> bytes:
        """The four bytes that a signature line names its key by."""
        return hashlib.sha256(self.name.encode() + b"\n" + COSIGNATURE_V1 + self.public).digest()[:4]

    @property
    def vkey(self) -> str:
        """The key as text: `<name>+<id in hex>+<base64 of its type and bytes>`."""
        return f"{self.name}+{self.id.hex()}+{note.encode_base64(COSIGNATURE_V1 + self.public)}"


WitnessKey = Ed25519Witness | CosignerKey


def parse_vkey(text: str) -> WitnessKey:
    """The key of a witness that a vkey names. Raises NoteInvalid unless it is an Ed25519 cosigner's or an ML-DSA-44 one."""
    name, _, rest = text.partition("+")
    encoded = note.decode_base64(rest.partition("+")[2])
    if encoded[:1] == cosignatures.ML_DSA_44:
        return cosignatures.parse_vkey(text)
    key = Ed25519Witness(name, encoded[1:])
    if not (note.is_name(name) and len(encoded) == 33 and encoded[:1] == COSIGNATURE_V1 and key.vkey == text):
        raise NoteInvalid("That is not the vkey of a witness.")
    return key


def cosign(signed: str, name: str, private: Ed25519PrivateKey, time: int) -> str:
    """The line, with its newline, in which a witness says when it saw a checkpoint, in seconds since 1970. Raises NoteInvalid."""
    key = Ed25519Witness(name, private.public_key().public_bytes_raw())
    signature = private.sign(_message(note.parse(signed).text, time))
    return f"— {name} {note.encode_base64(key.id + time.to_bytes(8, 'big') + signature)}\n"


def verify(text: str, line: Signature, key: WitnessKey) -> int:
    """When a witness saw the checkpoint of this text, in seconds since 1970, by one line behind it. Raises NoteInvalid."""
    time = int.from_bytes(line.signature[:8], "big")
    if (line.name, line.key_id) != (key.name, key.id) or not 0 < time <= TIME_MAX:
        raise NoteInvalid(f"A line is not a cosignature of {key.name}, or tells no time.")
    if isinstance(key, CosignerKey):
        cosignatures.verify_line(note.parse_checkpoint(text), line.signature, key)
        return time
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(line.signature[8:], _message(text, time))
    except (InvalidSignature, ValueError):
        raise NoteInvalid(f"The cosignature of {key.name} is wrong.") from None
    return time


def _message(text: str, time: int) -> bytes:
    return f"cosignature/v1\ntime {time}\n{text}".encode()
