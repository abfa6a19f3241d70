"""Second signatures: ML-DSA-44 beside Ed25519, as C2SP tlog-cosignature writes them; and nothing else passes for one."""

import base64
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.test_verify import _no_waiting, files, honest, published, site, stored
from undersigned.log import cosignatures, note, verify
from undersigned.log.heads import Sealer
from undersigned.log.note import Checkpoint, NoteInvalid

__all__ = ["_no_waiting"]  # a fixture

FOREIGN = Path(__file__).with_name("foreign") / "torchwood-ml-dsa-44.txt"
ORIGIN = "log.example/log/example"
SEED = "a long random secret of this installation"
SEALER = Sealer(SEED, Path())
CHECKPOINT = Checkpoint(ORIGIN, 15_021, bytes(range(32)))
SIGNED = SEALER.sign(CHECKPOINT)
KEY = cosignatures.cosigner_key(ORIGIN, cosignatures.derive_key(SEED, ORIGIN))
FIRST, LINE = SIGNED.rsplit("\n", 2)[0] + "\n", SIGNED.rsplit("\n", 2)[1] + "\n"


def test_a_head_is_signed_twice_and_each_verifier_finds_its_own() -> None:
    assert cosignatures.verify(SIGNED, KEY) == CHECKPOINT
    text = note.verify(SIGNED, [note.parse_vkey(SEALER.vkey(ORIGIN))])
    assert note.parse_checkpoint(text) == CHECKPOINT
    assert verify.open_checkpoint(SIGNED, verify.parse_vkey(SEALER.vkey(ORIGIN))).root == CHECKPOINT.root
    assert [len(line.signature) for line in note.parse(SIGNED).signatures] == [64, 8 + 2420]
    assert len(SIGNED) < 3_700


def test_what_is_signed_is_laid_out_as_the_specification_has_it() -> None:
    message = (
        b"subtree/v1\n\0"
        + b"\x17log.example/log/example"
        + bytes(8)  # no time is claimed
        + b"\x17log.example/log/example"
        + bytes(8)  # from the first entry on
        + b"\0\0\0\0\0\0\x3a\xad"
        + bytes(range(32))
    )
    stamped = base64.b64decode(LINE.split(" ")[2])[4:]
    assert stamped[:8] == bytes(8)
    MLDSA44PublicKey.from_public_bytes(KEY.public).verify(stamped[8:], message)


def test_the_head_of_another_implementations_log_verifies() -> None:
    # Of the tests of filippo.io/torchwood v0.10.0: a log that signs its checkpoints with ML-DSA-44 alone, at time 0.
    vkey, _, signed = FOREIGN.read_text().partition("\n\n")
    assert cosignatures.verify(signed, cosignatures.parse_vkey(vkey)).origin == "example.com/mldsa-log"
    with pytest.raises(NoteInvalid):
        cosignatures.verify(signed.replace("\n1\n", "\n2\n"), cosignatures.parse_vkey(vkey))


def test_each_log_has_a_second_key_of_its_own_that_the_seed_gives_again() -> None:
    assert SEALER.second_vkey(ORIGIN) == KEY.vkey
    assert cosignatures.parse_vkey(KEY.vkey) == KEY
    others = {Sealer(seed, Path()).second_vkey(name) for seed, name in ((SEED, f"{ORIGIN}/1"), (f"{SEED}!", ORIGIN))}
    assert len(others | {KEY.vkey}) == 3
    # Fixed for ever: a log whose key changed could sign nothing that anyone believes.
    assert KEY.vkey.startswith("log.example/log/example+fd130bbb+BmJKA34")


@pytest.mark.parametrize(
    "vkey",
    [
        "", ORIGIN, KEY.vkey[:-4], f"{KEY.vkey}\n", KEY.vkey.replace("+Bm", "+AW"), SEALER.vkey(ORIGIN), f" {KEY.vkey}",
        KEY.vkey.replace("example/log", "other/log"), KEY.vkey.replace(ORIGIN, ""), KEY.vkey.replace(ORIGIN, "two words"),
    ],
)  # fmt: skip
def test_what_isnt_the_vkey_of_a_second_key_is_refused(vkey: str) -> None:
    with pytest.raises(NoteInvalid):
        cosignatures.parse_vkey(vkey)


