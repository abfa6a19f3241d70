"""The second signature of a checkpoint, which also holds against quantum computers: ML-DSA-44 (FIPS 204), in the form of C2SP
tlog-cosignature. C2SP tlog-checkpoint has recommended it to logs since April 2026.

It stands beside the Ed25519 one, which every public log has to have. Verifiers that don't know it pass over its line. Its time
stamp is 0, which says nothing about time: so no receipt tells when it was signed.
"""

import hashlib

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from undersigned.log import note
from undersigned.log.note import Checkpoint, NoteInvalid

ML_DSA_44 = b"\x06"
PUBLIC_BYTES, SIGNATURE_BYTES, TIME_BYTES = 1312, 2420, 8
LABEL = b"subtree/v1\n\0"


class CosignerKey(msgspec.Struct, frozen=True):
    """An ML-DSA-44 public key (1,312 bytes) and the name it signs under, which for a log is its origin."""

    name: str
    public: bytes

    @property
    def id(self) -> bytes:
        """The four bytes that a signature line names its key by."""
        return hashlib.sha256(self.name.encode() + b"\n" + ML_DSA_44 + self.public).digest()[:4]

    @property
    def vkey(self) -> str:
        """The key as text: `<name>+<id in hex>+<base64 of its type and bytes>`."""
        return f"{self.name}+{self.id.hex()}+{note.encode_base64(ML_DSA_44 + self.public)}"


def derive_key(seed: str, origin: str) -> MLDSA44PrivateKey:
    """The second signing key of a log: HKDF-SHA256 (RFC 5869) of the installation's seed; its info can be no origin."""
    info = f"{origin}\nml-dsa-44".encode()
    return MLDSA44PrivateKey.from_seed_bytes(HKDF(SHA256(), 32, salt=None, info=info).derive(seed.encode()))


def cosigner_key(name: str, private: MLDSA44PrivateKey) -> CosignerKey:
    """The public half of a key."""
    return CosignerKey(name, private.public_key().public_bytes_raw())


def parse_vkey(text: str) -> CosignerKey:
    """The key that a vkey names. Raises NoteInvalid unless it is an ML-DSA-44 one and its id fits."""
    name, _, rest = text.partition("+")
    encoded = note.decode_base64(rest.partition("+")[2])
    key = CosignerKey(name, encoded[1:])
    if not (note.is_name(name) and len(encoded) == 1 + PUBLIC_BYTES and encoded[:1] == ML_DSA_44 and key.vkey == text):
        raise NoteInvalid("That is not the vkey of an ML-DSA-44 key.")
    return key


def cosign(signed: str, private: MLDSA44PrivateKey) -> str:
    """A log's signed checkpoint with a second line of its own. Raises NoteInvalid."""
    checkpoint = note.parse_checkpoint(note.parse(signed).text)
    key = cosigner_key(checkpoint.origin, private)
    stamped = bytes(TIME_BYTES) + private.sign(_message(key.name, 0, checkpoint))
    return f"{signed}— {key.name} {note.encode_base64(key.id + stamped)}\n"


def verify(signed: str, key: CosignerKey) -> Checkpoint:
    """The checkpoint that a key cosigned. Raises NoteInvalid if it didn't, or if one of several lines of that key is wrong."""
    parsed = note.parse(signed)
    checkpoint = note.parse_checkpoint(parsed.text)
    lines = [line.signature for line in parsed.signatures if (line.name, line.key_id) == (key.name, key.id)]
    if not lines:
        raise NoteInvalid(f"The checkpoint carries no ML-DSA-44 signature of {key.name}.")
    for line in lines:
        verify_line(checkpoint, line, key)
    return checkpoint


def verify_line(checkpoint: Checkpoint, stamped: bytes, key: CosignerKey) -> None:
    """Checks one signature of a key, its time stamp before it. Raises NoteInvalid."""
    if len(stamped) != TIME_BYTES + SIGNATURE_BYTES:
        raise NoteInvalid(f"An ML-DSA-44 signature of {key.name} has the wrong length.")
    message = _message(key.name, int.from_bytes(stamped[:TIME_BYTES], "big"), checkpoint)
    try:
        MLDSA44PublicKey.from_public_bytes(key.public).verify(stamped[TIME_BYTES:], message)
    except (InvalidSignature, ValueError):
        raise NoteInvalid(f"The ML-DSA-44 signature of {key.name} is wrong.") from None


def check_second(given: str | None, published: str, signed: str) -> str:
    """What `undersigned verify` says of a checkpoint's second signature: by the vkey given, or by those that a log publishes, one
    a line, as far as they are ML-DSA-44. Raises NoteInvalid if there is such a key and it didn't sign.
    """
    lines = published.splitlines()
    named = (
        [given] if given else [line for line in lines if note.decode_base64(line.split("+", 2)[-1])[:1] == ML_DSA_44]
    )
    if not named:
        return "none: this log signs with Ed25519 alone"
    keys = [parse_vkey(line) for line in named]
    for key in keys:
        if verify(signed, key).origin != key.name:
            raise NoteInvalid(f"The ML-DSA-44 key is of {key.name}, the checkpoint of another log.")
    return f"ML-DSA-44, right: {', '.join(f'{key.name}+{key.id.hex()}' for key in keys)}"


def _message(name: str, time: int, checkpoint: Checkpoint) -> bytes:
    """What is signed: `cosigned_message`, over all entries from the first on."""
    named, origin = name.encode(), checkpoint.origin.encode()
    if max(len(named), len(origin)) > 255:
        raise NoteInvalid("The name of a cosigner and of its log have up to 255 bytes.")
    spans = time.to_bytes(8, "big"), (0).to_bytes(8, "big"), checkpoint.size.to_bytes(8, "big")
    return b"".join(
        (LABEL, bytes([len(named)]), named, spans[0], bytes([len(origin)]), origin, spans[1], spans[2], checkpoint.root)
    )
