"""Receipts: what an endorser keeps, as a C2SP tlog-proof. It proves offline, for ever, that the log holds their entry.

Its `extra` line carries what opens the entry, base64 of these UTF-8 lines:

    undersigned/v1 opening
    <base64 of the 32-byte salt>
    <origin of the log>
    <SHA-256 of the statement, in hex>
    <individual or organisation>
    <identity>

The last four are the claim, byte for byte as `entries.commitment` hashes it. So whoever has the file computes the
commitment, with it the `add` entry and its leaf hash, and with the proof's hashes the root that the checkpoint signs.
"""

import re
from collections.abc import Iterable, Sequence
from typing import cast

import msgspec

from undersigned.identity.endorsers import Kind
from undersigned.log import entries, merkle, note

HEADER = "c2sp.org/tlog-proof@v1"
RECEIPT_LENGTH_MAX = note.NOTE_LENGTH_MAX + 16 * 1024
PROOF_LENGTH_MAX = 64


class ReceiptInvalid(ValueError):
    """The receipt is malformed, or it doesn't prove what it says."""


class Opening(msgspec.Struct, frozen=True):
    """What opens an entry: the claim, and the salt (32 bytes) without which nobody can tell whose entry it is."""

    origin: str
    statement_sha256: bytes
    kind: Kind
    identity: str
    salt: bytes

    @property
    def entry(self) -> bytes:
        """The `add` entry that this opens."""
        committed = entries.commitment(
            origin=self.origin,
            statement_sha256=self.statement_sha256,
            kind=self.kind,
            identity=self.identity,
            salt=self.salt,
        )
        return entries.add(self.kind, committed).encode()

    @property
    def text(self) -> str:
        """The lines of the `extra` line."""
        claim = f"{self.origin}\n{self.statement_sha256.hex()}\n{self.kind}\n{self.identity}\n"
        return f"{entries.VERSION} opening\n{note.encode_base64(self.salt)}\n{claim}"


class Receipt(msgspec.Struct, frozen=True):
    """An entry's opening, its index, the hashes of its inclusion proof (32 bytes each) and the checkpoint, a signed note."""

    opening: Opening
    index: int
    proof: Sequence[bytes]
    checkpoint: str


def build(receipt: Receipt) -> str:
    """The `.tlog-proof` file of a receipt. Raises ReceiptInvalid if it couldn't be read back."""
    extra = note.encode_base64(receipt.opening.text.encode())
    hashes = "".join(note.encode_base64(node) + "\n" for node in receipt.proof)
    text = f"{HEADER}\nextra {extra}\nindex {receipt.index}\n{hashes}\n{receipt.checkpoint}"
    if parse(text) != msgspec.structs.replace(receipt, proof=tuple(receipt.proof)):
        raise ReceiptInvalid("That can't be written as a receipt.")
    return text


def parse(text: str) -> Receipt:
    """The receipt that a file is, nothing verified yet. Raises ReceiptInvalid."""
    head, _, checkpoint = text.partition("\n\n")
    match = re.fullmatch(rf"{re.escape(HEADER)}\nextra ([^\n]+)\nindex (0|[1-9][0-9]{{0,18}})((?:\n[^\n]+)*)", head)
    if len(text) > RECEIPT_LENGTH_MAX or not match or match[3].count("\n") > PROOF_LENGTH_MAX:
        raise ReceiptInvalid("That is not a receipt.")
    try:
        opening = _parse_opening(note.decode_base64(match[1]).decode())
        proof = tuple(map(note.decode_base64, match[3].split("\n")[1:]))
    except ValueError:
        raise ReceiptInvalid("A line of the receipt is malformed.") from None
    if any(len(node) != merkle.HASH_BYTES for node in proof):
        raise ReceiptInvalid("A hash of the receipt has the wrong length.")
    return Receipt(opening, int(match[2]), proof, checkpoint)


def check(receipt: Receipt, keys: Iterable[note.VerifierKey]) -> note.Checkpoint:
    """The checkpoint whose log holds the entry that the receipt opens. Raises ReceiptInvalid if anything doesn't fit."""
    try:
        checkpoint = note.parse_checkpoint(note.verify(receipt.checkpoint, keys))
        leaf = merkle.leaf_hash(receipt.opening.entry)
        merkle.check_inclusion(receipt.index, checkpoint.size, leaf, receipt.proof, checkpoint.root)
    except (note.NoteInvalid, merkle.ProofInvalid) as error:
        raise ReceiptInvalid(str(error)) from None
    if receipt.opening.origin != checkpoint.origin:
        raise ReceiptInvalid("The opening and the checkpoint are of different logs.")
    return checkpoint


def _parse_opening(text: str) -> Opening:
    match = re.fullmatch(
        rf"{entries.VERSION} opening\n([^\n]+)\n([^\n]+)\n([0-9a-f]{{64}})\n(individual|organisation)\n([^\n]+)\n", text
    )
    salt = note.decode_base64(match[1]) if match else b""
    if not match or len(salt) != 32:
        raise ReceiptInvalid("The opening is malformed.")
    return Opening(match[2], bytes.fromhex(match[3]), cast(Kind, match[4]), match[5], salt)
