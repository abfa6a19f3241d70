#!/usr/bin/env python3
"""The verifier: checks receipts, tallies, heads and exports of Undersigned's public logs, with nothing but this one file.

It needs Python 3.9 or newer and trusts no other part of Undersigned. The formats are public: RFC 6962 (the tree), RFC 8032
(signatures), and c2sp.org's tlog-tiles, tlog-checkpoint, signed-note and tlog-proof.

Exit status: 0, all that was checked is right; 1, something is wrong, incomplete or unreadable; 2, the log forked or went back.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import hashlib
import http.client
import io
import json
import re
import sys
import time
import zlib
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple, NoReturn
from urllib.parse import urlsplit

TIMEOUT_S, DEADLINE_S, ATTEMPTS, RETRY_S, FETCHERS = 20, 120, 3, 2.0, 8
NOTE_BYTES_MAX, RECEIPT_BYTES_MAX, JSON_BYTES_MAX, ROW_BYTES_MAX = 2**18, 2**19, 2**22, 2**17
ENTRY_BYTES_MAX, ENTRIES_MAX, WIDTH = 2**10, 2**26, 256
NUMBER = r"(0|[1-9][0-9]{0,17})"
ADD, SUB, SUM = 2, 4, 7
ROW = ("origin", "statement_sha256", "kind", "identity")
GRAMMAR = re.compile(
    r"undersigned/v1 (?:add (individual|organisation)\n([A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=)"
    rf"|sub {NUMBER} (withdrawn|duplicate|fraud|error)|(sum|seal) {NUMBER} {NUMBER}"
    rf"|open\nstatement sha256:([0-9a-f]{{64}})(\nprevious [!-~]+ {NUMBER} [A-Za-z0-9+/]{{43}}=)?)\n".encode()
)

MEANING = {
    "receipt": """
What this proves: whoever holds the log's key signed a log in which this entry stands. It counts exactly the party above, and
can't be taken out without showing you another log than others. What it doesn't: that the entry still counts (`tally` replays
what came later), that everybody is shown this log (`watch`), or who the mailbox belongs to.""",
    "tally": """
What this proves: the numbers are what the log's signed entries add up to, nothing was subtracted in silence, and whoever
holds the key is bound to these entries. What it doesn't: that a person stands behind each entry (entries bear no names; the
sample audit is for that), or that others are shown this log (compare the checkpoint with theirs, and watch it).""",
    "watch": """
What this proves: since you last looked, entries were only added; none was changed or removed. What it doesn't: that others
are shown this log (compare the checkpoint with theirs), or that the entries keep the rules (`tally` replays them).""",
    "export": """
What this proves: each row was fixed in the log before you got it, and none counts twice. What it doesn't: that the mailboxes
belong to whom the rows name, or that the rows are all there are (compare the numbers).""",
}


class Wrong(Exception):
    """Something is wrong, missing or unreadable; the message says what."""


class Missing(Wrong):
    """There is nothing at that address."""


class Incomplete(Wrong):
    """All that is there agrees, but some of what was signed is not there."""


class Fork(Exception):
    """The log took back what it had signed; the message holds the evidence."""


class Key(NamedTuple):
    """A log's public key (32 bytes), the name it signs under, the four bytes it is known by, and all that as text."""

    name: str
    id: bytes
    public: bytes
    vkey: str


class Checkpoint(NamedTuple):
    """A signed head: the log's origin, its size in entries, its root (32 bytes), and the note that says so."""

    origin: str
    size: int
    root: bytes
    note: str


# Signatures -----------------------------------------------------------------------------------------------------------

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
Point = tuple[int, int, int, int]


def _add(p: Point, q: Point) -> Point:
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def _times(scalar: int, p: Point) -> Point:
    total = (0, 1, 1, 0)
    while scalar:
        total = _add(total, p) if scalar & 1 else total
        p, scalar = _add(p, p), scalar >> 1
    return total


def _decode_point(data: bytes) -> Point:
    """The point that 32 bytes encode (RFC 8032, section 5.1.3). Raises Wrong."""
    number = int.from_bytes(data, "little")
    sign, y = number >> 255, number % 2**255
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if y >= P or (x * x - square) % P or (not x and sign):
        raise Wrong("That is not an Ed25519 key.")
    x = P - x if x % 2 != sign else x
    return x, y, 1, x * y % P


