"""Policies of witnesses: who makes a quorum, and every line that means nothing is refused by its number."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from undersigned.log import attesting, cosignatures, note, policies, witnesses
from undersigned.log.heads import Sealer
from undersigned.log.note import Checkpoint, NoteInvalid
from undersigned.log.policies import PolicyInvalid
from undersigned.process import worker
from undersigned.settings import Settings, SettingsError

KEYS = [attesting.Attester(f"seed {n}", f"w{n}.example") for n in range(4)]
LINES = "".join(f"witness W{n} {key.vkey}\n" for n, key in enumerate(KEYS))
SEED = "a long random secret of this installation"


@given(st.sets(st.sampled_from(["W0", "W1", "W2", "W3"])))
def test_groups_within_groups_count_as_the_specification_has_it(names: set[str]) -> None:
    policy = policies.parse(
        f"# two operators\n{LINES}\n group X 2 W0\tW1 W2\ngroup Y any W3\ngroup All all X Y\nquorum All\n".encode()
    )
    assert policy.is_met(names) == (len(names & {"W0", "W1", "W2"}) >= 2 and "W3" in names)


def test_a_quorum_of_none_wants_nobody_and_one_witness_is_a_quorum() -> None:
    assert policies.parse(b"quorum none\n").is_met(set())
    one = policies.parse(f"{LINES}quorum W1\n".encode())
    assert [one.is_met({"W0"}), one.is_met({"W1"})] == [False, True]


@pytest.mark.parametrize(
    "wrong",
    [
        "witness W0 nonsense\n",
        f"witness W0 {KEYS[0].vkey}\nwitness W0 {KEYS[1].vkey}\n",
        f"witness W0 {KEYS[0].vkey}\nwitness W9 {KEYS[0].vkey}\n",
        f"witness none {KEYS[0].vkey}\n",
        f"witness W0 {Sealer(SEED, None).vkey('a.example')}\n",  # type: ignore[arg-type] # of a log, not of a witness
        f"witness W0 {KEYS[0].vkey} ftp://w0.example\n",
        f"{LINES}group G 3 W0 W1\n",
        f"{LINES}group G 0 W0 W1\n",
        f"{LINES}group G all\n",
        f"{LINES}group G all W0 W0\n",
        f"{LINES}group G all W0\ngroup H any W0\n",
        f"{LINES}group G all H\n",
        f"{LINES}group G all none\n",
        "quorum W0\n",
        "quorum none\nquorum none\n",
        "monitor W0\n",
        "\r\n",
    ],
)
def test_a_line_that_means_nothing_is_refused(wrong: str) -> None:
    with pytest.raises(PolicyInvalid):
        policies.parse(f"{wrong}{'' if 'quorum' in wrong else 'quorum none'}\n".encode())
    with pytest.raises(PolicyInvalid, match="no `quorum`"):
        policies.parse(LINES.encode())


def test_a_cosignature_says_when_and_is_of_that_head_and_that_witness_alone() -> None:
    signed = Sealer(SEED, None).sign(Checkpoint("a.example", 7, bytes(32)))  # type: ignore[arg-type]
    line = witnesses.cosign(signed, KEYS[0].name, KEYS[0].private, 1_700_000_000)
    parsed = note.parse(signed + line)
    key, last = witnesses.parse_vkey(KEYS[0].vkey), parsed.signatures[-1]
    assert witnesses.verify(parsed.text, last, key) == 1_700_000_000
    for text, other in ((parsed.text.replace("7", "8"), key), (parsed.text, witnesses.parse_vkey(KEYS[1].vkey))):
        with pytest.raises(NoteInvalid):
            witnesses.verify(text, last, other)
    # The log's own second signature has the form of an ML-DSA-44 cosignature, and tells no time: it is nobody's witness.
    second = cosignatures.cosigner_key("a.example", cosignatures.derive_key(SEED, "a.example"))
    with pytest.raises(NoteInvalid, match="tells no time"):
        witnesses.verify(parsed.text, parsed.signatures[1], witnesses.parse_vkey(second.vkey))


def test_a_policy_that_cant_be_used_is_said_before_anything_starts(tmp_path: Path) -> None:
    assert worker.read_policy(Settings()) is None
    file = tmp_path / "witnesses"
    with pytest.raises(SettingsError, match="WITNESS_POLICY can't be used"):
        worker.read_policy(Settings(witness_policy=str(file)))
    file.write_text("quorum somebody\n")
    with pytest.raises(SettingsError, match=r"can't be used: Line 1 of the policy"):
        worker.read_policy(Settings(witness_policy=str(file)))
