"""The lines of the public log, byte for byte: independent verifiers read them."""

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from undersigned.identity.endorsers import Kind
from undersigned.log import entries

ORIGIN = "sign.example.org/log/example"
SHA256 = hashlib.sha256(b"the text").digest()
SALT = bytes(range(32))


def committed(
    origin: str = ORIGIN,
    sha256: bytes = SHA256,
    kind: Kind = "individual",
    identity: str = "mailbox:a",
    salt: bytes = SALT,
) -> bytes:
    return entries.commitment(origin=origin, statement_sha256=sha256, kind=kind, identity=identity, salt=salt)


def test_an_entry_says_exactly_this() -> None:
    assert entries.open_(SHA256) == f"undersigned/v1 open\nstatement sha256:{SHA256.hex()}\n"
    assert entries.add("individual", bytes(32)) == f"undersigned/v1 add individual\n{'A' * 43}=\n"
    assert entries.add("organisation", b"\xff" * 32) == f"undersigned/v1 add organisation\n{'/' * 42}8=\n"
    assert entries.sub(7, "withdrawn") == "undersigned/v1 sub 7 withdrawn\n"
    assert entries.sum_(12, 3) == "undersigned/v1 sum 12 3\n"


def test_a_commitment_is_opened_by_its_salt_and_claim() -> None:
    claim = b"sign.example.org/log/example\n" + SHA256.hex().encode() + b"\norganisation\ndomain:readers.org.uk\n"
    opened = hashlib.sha256(b"undersigned/v1 commitment\n" + SALT + hashlib.sha256(claim).digest()).digest()
    assert committed(kind="organisation", identity="domain:readers.org.uk") == opened


@pytest.mark.parametrize(
    "other",
    [
        committed(origin="sign.example.org/log/example/1"),
        committed(sha256=hashlib.sha256(b"another text").digest()),
        committed(kind="organisation"),
        committed(identity="mailbox:b"),
        committed(salt=bytes(32)),
    ],
    ids=["origin", "statement", "kind", "identity", "salt"],
)
def test_a_commitment_changes_with_every_input(other: bytes) -> None:
    assert other != committed()


@given(st.binary(min_size=32, max_size=32), st.sampled_from(["individual", "organisation"]))
def test_an_add_is_two_lines_of_ascii_that_hold_the_commitment(commitment: bytes, kind: Kind) -> None:
    entry = entries.add(kind, commitment)
    assert entry.isascii()
    head, body, rest = entry.split("\n")
    assert (head, base64.b64decode(body, validate=True), rest) == (f"undersigned/v1 add {kind}", commitment, "")
