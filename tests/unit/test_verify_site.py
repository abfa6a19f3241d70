"""The verifier against sites that lie beside a true log: what they show is compared, or the verifier says that it isn't."""

import base64
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.unit.test_verify import (
    ORIGIN,
    SHA256,
    TEXT,
    VKEY,
    _no_waiting,
    files,
    honest,
    listed,
    opening,
    organisations,
    published,
    site,
    stored,
)
from undersigned.log import entries, note, verify

__all__ = ["_no_waiting"]  # a fixture

LOG = honest(60)
TALLY = "/v1/statements/example/tally"
LIST = "/v1/statements/example/organisations?after=-1"
LIE = published(LOG) | {"individuals": 5000, "formatted": {"individuals": "5,000", "organisations": "10"}}


def tallied(served: dict[str, bytes], *options: str) -> int:
    """The verifier's exit status for a site that serves this."""
    with site(served) as url:
        return verify.main(["tally", f"{url}/log/example", *options])


def shown(tally: dict[str, Any] | bytes | None) -> dict[str, bytes]:
    """A site beside the true log that answers with this for its tally; None is 404."""
    served = files(LOG)
    if tally is not None:
        served[TALLY] = tally if isinstance(tally, bytes) else json.dumps(tally).encode()
    return served


class Changing(dict[str, bytes]):
    """What a site serves when one of its files changes with each time that it is asked for, up to the last."""

    def __init__(self, served: dict[str, bytes], path: str, answers: list[bytes]) -> None:
        super().__init__(served)
        self.path, self.answers = path, answers

    def get(self, path: str, default: Any = None) -> Any:
        if path != self.path:
            return super().get(path, default)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


class OfItself(dict[str, bytes]):
    """What a site serves of a log that grows: a new state of all of it each time that its tally is asked for."""

    def __init__(self, states: list[dict[str, bytes]]) -> None:
        super().__init__(states[0])
        self.states = states

    def get(self, path: str, default: Any = None) -> Any:
        found = super().get(path, default)
        if path == TALLY and len(self.states) > 1:
            self.states.pop(0)
            self.update(self.states[0])
        return found


HUGE = b'{"log_size": ' + b"9" * 5000 + b"}"


