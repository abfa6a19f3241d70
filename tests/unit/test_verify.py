"""The verifier: whole logs, honest and not, from a directory and over HTTP; and its own Ed25519."""

import ast
import base64
import gzip
import hashlib
import json
import random
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from undersigned.log import entries, merkle, note, verify
from undersigned.log.merkle import TileName
from undersigned.log.note import Checkpoint
from undersigned.log.receipts import Opening

ORIGIN = "log.example/log/example"
TEXT = "What is stated."
SHA256 = hashlib.sha256(TEXT.encode()).digest()
PRIVATE = note.derive_key("a long random secret of this installation", ORIGIN)
VKEY = note.verifier_key(ORIGIN, PRIVATE).vkey


def opening(number: int) -> Opening:
    salt = hashlib.sha256(b"salt %d" % number).digest()
    if number % 5 == 0:
        return Opening(ORIGIN, SHA256, "organisation", f"domain:{number}.example", salt)
    return Opening(ORIGIN, SHA256, "individual", f"mailbox:{number}@example.org", salt)


def honest(count: int = 700) -> list[bytes]:
    """A log's entries: batches of up to nine, each seventh endorser leaving again."""
    log = [entries.open_(SHA256).encode(), entries.sum_(0, 0).encode()]
    people = organisations = 0
    for number in range(count):
        log.append(opening(number).entry)
        people, organisations = people + (number % 5 > 0), organisations + (number % 5 == 0)
        if number % 7 == 3:
            log.append(entries.sub(len(log) - 1, "fraud" if number % 2 else "withdrawn").encode())
            people, organisations = people - (number % 5 > 0), organisations - (number % 5 == 0)
        if number % 9 == 8 or number == count - 1:
            log.append(entries.sum_(people, organisations).encode())
    return log


def organisations(log: list[bytes]) -> list[dict[str, Any]]:
    """The organisations that count, as a site lists them."""
    openings = {each.entry: each for each in map(opening, range(0, len(log), 5))}
    taken_back = {int(entry.split()[2]) for entry in log if b" sub " in entry}
    found = [(at, openings[entry]) for at, entry in enumerate(log) if entry in openings and at not in taken_back]
    return [
        {"log_index": at, "name": "Some", "identity": each.identity, "salt": note.encode_base64(each.salt)}
        for at, each in found
    ]


def listed(rows: list[dict[str, Any]]) -> dict[str, bytes]:
    """The pages of a list of organisations, by path."""
    pages, after = {}, -1
    for at in range(0, max(1, len(rows)), 100):
        page = rows[at : at + 100]
        following = page[-1]["log_index"] if len(page) == 100 else None
        told = json.dumps({"organisations": page, "next": following}).encode()
        pages[f"/v1/statements/example/organisations?after={after}"] = told
        after = following or -1
    return pages