@given(st.integers(0, 8 * (4 + 8 + 2420) - 1))
@settings(max_examples=40)
def test_a_second_signature_with_any_bit_changed_is_none(bit: int) -> None:
    blob = int.from_bytes(base64.b64decode(LINE.split(" ")[2]), "big") ^ 1 << bit
    spoiled = note.encode_base64(blob.to_bytes(4 + 8 + 2420, "big"))
    with pytest.raises(NoteInvalid):
        cosignatures.verify(f"{FIRST}— {ORIGIN} {spoiled}\n", KEY)


@pytest.mark.parametrize(
    ("checkpoint", "complaint"),
    [
        (Checkpoint(ORIGIN, 15_022, CHECKPOINT.root), "is wrong"),
        (Checkpoint(ORIGIN, 15_021, bytes(32)), "is wrong"),
        (Checkpoint("log.example/log/other", 15_021, CHECKPOINT.root), "is wrong"),
    ],
)
def test_a_second_signature_is_of_one_head_only(checkpoint: Checkpoint, complaint: str) -> None:
    with pytest.raises(NoteInvalid, match=complaint):
        cosignatures.verify(f"{checkpoint.text}\n{LINE}", KEY)


def test_a_head_without_the_second_signature_or_with_a_spoiled_one_beside_it_is_refused() -> None:
    short = f"— {ORIGIN} {note.encode_base64(KEY.id + bytes(72))}\n"
    for signed, complaint in ((FIRST, "no ML-DSA-44 signature"), (SIGNED + short, "wrong length")):
        with pytest.raises(NoteInvalid, match=complaint):
            cosignatures.verify(signed, KEY)


# What a verifier that knows it says


def test_the_second_signature_is_checked_where_it_can_be_and_passed_over_elsewhere(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = honest(20)
    served = files(log, tally=published(log))
    checkpoint = note.parse_checkpoint(note.parse(served["/log/example/checkpoint"].decode()).text)
    served["/log/example/checkpoint"] = SEALER.sign(checkpoint).encode()
    served["/log/example/keys"] = f"{SEALER.vkey(ORIGIN)}\n{KEY.vkey}\n".encode()
    with site(served) as url:
        where = f"{url}/log/example"
        assert verify.main(["tally", where]) == 0
        assert "Second key" not in capsys.readouterr().out
        for command in (["tally", where], ["watch", where, "--state", str(tmp_path / "state")]):
            assert verify.main(command, cosignatures.check_second) == 0
            assert f"Second key  ML-DSA-44, right: {ORIGIN}+{KEY.id.hex()}" in capsys.readouterr().out
        stranger = Sealer(f"{SEED}!", Path()).second_vkey(ORIGIN)
        for vkey, status in ((KEY.vkey, 0), (stranger, 1), ("none", 1)):
            assert verify.main(["tally", where, "--second-key", vkey], cosignatures.check_second) == status
        assert verify.main(["tally", where, "--second-key", KEY.vkey]) == 1  # one file doesn't pretend


@pytest.mark.parametrize("keys", [None, SEALER.vkey(ORIGIN)])
def test_a_log_with_one_key_is_said_to_have_one(
    keys: str | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = Path(stored(files(honest(3)), tmp_path))
    if keys:
        (place / "keys").write_text(f"{keys}\n")
    assert verify.main(["tally", str(place), "--files-only"], cosignatures.check_second) == 0
    assert "Second key  none: this log signs with Ed25519 alone" in capsys.readouterr().out


def test_a_log_that_names_a_second_key_and_doesnt_sign_with_it_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = Path(stored(files(honest(3)), tmp_path))
    (place / "keys").write_text(f"{SEALER.vkey(ORIGIN)}\n{KEY.vkey}\n")
    assert verify.main(["tally", str(place), "--files-only"], cosignatures.check_second) == 1
    assert "carries no ML-DSA-44 signature" in capsys.readouterr().err