@pytest.mark.parametrize(
    "tally",
    [
        LIE,
        LIE | {"log_size": 10**15},
        LIE | {"log_size": 10**30},
        LIE | {"log_size": str(len(LOG))},
        LIE | {"log_size": float(len(LOG))},
        LIE | {"log_size": None},
        LIE | {"log_size": True},
        LIE | {"log_size": -1},
        LIE | {"log_size": 0},
        LIE | {"log_size": len(LOG) - 1},
        LIE | {"log_size": float("nan")},
        LIE | {"log_size": float("inf")},
        LIE | {"log_size": [len(LOG)]},
        {name: value for name, value in LIE.items() if name != "log_size"},
        LIE | {"log_origin": "elsewhere.example/log/example"},
        LIE | {"log_origin": f"{ORIGIN}/1"},
        LIE | {"log_origin": None},
        LIE | {"log_origin": [ORIGIN]},
        published(LOG) | {"statement": "other"},
        published(LOG) | {"individuals": str(published(LOG)["individuals"])},
        published(LOG) | {"individuals": float(published(LOG)["individuals"])},
        published(LOG) | {"rejected": None},
        published(LOG) | {"rejected": {"duplicate": False, "fraud": 4, "error": 0}},
        published(LOG) | {"log_root": base64.b64encode(bytes(32)).decode()},
        published(LOG) | {"log_root": 7},
        published(LOG) | {"formatted": LIE["formatted"]},
        {},
        HUGE,
        b"",
        b"[]",
        b"5000",
        b"null",
        b"\xff\xfe",
        b"<!doctype html><p>5,000 people",
        b"[" * 100_000,
        json.dumps(LIE).encode()[:-1] + b"," + json.dumps(published(LOG)).encode()[1:],
        json.dumps(published(LOG)).encode()[:-1] + b"," + json.dumps(LIE).encode()[1:],
        None,
    ],
)
def test_a_tally_that_isnt_the_logs_is_never_right(
    tally: dict[str, Any] | bytes | None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tallied(shown(tally)) == 1
    said = capsys.readouterr()
    assert "What this proves" not in said.out
    assert said.err.startswith(("WRONG: ", "INCOMPLETE: "))
    assert tallied(shown(published(LOG))) == 0


def test_a_lie_beside_a_true_log_is_exit_1_of_the_file_that_people_download(tmp_path: Path) -> None:
    script = tmp_path / "verify.py"
    script.write_bytes(Path(verify.__file__).read_bytes())
    with site(shown(LIE | {"log_origin": "elsewhere.example/log/example"})) as url:
        asked = [sys.executable, "-I", "-S", str(script), "tally", f"{url}/log/example"]
        ran = subprocess.run(asked, capture_output=True, text=True, check=False)
        assert (ran.returncode, "What this proves" in ran.stdout) == (1, False), ran.stderr
        assert "nothing says that this one ended" in ran.stderr
        alone = subprocess.run([*asked, "--files-only"], capture_output=True, text=True, check=False)
    assert alone.returncode == 0
    assert "that any site shows these numbers" in alone.stdout


@pytest.mark.parametrize("status", [301, 302, 403, 500])
def test_a_tally_that_is_elsewhere_or_withheld_is_not_followed(status: int, capsys: pytest.CaptureFixture[str]) -> None:
    with site(files(LOG)) as true, site({TALLY: b""}, {"Location": f"{true}{TALLY}"}, status) as url:
        log = verify.Log(f"{url}/log/example")
        with pytest.raises(verify.Wrong, match=f"status {status}"):
            log.shown("/tally")


def earlier(count: int) -> list[bytes]:
    """The honest log as it was before, up to a sum."""
    log = LOG[: len(honest(count))]
    log = log[: max(at for at, entry in enumerate(log) if b" sum " in entry) + 1]
    assert 2 < len(log) < len(LOG)
    return log


def test_a_tally_that_stays_old_is_wrong_even_if_it_was_right_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert tallied(shown(published(earlier(30)))) == 1
    said = capsys.readouterr()
    assert f"it had {len(LOG)} when it was first looked at" in said.err
    assert "What this proves" not in said.out


def test_an_old_tally_that_was_wrong_then_is_wrong_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    old = published(earlier(30)) | {"individuals": 5000}
    assert tallied(Changing(shown(old), TALLY, [json.dumps(t).encode() for t in (old, published(LOG))])) == 1
    assert "'individuals': 5000" in capsys.readouterr().err


def test_an_old_tally_out_of_a_cache_is_fetched_again(capsys: pytest.CaptureFixture[str]) -> None:
    answers = [json.dumps(published(log)).encode() for log in (earlier(30), earlier(30), LOG)]
    assert tallied(Changing(shown(None), TALLY, answers)) == 0
    assert f"the tally of {len(LOG)} entries says the same as the log" in capsys.readouterr().out


def test_a_log_that_grows_all_the_while_is_read_on_until_its_tally_is_as_new_as_the_first_head(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs = [earlier(30), earlier(45), LOG]
    # Each tally is one state behind the log, as out of a cache.
    states = [files(log, tally=published(behind)) for log, behind in zip(logs, [logs[0], *logs], strict=False)]
    states = [
        files(logs[0], tally=published(logs[0])) | {TALLY: json.dumps(published(earlier(20))).encode()},
        *states[1:],
    ]
    assert tallied(OfItself(states)) == 0
    said = capsys.readouterr().out
    assert "says the same as the log" in said
    assert "Named" in said


def test_two_heads_of_one_size_are_proof_of_a_fork(capsys: pytest.CaptureFixture[str]) -> None:
    other = [LOG[0][:-2] + b"0\n", *LOG[1:]]
    heads = [files(log)["/log/example/checkpoint"] for log in (LOG, other)]
    assert tallied(Changing(shown(published(LOG)), "/log/example/checkpoint", heads)) == 2
    said = capsys.readouterr().out
    assert all(head.decode() in said for head in heads)


# An end that is only claimed


def ended(**changes: Any) -> bytes:
    """How the log ended, as a site shows it, with the true numbers."""
    checkpoint = files(LOG)["/log/example/checkpoint"].decode()
    told = published(LOG) | {"log_checkpoint": checkpoint, "last_checkpoint": checkpoint}
    return json.dumps(told | {"log_followed_by": f"{ORIGIN}/1", "handover": None} | changes).encode()


@pytest.mark.parametrize("at", ["/log/example/ended", "/log/example/0/ended"])
def test_true_numbers_of_an_end_beside_a_lying_tally_dont_cover_it(at: str, capsys: pytest.CaptureFixture[str]) -> None:
    served = shown(LIE) | {at: ended()}
    if at == "/log/example/0/ended":
        served |= {path.replace("/log/example", "/log/example/0"): data for path, data in served.items()}
    with site(served) as url:
        assert verify.main(["tally", f"{url}{at.removesuffix('/ended')}"]) == 1
    assert "'individuals': 5000" in capsys.readouterr().err


def test_an_end_without_a_log_that_cites_it_is_not_taken_for_one(capsys: pytest.CaptureFixture[str]) -> None:
    later = published(LOG) | {"log_origin": f"{ORIGIN}/1", "individuals": 5000}
    assert tallied(shown(later) | {"/log/example/ended": ended()}) == 1
    said = capsys.readouterr()
    assert f"NOT COMPARED: that {ORIGIN}/1 follows this log" in said.err
    assert "What this proves" not in said.out


def followed(**changes: Any) -> dict[str, bytes]:
    """A site whose log ended, with the true log that follows; changes are to what is published of the end."""
    origin, private = f"{ORIGIN}/1", note.derive_key("another long random secret", ORIGIN)
    last = note.parse_checkpoint(note.parse(files(LOG)["/log/example/checkpoint"].decode()).text)
    previous = f"{last.origin} {last.size} {note.encode_base64(last.root)}"
    log = [entries.open_(SHA256, previous).encode(), entries.sum_(0, 0).encode()]
    served = {path.replace("/log/example", "/log/example/1"): data for path, data in files(log).items()}
    checkpoint = note.Checkpoint(
        origin, 2, note.parse_checkpoint(served["/log/example/1/checkpoint"].decode().split("\n\n")[0] + "\n").root
    )
    served["/log/example/1/checkpoint"] = note.sign(checkpoint.text, origin, private).encode()
    served["/log/example/1/key"] = note.verifier_key(origin, private).vkey.encode()
    return served | shown(published(LOG) | {"log_origin": origin}) | {"/log/example/ended": ended(**changes)}


def test_an_end_with_the_log_that_cites_it_is_right_and_says_that_no_more_is_counted_there(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert tallied(followed()) == 0
    said = capsys.readouterr().out
    assert f"Followed    by {ORIGIN}/1, whose first entry cites this end" in said
    assert "who its organisations were" in said


WAS = {name: value for name, value in published(earlier(30)).items() if name != "log_followed_by"}
EARLIER = files(earlier(30))["/log/example/checkpoint"].decode()


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        (WAS, "of 36 entries, and signed for 78"),
        ({"log_checkpoint": EARLIER}, "of 78 entries, and signed for 36"),
        ({"individuals": 5000}, "'individuals': 5000"),
        ({"log_followed_by": ORIGIN}, "NOT COMPARED"),
        ({"log_followed_by": "elsewhere.example/log/example/1"}, "cites something else"),
        ({"log_followed_by": f"{ORIGIN}/2"}, "NOT COMPARED"),
        ({"handover": "none"}, "not a signed hand-over"),
    ],
)
def test_an_end_that_the_next_log_cites_has_to_be_right_as_well(
    changes: dict[str, Any], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tallied(followed(**{"log_followed_by": f"{ORIGIN}/1"} | changes)) == 1
    said = capsys.readouterr()
    assert complaint in said.err
    assert "What this proves" not in said.out


def test_a_text_that_is_shown_under_another_hash_is_found(capsys: pytest.CaptureFixture[str]) -> None:
    told = json.dumps({"text": TEXT, "sha256": "00" * 32}).encode()
    assert tallied(shown(published(LOG)) | {"/v1/statements/example": told}) == 1
    assert "the site shows another" in capsys.readouterr().err


@pytest.mark.parametrize(
    "changes",
    [
        {"log_size": 10**15},
        {"log_size": None},
        {"individuals": 5000},
        {"log_followed_by": "elsewhere.example/log/example/1"},
        {"log_followed_by": ORIGIN},
        {"log_followed_by": None},
        {"last_checkpoint": "none"},
        {"last_checkpoint": None},
        {"log_checkpoint": files(earlier(30))["/log/example/checkpoint"].decode()},
        {"handover": "none"},
    ],
)
def test_an_end_that_isnt_the_logs_is_found(changes: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    later = published(LOG) | {"log_origin": f"{ORIGIN}/1"}
    assert tallied(shown(later) | {"/log/example/ended": ended(**changes)}) == 1
    assert "What this proves" not in capsys.readouterr().out


# Organisations


ROWS = organisations(LOG)


def test_every_organisation_is_opened_over_several_pages(capsys: pytest.CaptureFixture[str]) -> None:
    log = honest(1500)
    assert len(organisations(log)) > 200
    assert tallied(files(log, tally=published(log))) == 0
    assert f"{len(organisations(log))} organisations by the site" in capsys.readouterr().out


def _swapped(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [rows[1], rows[0], *rows[2:]]


def _altered(**changes: Any) -> Callable[[list[dict[str, Any]]], list[dict[str, Any]]]:
    return lambda rows: [rows[0] | changes, *rows[1:]]


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda rows: rows[1:], "and the log counts"),
        (lambda rows: rows[:-1], "and the log counts"),
        (lambda rows: [], "and the log counts"),
        (lambda rows: [*rows, rows[-1]], "not in the order of the log"),
        (_swapped, "not in the order of the log"),
        (_altered(identity="domain:other.example"), "doesn't open entry"),
        (_altered(salt=base64.b64encode(bytes(32)).decode()), "doesn't open entry"),
        (_altered(salt="AA=="), "should be base64"),
        (_altered(log_index=0), "doesn't open entry"),
        (_altered(log_index=None), "None for log_index"),
        (_altered(log_index="2"), "for log_index"),
        (_altered(identity=7), "7 for identity"),
        (lambda rows: ["Some", *rows], "other than a JSON object"),
    ],
)
def test_a_list_of_organisations_that_isnt_the_logs_is_found(
    change: Callable[[list[Any]], list[Any]], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (
        tallied(shown(published(LOG)) | {LIST: json.dumps({"organisations": change(ROWS), "next": None}).encode()}) == 1
    )
    said = capsys.readouterr()
    assert complaint in said.err
    assert "What this proves" not in said.out


@pytest.mark.parametrize("following", [-1, 0, 10**6, "2", True, ROWS[-1]["log_index"]])
def test_pages_that_lead_elsewhere_are_not_followed_for_ever(following: Any) -> None:
    page = json.dumps({"organisations": ROWS, "next": following}).encode()
    assert tallied(shown(published(LOG)) | {LIST: page}) == 1


def test_an_empty_page_that_leads_to_itself_is_not_followed_for_ever(capsys: pytest.CaptureFixture[str]) -> None:
    last = ROWS[-1]["log_index"]
    served = shown(published(LOG)) | {LIST: json.dumps({"organisations": ROWS, "next": last}).encode()}
    served["/v1/statements/example/organisations"] = json.dumps({"organisations": [], "next": last}).encode()
    assert tallied(served) == 1
    assert "the next page begins elsewhere" in capsys.readouterr().err


def test_a_number_that_takes_long_to_read_is_not_read(capsys: pytest.CaptureFixture[str]) -> None:
    assert tallied(shown(HUGE)) == 1
    assert "a number of 5000 digits" in capsys.readouterr().err


def test_a_missing_list_of_organisations_is_exit_1(capsys: pytest.CaptureFixture[str]) -> None:
    served = shown(published(LOG))
    del served[LIST]
    assert tallied(served) == 1
    assert "doesn't exist" in capsys.readouterr().err


def test_an_organisation_that_was_taken_back_is_not_to_be_listed(capsys: pytest.CaptureFixture[str]) -> None:
    gone = next(
        int(entry.split()[2]) for entry in LOG if b" sub " in entry and LOG[int(entry.split()[2])][19:20] == b"o"
    )
    number = next(number for number in range(60) if opening(number).entry == LOG[gone])
    salt = base64.b64encode(opening(number).salt).decode()
    row = {"log_index": gone, "name": "Gone", "identity": opening(number).identity, "salt": salt}
    rows = sorted([*ROWS, row], key=lambda each: int(each["log_index"]))
    assert tallied(shown(published(LOG)) | listed(rows)) == 1
    assert (
        f"Gone ({opening(number).identity}) doesn't open entry {gone}, or that doesn't count" in capsys.readouterr().err
    )


def test_one_organisation_in_two_entries_is_found(capsys: pytest.CaptureFixture[str]) -> None:
    twin = verify_twin()
    log = [LOG[0], LOG[1], opening(0).entry, twin, entries.sum_(0, 2).encode()]
    rows = [
        {"log_index": at, "name": "Twice", "identity": opening(0).identity, "salt": base64.b64encode(salt).decode()}
        for at, salt in ((2, opening(0).salt), (3, bytes(32)))
    ]
    assert tallied(files(log, tally=published(log)) | listed(rows)) == 1
    assert f"Twice ({opening(0).identity}) counts twice" in capsys.readouterr().err


def verify_twin() -> bytes:
    """The same organisation's entry under another salt."""
    committed = verify.commitment(
        ORIGIN, LOG[0].split(b":")[1].decode().strip(), "organisation", opening(0).identity, bytes(32)
    )
    return entries.add("organisation", committed).encode()


def test_an_organisation_counted_since_is_none_of_the_head_that_was_checked() -> None:
    newer = {"log_index": len(LOG) + 5, "name": "New", "identity": "domain:new.example", "salt": ROWS[0]["salt"]}
    assert tallied(shown(published(LOG)) | listed([*ROWS, newer])) == 0


def test_who_left_after_the_seal_leaves_the_count_of_organisations_uncompared(
    capsys: pytest.CaptureFixture[str],
) -> None:
    log = [*LOG, b"undersigned/v1 seal %s %s\n" % tuple(LOG[-1].split()[2:])]
    assert tallied(files(log, tally=published(log))) == 0
    assert tallied(files(log, tally=published(log)) | listed(ROWS[1:])) == 1
    assert f"INCOMPLETE: 1 of {len(ROWS)} organisations are not named" in capsys.readouterr().err


def test_an_address_that_is_no_sites_log_is_exit_1_and_its_files_can_be_asked_for(
    capsys: pytest.CaptureFixture[str],
) -> None:
    served = {path.replace("/log/example/", "/mirror/"): data for path, data in files(LOG).items()}
    with site(served) as url:
        assert verify.main(["tally", f"{url}/mirror"]) == 1
        assert "--files-only" in capsys.readouterr().err
        assert verify.main(["tally", f"{url}/mirror", "--files-only", "--key", VKEY]) == 0


def test_an_empty_log_is_no_statements(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert verify.main(["tally", stored(files([]), tmp_path), "--files-only"]) == 1
    said = capsys.readouterr()
    assert "The log is empty" in said.err
    assert "keep its entries and this note as proof" in said.err
