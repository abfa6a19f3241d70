"""The verifier with a policy: what a quorum of witnesses cosigned counts, and no witness is counted who didn't."""

import time
from pathlib import Path

import pytest

from tests.unit.test_verify import _no_waiting, files, honest, published, site
from undersigned.log import attesting, verify, witnesses

__all__ = ["_no_waiting"]  # a fixture

WITNESSES = [attesting.Attester(f"seed {n}", f"w{n}.example") for n in range(3)]
NAMES = "".join(f"witness W{n} {each.vkey} https://w{n}.example\n" for n, each in enumerate(WITNESSES))
TWO = f"# two operators\n{NAMES}group G 2 W0 W1 W2\nquorum G\n"


def served(size: int, seen: int, by: list[int], ago_s: int = 0) -> dict[str, bytes]:
    """A site whose log has `size` entries, of which witnesses cosigned the head of the first `seen`."""
    log = honest()
    signed = files(log[:seen])["/log/example/checkpoint"].decode()
    now = int(time.time()) - ago_s
    lines = [witnesses.cosign(signed, WITNESSES[n].name, WITNESSES[n].private, now) for n in by]
    shown = files(log[:size], tally=published(log[:size]))
    return shown | {"/log/example/cosigned": (signed + "".join(lines)).encode()}


def asked(served: dict[str, bytes], place: Path, *more: str, policy: str = TWO, what: str = "tally") -> int:
    (place / "policy").write_text(policy)
    state = ["--state", str(place / "state")] if what == "watch" else []
    with site(served) as url:
        return verify.main([what, f"{url}/log/example", "--policy", str(place / "policy"), *state, *more])


@pytest.mark.parametrize("what", ["tally", "watch"])
@pytest.mark.parametrize("seen", [300, 879])
def test_a_quorum_is_said_with_its_meaning(
    what: str, seen: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    size = len(honest())
    assert asked(served(size, min(seen, size), [0, 2]), tmp_path, "--max-age", "600", what=what) == 0
    said = capsys.readouterr().out
    assert "2 of 3 witnesses" in said
    assert "W0, W2" in said
    assert "the witnesses that your policy names" in said


def test_no_quorum_old_ones_and_forged_ones_are_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    size = len(honest())
    alone, old, twice = (
        served(size, size, [0]),
        served(size, size, [0, 1], 3600),
        served(size, size, [0, 0]),
    )
    assert asked(alone, tmp_path) == 1
    assert asked(twice, tmp_path) == 1
    assert asked(old, tmp_path) == 0
    assert asked(old, tmp_path, "--max-age", "600") == 1
    assert "no older than 600 s" in capsys.readouterr().err
    assert asked(served(size, size, [0, 1], -3600), tmp_path) == 1  # of tomorrow
    site = served(size, size, [0, 1])
    good = site["/log/example/cosigned"].decode()
    spoiled = good[:-6] + ("A" if good[-6] != "A" else "B") + good[-5:]
    assert asked(site | {"/log/example/cosigned": spoiled.encode()}, tmp_path) == 1
    assert "cosignature of w1.example is wrong" in capsys.readouterr().err
    del site["/log/example/cosigned"]
    assert asked(site, tmp_path) == 1


def test_witnesses_of_another_history_convict_the_log(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    size, log = len(honest()), honest()
    forked = [log[0][:-2] + b"0\n", *log[1:]]
    signed = files(forked[:300])["/log/example/checkpoint"].decode()
    lines = [witnesses.cosign(signed, each.name, each.private, int(time.time())) for each in WITNESSES]
    cosigned = {"/log/example/cosigned": (signed + "".join(lines)).encode()}
    assert asked(served(size, size, []) | cosigned, tmp_path) == 2
    assert "FORKED" in capsys.readouterr().out


@pytest.mark.parametrize(
    "policy",
    ["", "quorum none\n", NAMES, f"{NAMES}quorum W9\n", f"{NAMES}group G 4 W0 W1 W2\nquorum G\n", f"{NAMES}{TWO}"],
)
def test_a_policy_that_would_check_nothing_is_refused(policy: str, tmp_path: Path) -> None:
    size = len(honest())
    assert asked(served(size, size, [0, 1, 2]), tmp_path, policy=policy) == 1