def files(log: list[bytes], *, tally: dict[str, Any] | None = None, text: str = TEXT) -> dict[str, bytes]:
    """Everything that a site serves about a log, by path."""
    tiles = merkle.append(0, map(merkle.leaf_hash, log), {})
    served = {merkle.path(TileName(*key, len(row) // 32)): row for key, row in tiles.items()}
    for at in range(0, len(log), 256):
        part = log[at : at + 256]
        served[merkle.path(TileName(None, at // 256, len(part)))] = merkle.bundle(part)
    checkpoint = Checkpoint(ORIGIN, len(log), merkle.root(len(log), tiles))
    served |= {"checkpoint": note.sign(checkpoint.text, ORIGIN, PRIVATE).encode(), "key": f"{VKEY}\n".encode()}
    site = {f"/log/example/{name}": data for name, data in served.items()}
    if tally is not None:
        site["/v1/statements/example/tally"] = json.dumps(tally).encode()
    told = {"text": text, "sha256": hashlib.sha256(text.encode()).hexdigest()}
    return site | {"/v1/statements/example": json.dumps(told).encode()} | listed(organisations(log))


def published(log: list[bytes]) -> dict[str, Any]:
    """The tally that a site shows of a log."""
    people, bodies = log[-1].split()[2:]
    reasons = {
        reason: sum(entry.endswith(f" {reason}\n".encode()) for entry in log) for reason in ("withdrawn", "fraud")
    }
    rejected = {"duplicate": 0, "fraud": reasons["fraud"], "error": 0}
    shown = {"individuals": int(people), "organisations": int(bodies), "withdrawn": reasons["withdrawn"]}
    root = note.encode_base64(merkle.root(len(log), merkle.append(0, map(merkle.leaf_hash, log), {})))
    of = {"statement": "example", "log_origin": ORIGIN, "log_size": len(log), "log_root": root}
    written = {"individuals": f"{int(people):,}", "organisations": f"{int(bodies):,}"}
    return shown | of | {"rejected": rejected, "log_followed_by": None, "formatted": written}


@contextmanager
def site(served: dict[str, bytes], headers: dict[str, str] | None = None, status: int = 200) -> Iterator[str]:
    """An HTTP server of these files; its address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            body = served.get(self.path) or served.get(self.path.partition("?")[0])
            self.send_response(404 if body is None else status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def stored(served: dict[str, bytes], directory: Path) -> str:
    """The log as a directory."""
    for name, data in served.items():
        if name.startswith("/log/example/"):
            file = directory / name.removeprefix("/log/example/")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
    return str(directory)


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify, "RETRY_S", 0.0)


# Ed25519

SMALL = bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")
SMALL_NEGATED = SMALL[:31] + b"\x85"

# RFC 8032, section 7.1: tests 1, 2, 3 and SHA(abc).
RFC_8032 = [
    ("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"),
    ("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"),
    ("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"),
    ("ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf", hashlib.sha512(b"abc").hexdigest(),
     "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704"),
]  # fmt: skip


@pytest.mark.parametrize(("public", "message", "signature"), RFC_8032)
def test_ed25519_accepts_the_vectors_of_rfc_8032_and_no_bit_else(public: str, message: str, signature: str) -> None:
    key, text, signed = bytes.fromhex(public), bytes.fromhex(message), bytes.fromhex(signature)
    assert verify.ed25519_verifies(key, text, signed)
    assert not verify.ed25519_verifies(key, text + b"!", signed)
    for bit in range(0, 512, 37):
        spoiled = (int.from_bytes(signed, "big") ^ 1 << bit).to_bytes(64, "big")
        assert not verify.ed25519_verifies(key, text, spoiled)


def test_ed25519_agrees_with_cryptography() -> None:
    chosen = random.Random(8032)
    for length in range(20):
        private = Ed25519PrivateKey.from_private_bytes(chosen.randbytes(32))
        message = chosen.randbytes(length * 13)
        assert verify.ed25519_verifies(private.public_key().public_bytes_raw(), message, private.sign(message))


def test_ed25519_refuses_a_signature_written_another_way() -> None:
    key, text, signed = (bytes.fromhex(part) for part in RFC_8032[1])
    scalar = int.from_bytes(signed[32:], "little") + verify.ORDER
    assert not verify.ed25519_verifies(key, text, signed[:32] + scalar.to_bytes(32, "little"))
    assert not verify.ed25519_verifies(key, text, signed[:-1])
    assert not verify.ed25519_verifies(key, text, signed + b"\0")
    assert not verify.ed25519_verifies(key, text, b"")


@pytest.mark.parametrize("public", [bytes(32), b"\1" + bytes(31), verify.P.to_bytes(32, "little"), b"\xff" * 32])
def test_ed25519_refuses_keys_that_anyone_could_sign_for_or_that_are_no_point(public: bytes) -> None:
    identity = b"\1" + bytes(63)
    assert not verify.ed25519_verifies(public, b"anything", identity)


# tally


def test_an_honest_log_passes_over_http_with_its_tally_and_text(capsys: pytest.CaptureFixture[str]) -> None:
    log = honest()
    with site(files(log, tally=published(log))) as url:
        for address in (f"{url}/log/example", f"{url}/log/example/checkpoint", f"{url}/s/example/how-we-count"):
            assert verify.main(["tally", address]) == 0
    said = capsys.readouterr().out
    assert "individuals 480, organisations 120" in said
    assert f"the tally of {len(log)} entries says the same as the log" in said
    assert "as the site shows it" in said
    assert "on the log's own word" in said
    assert "NOT COMPARED" not in said


def test_an_honest_log_passes_from_a_directory(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = stored(files(honest()), tmp_path)
    assert verify.main(["tally", place, "--key", VKEY, "--files-only"]) == 0
    said = capsys.readouterr().out
    assert "as you gave it" in said
    assert "NOT COMPARED, as you asked" in said
    assert "What it doesn't: that any site shows these numbers" in said


def test_a_directory_is_compared_with_no_site_and_so_right_only_if_that_was_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verify.main(["tally", stored(files(honest()), tmp_path), "--key", VKEY]) == 1
    said = capsys.readouterr()
    assert "--files-only" in said.err
    assert "What this proves" not in said.out


def adds(log: list[bytes]) -> list[int]:
    return [at for at, entry in enumerate(log) if b" add " in entry]


def altered(at: int, entry: bytes) -> list[bytes]:
    log = honest(20)
    log[at] = entry
    return log


ADDS = adds(honest(20))
LAST = len(honest(20)) - 1
COUNTS = honest(20)[LAST].split()[2:]


@pytest.mark.parametrize(
    ("log", "complaint"),
    [
        (altered(LAST, entries.sum_(int(COUNTS[0]) + 1, int(COUNTS[1])).encode()), "the entries before it"),
        (altered(ADDS[2], honest(20)[ADDS[1]]), "One commitment counts twice"),
        (altered(ADDS[2], b"undersigned/v1 add individual\n" + b"A" * 42 + b"B=\n"), "none that may stand"),
        (altered(ADDS[2], b"undersigned/v1 add robot\n" + b"A" * 43 + b"=\n"), "none that may stand"),
        (altered(ADDS[2], b""), "none that may stand"),
        (altered(ADDS[2], honest(20)[ADDS[2]] + b"\n"), "none that may stand"),
        (altered(0, entries.sum_(0, 0).encode()), "Entry 0 is none"),
        (altered(3, entries.open_(SHA256).encode()), "Entry 3 is none"),
        (altered(LAST, b"undersigned/v1 sub 1 withdrawn\n"), "entry 1, which doesn't count"),
        (altered(LAST, b"undersigned/v1 sub 999 withdrawn\n"), "entry 999, which doesn't count"),
        (altered(LAST, b"undersigned/v1 sub %d withdrawn\n" % LAST), "which doesn't count"),
        (altered(LAST, b"undersigned/v1 sub 02 withdrawn\n"), "none that may stand"),
        (altered(LAST, b"undersigned/v1 sub 2 because\n"), "none that may stand"),
        (altered(LAST, honest(20)[next(at for at, e in enumerate(honest(20)) if b" sub " in e)]), "doesn't count"),
        (honest(20)[:-1], "no sum"),
        ([*honest(20), b"undersigned/v1 seal %s %s\n" % tuple(COUNTS), entries.sum_(0, 0).encode()], "none that may"),
    ],
)
def test_a_log_that_breaks_a_rule_is_found_with_the_signed_proof_of_it(
    log: list[bytes], complaint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verify.main(["tally", stored(files(log), tmp_path), "--files-only"]) == 1
    said = capsys.readouterr().err
    assert complaint in said
    assert "keep its entries and this note as proof" in said
    assert f"— {ORIGIN} " in said


def test_a_sealed_log_and_one_that_began_anew_pass(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = honest(20)
    previous = f"{ORIGIN} 15 {base64.b64encode(bytes(32)).decode()}"
    log[0] = entries.open_(SHA256).encode() + f"previous {previous}\n".encode()
    log.append(b"undersigned/v1 seal %s %s\n" % tuple(COUNTS))
    assert verify.main(["tally", stored(files(log), tmp_path), "--files-only"]) == 0
    said = capsys.readouterr().out
    assert ", sealed" in said
    assert previous in said


@pytest.mark.parametrize("size", [0, 1, 2, 255, 256, 257, 600])
def test_replaying_hashes_to_the_root_at_every_size(size: int, tmp_path: Path) -> None:
    log = [b"%d" % at for at in range(size)]
    read = verify.Log(stored(files(log), tmp_path))
    leaves = [merkle.leaf_hash(entry) for bundle in read.bundles(0, size) for entry in bundle]
    assert verify.merge(leaves) == read.checkpoint(read.key(VKEY)).root


def test_every_byte_of_a_log_matters(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    served = files(honest(3))
    place = stored(served, tmp_path)
    for name in ("checkpoint", f"tile/entries/000.p/{len(honest(3))}", "key"):
        data = served[f"/log/example/{name}"]
        for at in range(len(data) - (name == "key")):
            spoiled = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
            (tmp_path / name).write_bytes(spoiled)
            assert verify.main(["tally", place, "--files-only"]) == 1, (name, at)
        (tmp_path / name).write_bytes(data)
    assert verify.main(["tally", place, "--files-only"]) == 0
    capsys.readouterr()


def test_a_full_tile_stands_in_for_a_partial_one_that_is_gone(tmp_path: Path) -> None:
    served, grown = files(honest(100)), files(honest(400))
    assert honest(400)[:50] == honest(100)[:50]
    place = Path(stored(served, tmp_path))
    partial = next((place / "tile/entries/000.p").iterdir())
    # The same log, a while later: its first bundle is full by now.
    log = honest(100)
    log += [entries.sum_(*map(int, log[-1].split()[2:])).encode()] * 300
    (place / "tile/entries/000").write_bytes(files(log)["/log/example/tile/entries/000"])
    partial.unlink()
    assert verify.main(["tally", str(place), "--files-only"]) == 0
    (place / "tile/entries/000").write_bytes(grown["/log/example/tile/entries/000"])
    assert verify.main(["tally", str(place), "--files-only"]) == 1


# A hostile server


def test_gzip_is_read_and_a_gzip_bomb_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    served = files(honest(), tally=published(honest()))
    zipped = {name: gzip.compress(data) for name, data in served.items()}
    with site(zipped, {"Content-Encoding": "gzip"}) as url:
        assert verify.main(["tally", f"{url}/log/example"]) == 0
    zipped["/log/example/tile/entries/000"] = gzip.compress(bytes(50_000_000))
    with site(zipped, {"Content-Encoding": "gzip"}) as url:
        assert verify.main(["tally", f"{url}/log/example"]) == 1
    assert "is larger than" in capsys.readouterr().err
    with site(served, {"Content-Encoding": "gzip"}) as url:
        assert verify.main(["tally", f"{url}/log/example"]) == 1
    assert "should be gzip" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["key", "checkpoint", "tile/entries/000"])
def test_an_answer_too_large_is_cut_off(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    served = files(honest(), tally=published(honest())) | {f"/log/example/{name}": bytes(2_000_000)}
    with site(served) as url:
        assert verify.main(["tally", f"{url}/log/example"]) == 1
    assert "is larger than" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("status", "headers", "complaint"),
    [
        (301, {"Location": "https://elsewhere.example/\x9b31m"}, "It points to https://elsewhere.example/"),
        (403, {}, "status 403"),
        (503, {}, "can't be read: HTTPException: status 503"),
    ],
)
def test_other_answers_are_named(
    status: int, headers: dict[str, str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with site(files(honest(3)), headers, status) as url:
        assert verify.main(["tally", f"{url}/log/example"]) == 1
    said = capsys.readouterr().err
    assert complaint in said
    assert "\x9b" not in said


def test_nobody_there_is_no_crash(capsys: pytest.CaptureFixture[str]) -> None:
    with site({}) as url:
        pass
    assert verify.main(["tally", f"{url}/log/example"]) == 1
    assert "can't be read: ConnectionRefusedError" in capsys.readouterr().err


@pytest.mark.parametrize("size", [10**15, 2**24 + 1])
def test_a_log_too_large_to_read_is_refused_before_it_is_read(
    size: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = Path(stored(files(honest(3)), tmp_path))
    (place / "checkpoint").write_text(note.sign(Checkpoint(ORIGIN, size, bytes(32)).text, ORIGIN, PRIVATE))
    assert verify.main(["tally", str(place), "--files-only"]) == 1
    assert "more than the 16,777,216 that this program reads" in capsys.readouterr().err


def test_how_large_a_log_may_be_can_be_set(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = honest(20)
    place = stored(files(log), tmp_path)
    assert verify.main(["tally", place, "--files-only", "--entries-max", str(len(log))]) == 0
    assert verify.main(["tally", place, "--files-only", "--entries-max", str(len(log) - 1)]) == 1
    assert "see --entries-max" in capsys.readouterr().err


def test_a_key_of_another_log_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = note.verifier_key("log.example/log/other", PRIVATE).vkey
    assert verify.main(["tally", stored(files(honest(3)), tmp_path), "--key", other]) == 1
    assert "another log" in capsys.readouterr().err


# Points of 8-torsion (RFC 7748, section 7): whoever knows them "signs" anything.
@pytest.mark.parametrize(
    "public", [bytes(32), b"\1" + bytes(31), (verify.P - 1).to_bytes(32, "little"), SMALL, SMALL_NEGATED]
)
def test_a_key_that_anyone_can_sign_for_is_said_to_prove_nothing(
    public: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    vkey = note.VerifierKey(ORIGIN, public).vkey
    assert verify.main(["tally", stored(files(honest(3)), tmp_path), "--files-only", "--key", vkey]) == 1
    assert "one of the few that anyone can sign for" in capsys.readouterr().err


def test_what_a_log_follows_is_cited_in_the_one_right_way(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = honest(3)
    for last, status in (("A", 0), ("B", 1)):
        cited = f"previous {ORIGIN} 15 {'A' * 42}{last}="
        log[0] = entries.open_(SHA256).encode() + f"{cited}\n".encode()
        assert verify.main(["tally", stored(files(log), tmp_path / last), "--files-only"]) == status
    assert "Entry 0 is none that may stand there" in capsys.readouterr().err


@given(st.text(st.sampled_from("abc+./-é \u00a0\u2003\x1c\x1f\x7f\x85"), max_size=6))
def test_the_names_of_foreign_keys_are_taken_as_strictly_as_the_log_takes_them(name: str) -> None:
    signed = files(honest(3))["/log/example/checkpoint"].decode()
    cosigned = f"{signed}— {name} {base64.b64encode(bytes(72)).decode()}\n"
    try:
        note.parse(cosigned)
        taken = True
    except note.NoteInvalid:
        taken = False
    try:
        verify.open_checkpoint(cosigned, verify.parse_vkey(VKEY))
        assert taken
    except verify.Wrong:
        assert not taken


# watch


def test_it_runs_alone_with_nothing_but_the_standard_library(tmp_path: Path) -> None:
    script = Path(tmp_path / "verify.py")
    script.write_bytes(Path(verify.__file__).read_bytes())
    place = stored(files(honest(20)), tmp_path / "log")
    for arguments, status in (
        (["tally", place, "--files-only"], 0),
        (["tally", place], 1),
        (["tally"], 1),
        (["--help"], 0),
        ([], 1),
        (["receipt", "none"], 1),
    ):
        ran = subprocess.run([sys.executable, "-I", "-S", str(script), *arguments], capture_output=True, check=False)
        assert ran.returncode == status, ran.stderr
        assert b"Traceback" not in ran.stderr


def test_it_is_written_in_the_language_of_python_3_9_and_imports_nothing_of_ours() -> None:
    tree = ast.parse(Path(verify.__file__).read_text(encoding="utf-8"), feature_version=(3, 9))
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    imported |= {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    assert {str(name).split(".")[0] for name in imported} <= sys.stdlib_module_names
