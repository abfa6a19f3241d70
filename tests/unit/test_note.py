"""Signed notes and checkpoints: the specifications' own examples, and notes that must not pass."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from undersigned.log import note, verify
from undersigned.log.note import Checkpoint, NoteInvalid

# The example of golang.org/x/mod/sumdb/note, where the format comes from.
VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PRIVATE = base64.b64decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:]
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
LINE = "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
NOTE = f"{TEXT}\n{LINE}"

# The examples of c2sp.org/signed-note and c2sp.org/tlog-cosignature.
POEM = """Ognuno sta solo sul cuor della terra
trafitto da un raggio di sole:

ed è subito sera.

— quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=
"""
COSIGNED = """example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==
"""
ORIGIN = "log.example/log/example"
SEED = "a long random secret of this installation"


def test_the_example_of_the_format_verifies_and_signs_the_same() -> None:
    key = note.parse_vkey(VKEY)
    assert note.verify(NOTE, [key]) == TEXT
    assert note.sign(TEXT, "PeterNeumann", Ed25519PrivateKey.from_private_bytes(PRIVATE)) == NOTE
    assert key.vkey == VKEY


def test_the_examples_of_the_specifications_are_read() -> None:
    poem = note.parse(POEM)
    assert poem.text.endswith("sole:\n\ned è subito sera.\n")
    assert [line.name for line in poem.signatures] == ["quasimodo.example/salvatore"]
    cosigned = note.parse(COSIGNED)
    assert [len(line.signature) for line in cosigned.signatures] == [64, 72]
    checkpoint = note.parse_checkpoint(cosigned.text)
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20852163)
    assert checkpoint.text == cosigned.text


def test_lines_of_unknown_keys_are_ignored() -> None:
    key = note.parse_vkey(VKEY)
    stranger = "— witness.example/w1 " + note.encode_base64(b"\1\2\3\4" + bytes(72)) + "\n"
    namesake = "— PeterNeumann " + note.encode_base64(b"\1\2\3\4" + bytes(64)) + "\n"
    assert note.verify(f"{TEXT}\n{stranger}{LINE}{namesake}", [key]) == TEXT
    with pytest.raises(NoteInvalid, match="no signature of a known key"):
        note.verify(f"{TEXT}\n{stranger}{namesake}", [key])
    with pytest.raises(NoteInvalid, match="no signature of a known key"):
        note.verify(NOTE, [])


def test_a_wrong_signature_of_a_known_key_spoils_a_right_one() -> None:
    key = note.parse_vkey(VKEY)
    wrong = f"— PeterNeumann {note.encode_base64(key.id + bytes(64))}\n"
    short = f"— PeterNeumann {note.encode_base64(key.id + bytes(5))}\n"
    for line in (wrong, short):
        with pytest.raises(NoteInvalid, match="is wrong"):
            note.verify(f"{NOTE}{line}", [key])


def test_sixteen_signatures_are_read_and_hundreds_are_not() -> None:
    line = f"— witness.example {note.encode_base64(bytes(5000))}\n"
    assert len(note.parse(f"{NOTE}{line * 15}").signatures) == 16
    with pytest.raises(NoteInvalid):
        note.parse(NOTE + f"— witness.example {note.encode_base64(bytes(5))}\n" * 100)


@pytest.mark.parametrize(
    "spoiled",
    [
        "", "\n", "\n\n", TEXT, TEXT + "\n", f"\n{LINE}", NOTE[:-1], NOTE + "\n", NOTE.replace("\n\n", "\n"),
        NOTE.replace("—", "-"), NOTE.replace("— ", "—"), NOTE.replace(" x08", "  x08"), NOTE.replace("AM=", "AN="),
        NOTE.replace("AM=", "AM"), NOTE.replace("PeterNeumann", "Peter+Neumann"), NOTE.replace("Peter", "Peter\u2003"),
        NOTE.replace("you", "y\0u"), NOTE.replace("\n", "\r\n"), NOTE.replace("you", "yo\tu"), NOTE.replace(" x08", "x08"),
    ],
)  # fmt: skip
def test_what_isnt_a_note_is_refused(spoiled: str) -> None:
    with pytest.raises(NoteInvalid):
        note.verify(spoiled, [note.parse_vkey(VKEY)])


@given(st.integers(0, len(NOTE) - 1), st.characters(codec="utf-8"))
def test_a_note_with_any_character_changed_doesnt_verify(at: int, char: str) -> None:
    spoiled = NOTE[:at] + char + NOTE[at + 1 :]
    if spoiled != NOTE:
        with pytest.raises(NoteInvalid):
            note.verify(spoiled, [note.parse_vkey(VKEY)])


@pytest.mark.parametrize(
    "vkey",
    [
        "", "PeterNeumann", VKEY + "=", VKEY.replace("c74f20a3", "c74f20a4"), VKEY.replace("c74f20a3", "C74F20A3"),
        VKEY.replace("+AR", "+BR"), VKEY.replace("PeterNeumann", ""), VKEY.replace("PeterNeumann", "Peter Neumann"),
        VKEY[:-4], f" {VKEY}", f"{VKEY}\n",
    ],
)  # fmt: skip
def test_what_isnt_a_vkey_is_refused(vkey: str) -> None:
    with pytest.raises(NoteInvalid):
        note.parse_vkey(vkey)


def test_each_log_has_a_key_of_its_own_that_the_seed_gives_again() -> None:
    first, again = note.derive_key(SEED, ORIGIN), note.derive_key(SEED, ORIGIN)
    assert note.verifier_key(ORIGIN, first) == note.verifier_key(ORIGIN, again)
    others = [note.derive_key(SEED, f"{ORIGIN}/2"), note.derive_key(f"{SEED}!", ORIGIN)]
    assert len({note.verifier_key("x", key).public for key in [first, *others]}) == 3
    # Fixed for ever: a log whose key changed could sign nothing that anyone believes.
    assert note.verifier_key(ORIGIN, first).vkey == (
        "log.example/log/example+6bd70b63+ATdq1dlk4BLIBhRJHdSYof4/GJoW1CoxU1cFzV933hRw"
    )


def test_a_checkpoint_that_was_signed_reads_back() -> None:
    key = note.derive_key(SEED, ORIGIN)
    checkpoint = Checkpoint(ORIGIN, 15_021, bytes(range(32)))
    signed = note.sign(checkpoint.text, ORIGIN, key)
    assert note.parse_checkpoint(note.verify(signed, [note.verifier_key(ORIGIN, key)])) == checkpoint
    read = verify.open_checkpoint(signed, verify.parse_vkey(note.verifier_key(ORIGIN, key).vkey))
    assert (read.origin, read.size, read.root) == (ORIGIN, 15_021, bytes(range(32)))


def test_extension_lines_of_a_checkpoint_are_read_over() -> None:
    text = Checkpoint(ORIGIN, 0, bytes(32)).text
    assert note.parse_checkpoint(text + "something else\n").size == 0


@pytest.mark.parametrize(
    "text",
    [
        "", f"{ORIGIN}\n5\n", f"{ORIGIN}\n05\n{'A' * 43}=\n", f"{ORIGIN}\n-1\n{'A' * 43}=\n", f"{ORIGIN}\n٥\n{'A' * 43}=\n",
        f"{ORIGIN}\n5\n{'A' * 44}\n", f"{ORIGIN}\n5\n{'A' * 42}B=\n", f"\n5\n{'A' * 43}=\n", f"{ORIGIN}\n5\n{'A' * 43}=\n\n",
        f"{ORIGIN}\n5\n{'A' * 43}=",
    ],
)  # fmt: skip
def test_what_isnt_a_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(NoteInvalid):
        note.parse_checkpoint(text)


@pytest.mark.parametrize("text", ["", "no newline", "tab\there\n", "\n"])
def test_a_text_that_cant_be_read_back_isnt_signed(text: str) -> None:
    with pytest.raises(NoteInvalid):
        note.sign(text, ORIGIN, note.derive_key(SEED, ORIGIN))


@pytest.mark.parametrize("name", ["", "two words", "a+b", "a\u00a0b", "a\nb"])
def test_a_key_cant_have_a_name_that_breaks_the_line(name: str) -> None:
    with pytest.raises(NoteInvalid):
        note.sign("text\n", name, note.derive_key(SEED, ORIGIN))
