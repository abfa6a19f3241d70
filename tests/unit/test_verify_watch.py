"""The verifier over time and over exports: forks and rollbacks are proven, and rows open their entries."""

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.test_verify import ORIGIN, SHA256, VKEY, _no_waiting, adds, files, honest, opening, site, stored
from undersigned.log import entries, note, verify
from undersigned.log.receipts import Opening

__all__ = ["_no_waiting"]  # a fixture


def test_watching_a_log_that_only_grows_is_fine(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    state = str(tmp_path / "state")
    log = honest()
    for count, size in enumerate((2, 2, 40, 255, 256, 300, 512, 513, len(log))):
        place = stored(files(log[:size]), tmp_path / f"{count}")
        assert verify.main(["watch", place, "--state", state]) == 0
        assert Path(state).read_text().startswith(f"{VKEY}\n{ORIGIN}\n{size}\n")
    said = capsys.readouterr().out
    assert "this is the first look" in said
    assert "as remembered" in said


@pytest.mark.parametrize(("old", "new"), [(300, 300), (300, 301), (255, 800), (256, 700), (1, 2), (512, 879)])
def test_a_fork_is_exit_2_with_both_notes(
    old: int, new: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state, log = tmp_path / "state", honest()
    forked = [log[0][:-2] + b"0\n", *log[1:]]
    with site(files(log[:old])) as url:
        assert verify.main(["watch", f"{url}/log/example", "--state", str(state)]) == 0
    before = state.read_text()
    capsys.readouterr()
    with site(files(forked[:new])) as url:
        assert verify.main(["watch", f"{url}/log/example", "--state", str(state)]) == 2
    said = capsys.readouterr().out
    assert "FORKED" in said
    assert files(log[:old])["/log/example/checkpoint"].decode() in said
    assert files(forked[:new])["/log/example/checkpoint"].decode() in said
    assert state.read_text() == before


def test_a_rollback_is_exit_2_with_both_notes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    state, log = tmp_path / "state", honest()
    assert verify.main(["watch", stored(files(log[:300]), tmp_path / "1"), "--state", str(state)]) == 0
    assert verify.main(["watch", stored(files(log[:200]), tmp_path / "2"), "--state", str(state)]) == 2
    said = capsys.readouterr().out
    assert "WENT BACK from 300 entries to 200" in said
    assert f"{ORIGIN}\n300\n" in said
    assert f"{ORIGIN}\n200\n" in said


def test_tiles_that_dont_hash_to_the_signed_root_prove_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state, log = tmp_path / "state", honest()
    assert verify.main(["watch", stored(files(log[:300]), tmp_path / "1"), "--state", str(state)]) == 0
    before = state.read_text()
    served = files(log[:400]) | {"/log/example/tile/0/001.p/144": bytes(144 * 32)}
    assert verify.main(["watch", stored(served, tmp_path / "2"), "--state", str(state)]) == 1
    assert "nothing can be said about its past" in capsys.readouterr().err
    assert state.read_text() == before


def test_a_log_under_another_key_or_name_isnt_taken_for_the_one_remembered(tmp_path: Path) -> None:
    state = tmp_path / "state"
    assert verify.main(["watch", stored(files(honest(3)), tmp_path / "1"), "--state", str(state)]) == 0
    stranger = note.derive_key("another long random secret, of another one", ORIGIN)
    served = files(honest(3))
    text = note.parse(served["/log/example/checkpoint"].decode()).text
    served["/log/example/checkpoint"] = note.sign(text, ORIGIN, stranger).encode()
    served["/log/example/key"] = note.verifier_key(ORIGIN, stranger).vkey.encode()
    assert verify.main(["watch", stored(served, tmp_path / "2"), "--state", str(state)]) == 1
    state.write_text("not a state")
    assert verify.main(["watch", str(tmp_path / "1"), "--state", str(state)]) == 1


# export


def row(number: int, index: int, **changes: Any) -> dict[str, Any]:
    opened = opening(number)
    return {
        "log_index": index,
        "kind": opened.kind,
        "identity": opened.identity,
        "salt": base64.b64encode(opened.salt).decode(),
        "origin": ORIGIN,
        "statement_sha256": SHA256.hex(),
        "name": "someone",
        **changes,
    }


def test_the_rows_of_an_export_open_their_entries(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = honest(30)
    place = stored(files(log), tmp_path / "log")
    rows = [row(number, index) for number, index in enumerate(adds(log))]
    (tmp_path / "rows").write_text("".join(json.dumps(each) + "\n" for each in rows))
    assert verify.main(["export", str(tmp_path / "rows"), "--log", place]) == 0
    said = capsys.readouterr().out
    assert "30, and each opens its entry" in said
    assert "26 of these rows, of 26 entries that count" in said


@pytest.mark.parametrize(
    ("rows", "complaint"),
    [
        ([row(0, 2), row(1, 2)], "Row 2 doesn't open entry 2"),
        ([row(0, 2), row(0, 2)], "Row 2 is a second one"),
        ([row(0, 2, kind="individual")], "Row 1 doesn't open"),
        ([row(0, 2, identity="domain:other.example")], "Row 1 doesn't open"),
        ([row(0, 2, salt=base64.b64encode(bytes(32)).decode())], "Row 1 doesn't open"),
        ([row(0, 2, salt=7)], "is no JSON object with log_index"),
        ([row(0, 2, salt="AA==")], "is no JSON object with log_index"),
        ([row(0, 10**6)], "doesn't open entry"),
        ([row(0, -1)], "is no JSON object with log_index"),
        ([row(0, 2, origin="log.example/log/other")], "another log or statement"),
        ([row(0, 2, statement_sha256="00" * 32)], "another log or statement"),
        ([{"log_index": 2}], "is no JSON object with log_index"),
        ([["a list"]], "is no JSON object with log_index"),
        ([row(0, 2, name="n" * 200_000)], "is no JSON object with log_index"),
    ],
)
def test_a_row_that_doesnt_open_its_entry_is_found(
    rows: list[Any], complaint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = stored(files(honest(20)), tmp_path / "log")
    (tmp_path / "rows").write_text("".join(json.dumps(each) + "\n" for each in rows))
    assert verify.main(["export", str(tmp_path / "rows"), "--log", place]) == 1
    assert complaint in capsys.readouterr().err


def test_one_endorser_in_two_entries_that_count_is_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    twin = Opening(ORIGIN, SHA256, opening(1).kind, opening(1).identity, bytes(32))
    log = [entries.open_(SHA256).encode(), opening(1).entry, twin.entry, entries.sum_(2, 0).encode()]
    rows = [row(1, 1), row(1, 2, salt=base64.b64encode(bytes(32)).decode())]
    (tmp_path / "rows").write_text("".join(json.dumps(each) + "\n" for each in rows))
    assert verify.main(["export", str(tmp_path / "rows"), "--log", stored(files(log), tmp_path / "log")]) == 1
    assert "an endorser who would count twice" in capsys.readouterr().err


def exported(log: list[bytes], place: Path, **changes: Any) -> bytes:
    """A whole export, as an admin gets it."""
    told = {"statement": "example", "rows": len(adds(log)), "checkpoint": (place / "checkpoint").read_text()}
    lines = [json.dumps({"export": "undersigned/v1"} | told, separators=(",", ":"))]
    lines += [json.dumps(row(number, index)) for number, index in enumerate(adds(log))]
    before = "".join(f"{line}\n" for line in lines).encode()
    end = {"end": "undersigned/v1"} | told | {"sha256": hashlib.sha256(before).hexdigest()} | changes
    return before + json.dumps(end, separators=(",", ":")).encode() + b"\n"


def test_an_export_that_was_cut_anywhere_is_incomplete(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = honest(4)
    place = stored(files(log), tmp_path / "log")
    whole, file = exported(log, Path(place)), tmp_path / "rows"
    file.write_bytes(whole)
    assert verify.main(["export", str(file), "--log", place]) == 0
    assert "all rows that were announced are here" in capsys.readouterr().out
    line_ends = [at + 1 for at, byte in enumerate(whole) if byte == ord("\n")]
    for at in {*range(0, len(whole), 64), *line_ends, len(whole) - 1} - {len(whole)}:
        file.write_bytes(whole[:at])
        assert verify.main(["export", str(file), "--log", place]) == 1
        assert "INCOMPLETE" in capsys.readouterr().err, at


@pytest.mark.parametrize(
    "changes", [{"sha256": "00" * 32}, {"rows": 3}, {"checkpoint": None}, {"statement": "other"}, {"sha256": 7}]
)
def test_an_export_that_its_closing_record_contradicts_is_wrong(
    changes: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = honest(4)
    place = stored(files(log), tmp_path / "log")
    (tmp_path / "rows").write_bytes(exported(log, Path(place), **changes))
    assert verify.main(["export", str(tmp_path / "rows"), "--log", place]) == 1
    assert "WRONG" in capsys.readouterr().err


# The file itself