BASE = _decode_point((4 * pow(5, -1, P) % P).to_bytes(32, "little"))


def ed25519_verifies(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether an Ed25519 signature is right (RFC 8032, section 5.1.7); never under a key that anyone could sign for."""
    try:
        point = _decode_point(public)
    except Wrong:
        return False
    scalar = int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or scalar >= ORDER or not _times(8, point)[0]:
        return False
    challenge = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % ORDER
    x, y, z, _ = _add(_times(scalar, BASE), _times(challenge, (P - point[0], point[1], 1, P - point[3])))
    inverse = pow(z, -1, P)
    return ((y * inverse % P) | ((x * inverse % P) % 2) << 255).to_bytes(32, "little") == signature[:32]


def decode(text: str, length: int | None = None) -> bytes:
    """The bytes behind base64 (RFC 4648), written the one right way. Raises Wrong."""
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        data = b""
    if not data or base64.b64encode(data).decode() != text or len(data) != (length or len(data)):
        raise Wrong("Something that should be base64 isn't, or has the wrong length.")
    return data


def as_text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise Wrong("Something that should be UTF-8 text isn't.") from None


def plain(text: object) -> str:
    """Text that can't play tricks on a terminal."""
    return "".join(char if char.isprintable() or char == "\n" else "?" for char in str(text))


def parse_vkey(text: str) -> Key:
    """The Ed25519 key that a vkey names (signed-note). Raises Wrong."""
    name, _, rest = text.strip().partition("+")
    claimed, _, encoded = rest.partition("+")
    blob = decode(encoded, 33)
    key_id = hashlib.sha256(name.encode() + b"\n" + blob).digest()[:4]
    if not name or re.search(r"\s", name) or blob[:1] != b"\1" or key_id.hex() != claimed:
        raise Wrong("That is not the vkey of an Ed25519 key: <name>+<8 hex digits>+<base64>.")
    return Key(name, key_id, blob[1:], text.strip())


def open_checkpoint(note: str, key: Key | None) -> Checkpoint:
    """The checkpoint in a signed note; without a key, what it claims. Raises Wrong unless the key signed it."""
    text, _, lines = note.rpartition("\n\n")
    match = re.fullmatch(rf"([^\n]+)\n{NUMBER}\n([^\n]+)((?:\n[^\n]+)*)", text)
    if not match or not lines.endswith("\n") or re.search(r"[\0-\x09\x0b-\x1f]", note) or len(note) > NOTE_BYTES_MAX:
        raise Wrong("That is not a signed checkpoint.")
    checkpoint = Checkpoint(match[1], int(match[2]), decode(match[3], 32), note)
    signatures = []
    for line in lines[:-1].split("\n", 99):
        dash, _, rest = line.partition(" ")
        name, _, encoded = rest.partition(" ")
        blob = decode(encoded)
        if dash != "—" or not name or len(blob) < 5 or "\n" in line:
            raise Wrong("A signature line of the checkpoint is malformed.")
        if key and (name, blob[:4]) == (key.name, key.id):
            signatures.append(blob[4:])
    if not key:
        return checkpoint
    if key.name != checkpoint.origin:
        raise Wrong(f"The key is of {key.name}, the checkpoint of {checkpoint.origin}: another log, or one begun anew.")
    if not signatures:
        raise Wrong("The checkpoint carries no signature of the key.")
    if not all(ed25519_verifies(key.public, f"{text}\n".encode(), signature) for signature in signatures):
        raise Wrong("The checkpoint's signature is wrong: the log's key didn't sign this.")
    return checkpoint


# The tree -------------------------------------------------------------------------------------------------------------


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


def merge(hashes: list[bytes]) -> bytes:
    """The root over hashes of equal subtrees, of which the last may be a smaller one (RFC 6962, section 2.1)."""
    sha256 = hashlib.sha256
    while len(hashes) > 1:
        odd = hashes[len(hashes) & ~1 :]
        hashes = [sha256(b"\1" + hashes[at] + hashes[at + 1]).digest() for at in range(0, len(hashes) - 1, 2)] + odd
    return hashes[0] if hashes else hashlib.sha256(b"").digest()


def inclusion_root(index: int, size: int, node: bytes, proof: list[bytes]) -> bytes:
    """The root that a leaf's hash and its proof lead to (RFC 6962, section 2.1.1). Raises Wrong."""
    if index >= size or (size > 1) != bool(proof):
        raise Wrong("The proof doesn't fit the entry's place in the log.")
    if size == 1:
        return node
    middle = 1 << (size - 1).bit_length() - 1
    if index < middle:
        return node_hash(inclusion_root(index, middle, node, proof[:-1]), proof[-1])
    return node_hash(proof[-1], inclusion_root(index - middle, size - middle, node, proof[:-1]))


def roots(log: Log, old: int, new: int) -> tuple[bytes, bytes]:
    """The roots of the first `old` and of all `new` entries, both from the same hashes out of the log's tiles. So if both are
    as signed, the one log begins the other: what a consistency proof shows (RFC 6962, section 2.1.2). Raises Wrong.
    """

    def both(start: int, end: int) -> tuple[bytes, bytes]:
        count = end - start
        if count & (count - 1) == 0 and not start < old < end:
            level, inner = divmod(count.bit_length() - 1, 8)
            tile, first = divmod((start // count) << inner, WIDTH)
            hashes = log.tile(level, tile, min((new >> 8 * level) - tile * WIDTH, WIDTH))
            node = merge([hashes[at * 32 : at * 32 + 32] for at in range(first, first + (1 << inner))])
            return node, node
        middle = start + (1 << (count - 1).bit_length() - 1)
        left, right = both(start, middle), both(middle, end)
        return left[0] if old <= middle else node_hash(left[0], right[0]), node_hash(left[1], right[1])

    first, second = both(0, new) if new else (merge([]), merge([]))
    return first if old else merge([]), second


# Reading a log --------------------------------------------------------------------------------------------------------


class Log:
    """A log as tlog-tiles serves it, at an http(s) address or in a directory of the same shape. Every read is bounded."""

    def __init__(self, where: str) -> None:
        self._tiles: dict[tuple[int, int], bytes] = {}
        self._idle: deque[http.client.HTTPConnection] = deque()
        self.directory = None if re.match("https?://", where) else Path(where)
        url = urlsplit(where)
        self.site = f"{url.scheme}://{url.netloc}"
        self.path = re.sub(r"/(checkpoint)?$", "", re.sub(r"/s/([a-z0-9-]+)(/.*)?$", r"/log/\1", url.path))
        self.name = str(self.directory or self.site + self.path)

    def read(self, name: str, limit: int) -> bytes:
        """A file under the log, of at most `limit` bytes. Raises Missing or Wrong."""
        if not self.directory:
            return self.fetch(f"{self.path}/{name}", limit)
        try:
            with (self.directory / name).open("rb") as file:
                return self._bounded(file.read(limit + 1), name, limit)
        except FileNotFoundError:
            raise Missing(f"{name} doesn't exist.") from None

    def fetch(self, path: str, limit: int) -> bytes:
        """What the log's site has at a path. Raises Missing or Wrong."""
        for attempt in range(ATTEMPTS):
            time.sleep(attempt * RETRY_S)
            try:
                return self._fetch(path, limit)
            except (OSError, http.client.HTTPException) as error:
                problem = f"{type(error).__name__}: {error}"
        raise Wrong(f"{self.site}{path} can't be read: {problem}")

    def _fetch(self, path: str, limit: int) -> bytes:
        secure, host = self.site.startswith("https"), self.site.partition("//")[2]
        kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        connection = self._idle.pop() if self._idle else kind(host, timeout=TIMEOUT_S)
        try:
            data = self._answer(connection, path, limit)
        except BaseException:
            connection.close()
            raise
        self._idle.append(connection)
        return data

    def _answer(self, connection: http.client.HTTPConnection, path: str, limit: int) -> bytes:
        connection.request("GET", path, headers={"Accept-Encoding": "gzip, identity", "Cache-Control": "no-cache"})
        response, deadline, data = connection.getresponse(), time.monotonic() + DEADLINE_S, b""
        if response.status != 200:
            if response.status >= 500 or response.status == 429:
                raise http.client.HTTPException(f"status {response.status}")
            if response.status in (404, 410):
                raise Missing(f"{self.site}{path} doesn't exist.")
            moved = f" It points to {response.getheader('Location')}." if response.getheader("Location") else ""
            raise Wrong(f"{self.site}{path} answers with status {response.status}.{moved}")
        while len(data) <= limit and (chunk := response.read1(2**16)):
            data += chunk
            if time.monotonic() > deadline:
                raise Wrong(f"{self.site}{path} takes longer than {DEADLINE_S} s.")
        self._bounded(data, path, limit)
        response.close()  # or the connection could not be used again
        if response.getheader("Content-Encoding") == "gzip":
            try:
                data = zlib.decompressobj(31).decompress(data, limit + 1)
            except zlib.error:
                raise Wrong(f"{self.site}{path} should be gzip and isn't.") from None
        return self._bounded(data, path, limit)

    def close(self) -> None:
        while self._idle:
            self._idle.pop().close()

    def _bounded(self, data: bytes, name: str, limit: int) -> bytes:
        if len(data) > limit:
            raise Wrong(f"{name} is larger than {limit} bytes.")
        return data

    def _piece(self, kind: str, index: int, width: int, limit: int) -> bytes:
        """A tile or bundle; where a partial one is gone, the full one that took its place."""
        *above, last = (group.zfill(3) for group in f"{index:,}".split(","))
        name = f"tile/{kind}/" + "".join(f"x{group}/" for group in above) + last
        try:
            return self.read(f"{name}.p/{width}" if width < WIDTH else name, limit)
        except Missing:
            return self.read(name, limit)

    def tile(self, level: int, index: int, width: int) -> bytes:
        """A tile of `width` hashes. Raises Wrong."""
        if (level, index) not in self._tiles:
            self._tiles[level, index] = self._piece(str(level), index, width, WIDTH * 32)[: width * 32]
        if len(self._tiles[level, index]) < width * 32:
            raise Wrong(f"Tile {index} of level {level} has fewer than {width} hashes.")
        return self._tiles[level, index]

    def bundle(self, index: int, width: int) -> list[bytes]:
        """The first `width` entries of a bundle. Raises Wrong."""
        data, entries, at = self._piece("entries", index, width, WIDTH * (ENTRY_BYTES_MAX + 2)), [], 0
        for _ in range(width):
            end = at + 2 + int.from_bytes(data[at : at + 2], "big")
            entries.append(data[at + 2 : end])
            at = end
        if at > len(data):
            raise Wrong(f"Bundle {index} has fewer than {width} entries.")
        return entries

    def bundles(self, size: int) -> Iterator[list[bytes]]:
        """The bundles of the first `size` entries in order, several fetched at once. Raises Wrong."""
        pool, waiting = ThreadPoolExecutor(1 if self.directory else FETCHERS), deque[Future[list[bytes]]]()
        try:
            for index in range((size + WIDTH - 1) // WIDTH):
                waiting.append(pool.submit(self.bundle, index, min(WIDTH, size - index * WIDTH)))
                if len(waiting) > 4 * FETCHERS:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)

    def key(self, given: str | None, remembered: str | None = None) -> Key:
        """The key to trust: the one given, the one remembered, or for want of those the log's own word. Raises Wrong."""
        vkey, why = given or remembered, "as you gave it" if given else "as remembered"
        if not vkey:
            vkey = as_text(self.read("key", 2**10)).strip()
            why = "on the log's own word: compare it with one from elsewhere, and give it with --key"
        say("Key", f"{vkey}, {why}")
        return parse_vkey(vkey)

    def checkpoint(self, key: Key) -> Checkpoint:
        """The signed head, now. Raises Wrong unless the key signed it."""
        return open_checkpoint(as_text(self.read("checkpoint", NOTE_BYTES_MAX)), key)


# Replaying a log ------------------------------------------------------------------------------------------------------


class Ledger:
    """What a log's entries add up to so far. `adds` has None for entries of other forms; `counted` says which still count.
    `marked` is what the numbers were when the log had `mark` entries, if a batch ended there.
    """

    def __init__(self, mark: int = -1) -> None:
        self.adds: list[bytes | None] = []
        self.counted = bytearray()
        self.net = {ord("i"): 0, ord("o"): 0}
        self.taken_back = {"withdrawn": 0, "duplicate": 0, "fraud": 0, "error": 0}
        self.statement = self.previous = ""
        self.closed, self.sealed, self.sum_count = True, False, 0
        self.mark, self.marked = mark, None if mark else self.numbers()

    def numbers(self) -> dict[str, int]:
        return {"individuals": self.net[ord("i")], "organisations": self.net[ord("o")], **self.taken_back}

    def apply(self, entries: list[bytes]) -> None:
        """Takes over more entries. Raises Wrong at one that breaks a rule. A million may pass: this loop sets the pace."""
        adds, counted, net, match = self.adds, self.counted, self.net, GRAMMAR.fullmatch
        for index, entry in enumerate(entries, len(adds)):
            found = match(entry)
            form = found.lastindex if found else None
            if not found or not form or self.sealed or (form > SUM) != (not index):
                raise Wrong(f"Entry {index} is none that may stand there.")
            if form == ADD:
                net[entry[19]] += 1
            elif form == SUB:
                earlier = int(found[3])
                taken = adds[earlier] if earlier < index and counted[earlier] else None
                if not taken:
                    raise Wrong(f"Entry {index} takes back entry {earlier}, which doesn't count.")
                counted[earlier] = 0
                net[taken[19]] -= 1
                self.taken_back[found[4].decode()] += 1
            elif form == SUM:
                self._sum(index, found)
            else:
                self.statement, self.previous = found[8].decode(), (found[9] or b"").decode().strip()
            adds.append(entry if form == ADD else None)
            counted.append(form == ADD)
            self.closed = form == SUM

    def _sum(self, index: int, found: re.Match[bytes]) -> None:
        claimed, counts = (int(found[6]), int(found[7])), tuple(self.net.values())
        if claimed != counts:
            raise Wrong(f"Entry {index} says {claimed} individuals and organisations, the entries before it {counts}.")
        self.sealed, self.sum_count = found[5] == b"seal", self.sum_count + 1
        if index + 1 == self.mark:
            self.marked = self.numbers()

    def close(self) -> None:
        """Checks what only shows at the end. Raises Wrong."""
        if not self.closed:
            raise Wrong("The last entry is no sum, so the log doesn't say what it adds up to.")
        commitments = [entry[-45:] for index, entry in enumerate(self.adds) if entry and self.counted[index]]
        if len(set(commitments)) < len(commitments):
            raise Wrong("One commitment counts twice.")


def replay(log: Log, checkpoint: Checkpoint, mark: int = -1) -> Ledger:
    """Reads every entry under a checkpoint. Raises Wrong unless they hash to its root and keep the rules."""
    if checkpoint.size > ENTRIES_MAX:
        raise Wrong(f"{checkpoint.size:,} entries are more than this program reads.")
    sha256, ledger, nodes, fault, done, shown_at = hashlib.sha256, Ledger(mark), [], "", 0, 0.0
    for entries in log.bundles(checkpoint.size):
        nodes.append(merge([sha256(b"\0" + entry).digest() for entry in entries]))
        done += len(entries)
        try:
            # After a fault it reads on: only if the root is right did the log say this, and not the way here.
            if not fault:
                ledger.apply(entries)
                if done == checkpoint.size:
                    ledger.close()
        except Wrong as error:
            fault = str(error)
        if sys.stderr.isatty() and (time.monotonic() > shown_at + 0.1 or done == checkpoint.size):
            shown_at, end = time.monotonic(), "\n" if done == checkpoint.size else ""
            print(f"\r{done:,} of {checkpoint.size:,} entries", end=end, file=sys.stderr, flush=True)
    if merge(nodes) != checkpoint.root:
        raise Wrong(
            "The entries don't hash to the root that was signed. Ask again: if it stays so, they aren't what was."
        )
    if fault:
        raise Wrong(f"{fault} The log's key signed that: keep its entries and this note as proof.\n\n{checkpoint.note}")
    say("Log", f"{checkpoint.origin}, read at {log.name}")
    say(
        "Entries",
        f"{done:,}, and they hash to the root that the key signed: {base64.b64encode(checkpoint.root).decode()}",
    )
    say("Rules", f"kept: the {ledger.sum_count:,} sums in the log are each what the entries before them add up to")
    return ledger


# What can be asked ----------------------------------------------------------------------------------------------------


def say(what: str, how: str) -> None:
    print(plain(f"{what:<12}{how}"))


def commit(origin: str, statement: str, kind: str, identity: str, salt: bytes) -> bytes:
    """The `add` entry that these open."""
    claim = f"{origin}\n{statement}\n{kind}\n{identity}\n".encode()
    commitment = hashlib.sha256(b"undersigned/v1 commitment\n" + salt + hashlib.sha256(claim).digest()).digest()
    return f"undersigned/v1 add {kind}\n{base64.b64encode(commitment).decode()}\n".encode()


def receipt(file: str, vkey: str | None) -> None:
    """Checks a `.tlog-proof`, offline."""
    with Path(file).open("rb") as opened:
        text = as_text(opened.read(RECEIPT_BYTES_MAX))
    head, _, note = text.partition("\n\n")
    match = re.fullmatch(rf"c2sp\.org/tlog-proof@v1\nextra ([^\n]+)\nindex {NUMBER}((?:\n[^\n]+)*)", head)
    extra = as_text(decode(match[1])) if match else ""
    opening = re.fullmatch(
        r"undersigned/v1 opening\n(.+)\n(.+)\n([0-9a-f]{64})\n(individual|organisation)\n([^\n]+)\n", extra
    )
    if not match or not opening:
        raise Wrong("That is not a receipt.")
    index, proof = int(match[2]), [decode(line, 32) for line in match[3].split("\n")[1:]]
    salt, origin, statement, kind, identity = opening.groups()
    claimed = open_checkpoint(note, None)
    leaf = hashlib.sha256(b"\0" + commit(origin, statement, kind, identity, decode(salt, 32))).digest()
    if origin != claimed.origin or inclusion_root(index, claimed.size, leaf, proof) != claimed.root:
        raise Wrong("What the receipt opens is not under the root of its checkpoint.")
    say("Opens", f"{kind} {identity}, who endorsed the statement with SHA-256 {statement}")
    say("Entry", f"{index:,} of {claimed.size:,} in the log {origin}: opening, entry and proof lead to its root")
    if not vkey:
        raise Wrong(
            "The signature was NOT CHECKED, and without it anyone could have made this file. Give the log's key with --key: "
            f"the log shows it at https://{origin}/key, better still is one that you noted earlier."
        )
    open_checkpoint(note, parse_vkey(vkey))
    say("Signature", "right, under the key you gave")


def published(log: Log, what: str) -> dict[str, Any]:
    """A JSON object that the site shows beside the log, empty if it can't be had."""
    prefix, _, slug = log.path.rpartition("/log/")
    path = f"{prefix}/v1/statements/{slug.partition('/')[0]}{what}"
    try:
        found = json.loads(log.fetch(path, JSON_BYTES_MAX)) if slug and not log.directory else None
    except (Wrong, ValueError, RecursionError):
        found = None
    return found if isinstance(found, dict) else {}


def how_it_ended(log: Log) -> dict[str, Any]:
    """What is published about the end of a log that another one followed; empty if this one goes on."""
    try:
        found = json.loads(log.read("ended", JSON_BYTES_MAX))
    except (Missing, ValueError, RecursionError):
        found = None
    return found if isinstance(found, dict) else {}


def compare_earlier(log: Log, cited: str) -> None:
    """Checks that the log which a later one follows ended as that cites, and that its own key signed it. Raises Wrong."""
    origin, size, root = cited.split()[1:]
    here, number = (re.fullmatch(r"(.*/log/[^/]+)(?:/([0-9]+))?", text) for text in (log.path, origin))
    try:
        if log.directory or not here or not number:
            raise Missing("It is not beside this one.")
        with contextlib.closing(Log(f"{log.site}{here[1]}/{number[2] or 0}")) as earlier:
            key = parse_vkey(as_text(earlier.read("key", 2**10)))
            last = earlier.checkpoint(key)
    except Missing as error:
        say("Began anew", f"after a log that ended as: {cited}; NOT COMPARED with that log: {error}")
        return
    if (last.origin, last.size, last.root) != (origin, int(size), decode(root, 32)):
        raise Wrong(f"The log says that it follows {cited}. That log's last checkpoint is another:\n\n{last.note}")
    say(
        "Began anew",
        f"after a log that ended as: {cited}; its last checkpoint says so too, signed by its key {key.vkey}",
    )


def tally(log: Log, vkey: str | None) -> None:
    """Replays a log from its first entry, and compares what it adds up to with what is published."""
    key, statement, ended = log.key(vkey), published(log, ""), how_it_ended(log)
    shown = ended or published(log, "/tally")
    mark, last = shown.get("log_size"), log.checkpoint(key)
    checkpoint = last
    if ended:
        say("Ended", f"with {last.size:,} signed entries; {ended.get('log_followed_by')} follows it")
        if last.note != ended.get("last_checkpoint"):
            raise Wrong(f"What is published of its end cites another last checkpoint: {ended.get('last_checkpoint')}")
        if isinstance(ended.get("log_checkpoint"), str):
            checkpoint = open_checkpoint(ended["log_checkpoint"], key)
    ledger = replay(log, checkpoint, mark if isinstance(mark, int) else -1)
    numbers = [f"{name} {count:,}" for name, count in ledger.numbers().items()]
    say("Counted", ", ".join(numbers[:2]) + (", sealed" if ledger.sealed else ""))
    say("Taken back", ", ".join(numbers[2:]))
    if ledger.previous:
        compare_earlier(log, ledger.previous)
    elsewhere = shown.get("log_origin", checkpoint.origin)
    if elsewhere != checkpoint.origin and shown.get("log_followed_by") == checkpoint.origin:
        say(
            "Published",
            f"NOT COMPARED: this log began anew and is still adding everybody again; until it is whole, the site shows the last "
            f"numbers of the log before it, {elsewhere}: check that one, and this one again later",
        )
    elif elsewhere != checkpoint.origin:
        say(
            "Published",
            f"NOT COMPARED: the tally is that of another log, {elsewhere}, and nothing says that this one ended",
        )
    elif not isinstance(mark, int) or mark > checkpoint.size:
        say("Published", "NOT COMPARED: no tally could be read, or it is newer than the checkpoint")
    else:
        found = {**shown, **(shown["rejected"] if isinstance(shown.get("rejected"), dict) else {})}
        # A log that began anew doesn't repeat what the one before it took back.
        names = [name for name in ledger.numbers() if name.endswith("s") or not ledger.previous]
        says = {name: found[name] for name in names if isinstance(found.get(name), int)}
        if not ledger.marked or says != {name: ledger.marked[name] for name in names}:
            raise Wrong(
                f"The published tally of {mark:,} entries says {says}, the log {ledger.marked or 'has no sum there'}."
            )
        say("Published", f"the {'final ' if ended else ''}tally of {mark:,} entries says the same as the log")
    if "text" not in statement:
        say("Text", f"SHA-256 {ledger.statement}, NOT COMPARED: no text could be read")
    elif hashlib.sha256(str(statement["text"]).encode()).hexdigest() == ledger.statement:
        say("Text", f"SHA-256 {ledger.statement}, as the site shows it")
    else:
        raise Wrong(f"The log counts endorsements of a text with SHA-256 {ledger.statement}; the site shows another.")
    if checkpoint.size < last.size:
        raise Incomplete(
            f"INCOMPLETE: of the {last.size:,} entries that were signed, the last {last.size - checkpoint.size:,} are not kept "
            f"any more, and nobody can say what they were. What stands above was checked of the first {checkpoint.size:,}."
        )


def watch(log: Log, vkey: str | None, state: str) -> None:
    """Compares the head with the one seen last time, and remembers it if entries were only added."""
    file = Path(state)
    vkey_seen, _, note_seen = (file.read_text(encoding="utf-8") if file.exists() else "").partition("\n")
    key = log.key(vkey, vkey_seen)
    old = open_checkpoint(note_seen, key) if note_seen else Checkpoint(key.name, 0, merge([]), "")
    for _ in range(ATTEMPTS):
        new = log.checkpoint(key)
        if new.size >= old.size:
            break
        time.sleep(RETRY_S)
    both = f"Keep both notes:\n\n{old.note}\n{new.note}"
    if new.size < old.size:
        raise Fork(
            f"The log WENT BACK from {old.size:,} entries to {new.size:,}. It may be a cache with an old head: ask again. If it "
            f"stays so, entries that were signed are withheld. {both}"
        )
    # Two roots for one size need no tiles to convict the log.
    first, second = (new.root, new.root) if note_seen and new.size == old.size else roots(log, old.size, new.size)
    if second != new.root:
        raise Wrong("The log's tiles don't hash to the root it signed: nothing can be said about its past. Ask again.")
    if first != old.root:
        raise Fork(
            f"The log FORKED: its first {old.size:,} entries were signed under one root and now have another. The key signed "
            f"both notes, and no honest log does. {both}"
        )
    part = file.with_name(f"{file.name}.part")
    part.write_text(f"{key.vkey}\n{new.note}", encoding="utf-8")
    part.replace(file)
    say("Log", f"{new.origin}, read at {log.name}")
    say(
        "Then",
        f"{old.size:,} entries" if note_seen else "nothing: this is the first look; the next is compared with it",
    )
    say("Now", f"{new.size:,} entries, root {base64.b64encode(new.root).decode()}, signed by the key")


def export(log: Log, vkey: str | None, file: str) -> None:
    """Checks that each row of an export (a JSON object a line) opens an entry of the log, and that none counts twice."""
    checkpoint = log.checkpoint(log.key(vkey))
    ledger = replay(log, checkpoint)
    indexes, parties = set(), set()
    with Path(file).open("rb") as rows:
        for number, line in enumerate(iter(lambda: rows.readline(ROW_BYTES_MAX), b""), 1):
            try:
                row = json.loads(line)
                index, salt = int(row["log_index"]), decode(row["salt"], 32)
                origin, statement, kind, identity = (str(row[name]) for name in ROW)
            except (ValueError, TypeError, KeyError, RecursionError, Wrong):
                raise Wrong(f"Row {number} is no JSON object with log_index, salt, {', '.join(ROW)}.") from None
            if (origin, statement) != (checkpoint.origin, ledger.statement):
                raise Wrong(f"Row {number} is of another log or statement.")
            entry = commit(origin, statement, kind, identity, salt)
            if not 0 <= index < checkpoint.size or ledger.adds[index] != entry:
                raise Wrong(f"Row {number} doesn't open entry {index} of {checkpoint.size}.")
            if index in indexes or (ledger.counted[index] and (kind, identity) in parties):
                raise Wrong(f"Row {number} is a second one of its entry, or of an endorser who would count twice.")
            indexes.add(index)
            if ledger.counted[index]:
                parties.add((kind, identity))
    say("Rows", f"{len(indexes):,}, and each opens its entry")
    say(
        "Counting",
        f"{len(parties):,} of these rows, of {sum(ledger.counted):,} entries that count; others were taken back",
    )


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        # argparse would exit with 2, which here says that the log forked.
        raise Wrong(f"{message}\n{self.format_usage()}")


def main(argv: list[str]) -> int:
    """Runs one command and returns its exit status."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    parser = _Parser(prog="verify", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True, metavar="receipt | tally | watch | export")
    where = "a statement's page, its log's address (https://…/log/…), or a directory that holds the log"
    for run, name in ((receipt, "file"), (tally, "where"), (watch, "where"), (export, "file")):
        command = commands.add_parser(run.__name__, help=run.__doc__, description=run.__doc__)
        command.add_argument(name, metavar="FILE" if name == "file" else "URL", help=where if name == "where" else None)
        command.add_argument("--key", dest="vkey", metavar="VKEY", help="the log's public key, in vkey form")
        command.set_defaults(run=run)
        if run is watch:
            command.add_argument("--state", required=True, metavar="FILE", help="where the last head is remembered")
        if run is export:
            command.add_argument("--log", dest="where", required=True, metavar="URL", help=where)
    try:
        options = vars(parser.parse_args(argv))
        run = options.pop("run")
        with contextlib.closing(Log(options.pop("where", ""))) as log:
            run(*[] if run is receipt else [log], **options)
        print(MEANING[run.__name__])
    except Fork as fork:
        print(plain(fork))
        return 2
    except (Wrong, OSError, ValueError, RecursionError) as error:
        verdict = "" if isinstance(error, Incomplete) else "WRONG: "
        print(plain(f"{verdict}{error}"), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
