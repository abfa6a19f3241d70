"""Receipts: they prove an entry offline, both here and to the verifier, and nothing else passes for one."""

import random
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from undersigned.log import entries, merkle, note, receipts, verify
from undersigned.log.heads import Sealer
from undersigned.log.note import Checkpoint
from undersigned.log.receipts import Opening, Receipt, ReceiptInvalid

ORIGIN = "log.example/log/example"
SEED = "a long random secret of this installation"
PRIVATE = note.derive_key(SEED, ORIGIN)
KEY = note.verifier_key(ORIGIN, PRIVATE)
OPENING = Opening(ORIGIN, bytes(range(32)), "individual", "mailbox:someone@example.org", bytes(range(64, 96)))


def receipt_of(opening: Opening, index: int, size: int) -> Receipt:
    """The receipt of an entry in a log of `size` entries, whose others are anything."""
    leaves = [merkle.leaf_hash(b"%d" % at) for at in range(size)]
    leaves[index] = merkle.leaf_hash(opening.entry)
    tiles = merkle.append(0, leaves, {})
    checkpoint = note.sign(Checkpoint(ORIGIN, size, merkle.root(size, tiles)).text, ORIGIN, PRIVATE)
    return Receipt(opening, index, tuple(merkle.inclusion_proof(index, size, tiles)), checkpoint)


RECEIPT = receipt_of(OPENING, 37, 1000)
TEXT = receipts.build(RECEIPT)


def passes_the_verifier(text: str, path: Path, vkey: str = KEY.vkey) -> bool:
    path.write_text(text, encoding="utf-8")
    return verify.main(["receipt", str(path), "--key", vkey]) == 0


def test_a_receipt_has_the_form_of_a_tlog_proof() -> None:
    lines = TEXT.split("\n")
    assert lines[0] == "c2sp.org/tlog-proof@v1"
    assert lines[1].startswith("extra ")
    assert lines[2] == "index 37"
    assert lines[3:13] == [note.encode_base64(node) for node in RECEIPT.proof]
    assert "\n".join(lines[13:]) == "\n" + RECEIPT.checkpoint
    assert note.decode_base64(lines[1].removeprefix("extra ")).decode() == (
        f"undersigned/v1 opening\n{note.encode_base64(OPENING.salt)}\n"
        f"{ORIGIN}\n{OPENING.statement_sha256.hex()}\nindividual\nmailbox:someone@example.org\n"
    )


def test_a_receipt_is_about_five_kilobytes_even_in_a_log_of_a_million_and_most_of_it_is_its_second_signature() -> None:
    proof = [bytes(32)] * 20
    assert len(receipts.build(msgspec.structs.replace(RECEIPT, proof=proof))) < 1600
    checkpoint = Sealer(SEED, Path()).sign(note.parse_checkpoint(note.parse(RECEIPT.checkpoint).text))
    signed_twice = receipts.build(msgspec.structs.replace(RECEIPT, proof=proof, checkpoint=checkpoint))
    assert 4500 < len(signed_twice) < 5000
    twice = msgspec.structs.replace(RECEIPT, checkpoint=checkpoint)
    assert receipts.check(receipts.parse(receipts.build(twice)), [KEY]).size == 1000


def test_a_receipt_opens_the_entry_that_the_log_holds() -> None:
    committed = entries.commitment(
        origin=ORIGIN,
        statement_sha256=OPENING.statement_sha256,
        kind="individual",
        identity=OPENING.identity,
        salt=OPENING.salt,
    )
    assert OPENING.entry == entries.add("individual", committed).encode()
    assert receipts.check(receipts.parse(TEXT), [KEY]) == note.parse_checkpoint(note.parse(RECEIPT.checkpoint).text)


@pytest.mark.parametrize(("index", "size"), [(0, 1), (0, 2), (4, 5), (255, 256), (256, 257), (300, 700)])
def test_a_receipt_passes_wherever_its_entry_stands(index: int, size: int, tmp_path: Path) -> None:
    opening = Opening(ORIGIN, bytes(32), "organisation", "name:ընկերություն AM", bytes(32))
    text = receipts.build(receipt_of(opening, index, size))
    receipts.check(receipts.parse(text), [KEY])
    assert passes_the_verifier(text, tmp_path / "receipt.tlog-proof")


def test_the_verifier_says_what_a_receipt_proves(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert passes_the_verifier(TEXT, tmp_path / "receipt.tlog-proof")
    said = capsys.readouterr().out
    assert "individual mailbox:someone@example.org" in said
    assert "37 of 1,000" in said
    assert "What it doesn't" in said


def test_without_a_key_the_verifier_says_that_the_signature_was_not_checked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "receipt").write_text(TEXT)
    assert verify.main(["receipt", str(tmp_path / "receipt")]) == 1
    assert "NOT CHECKED" in capsys.readouterr().err


def test_a_receipt_of_another_log_or_key_doesnt_pass(tmp_path: Path) -> None:
    stranger = note.verifier_key(ORIGIN, note.derive_key("another long random secret, of another one", ORIGIN))
    elsewhere = receipt_of(msgspec.structs.replace(OPENING, origin="log.example/log/other"), 3, 9)
    with pytest.raises(ReceiptInvalid, match="no signature of a known key"):
        receipts.check(RECEIPT, [stranger])
    with pytest.raises(ReceiptInvalid, match="different logs"):
        receipts.check(elsewhere, [KEY])
    assert not passes_the_verifier(TEXT, tmp_path / "one", stranger.vkey)
    assert not passes_the_verifier(receipts.build(elsewhere), tmp_path / "two")


@pytest.mark.parametrize("identity", ["", "two\nlines"])
def test_a_receipt_that_couldnt_be_read_back_isnt_built(identity: str) -> None:
    with pytest.raises(ReceiptInvalid):
        receipts.build(msgspec.structs.replace(RECEIPT, opening=msgspec.structs.replace(OPENING, identity=identity)))


@given(st.integers(0, len(TEXT) - 1), st.characters(codec="utf-8"))
def test_a_receipt_with_any_character_changed_doesnt_pass(at: int, char: str) -> None:
    spoiled = TEXT[:at] + char + TEXT[at + 1 :]
    if spoiled != TEXT:
        with pytest.raises(ReceiptInvalid):
            receipts.check(receipts.parse(spoiled), [KEY])


@given(st.text())
def test_any_other_text_is_no_receipt(text: str) -> None:
    with pytest.raises(ReceiptInvalid):
        receipts.parse(text)


def test_the_verifier_rejects_spoiled_receipts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    chosen = random.Random(4648)
    path = tmp_path / "receipt.tlog-proof"
    for _ in range(400):
        at, length = chosen.randrange(len(TEXT)), chosen.choice([0, 1, 1, 1, 40])
        spoiled = TEXT[:at] + chosen.choice(["", "A", "\n", "=", "é", "\x1b"]) + TEXT[at + length :]
        assert spoiled == TEXT or not passes_the_verifier(spoiled, path), spoiled
    path.write_bytes(b"\xff" * 100)
    assert verify.main(["receipt", str(path), "--key", KEY.vkey]) == 1
    assert "\x1b" not in capsys.readouterr().err
