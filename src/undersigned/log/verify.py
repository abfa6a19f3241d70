#!/usr/bin/env python3
"""The verifier: checks receipts, tallies, heads and exports of Undersigned's public logs, with nothing but this one file.

It needs Python 3.9 or newer and trusts no other part of Undersigned. The formats are public: RFC 6962 (the tree), RFC 8032
(signatures), and c2sp.org's tlog-tiles, tlog-checkpoint, signed-note and tlog-proof.

Exit status: 0, all that was asked for was compared and is right; 1, something is wrong, unreadable or could not be compared;
2, the log forked or went back. What that proves, and what it doesn't, is printed only behind a 0.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import contextlib
import hashlib
import http.client
import io
import json
import re
import socket
import ssl
import sys
import time
import zlib
from array import array
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple, NoReturn
from urllib.parse import urlsplit

DEADLINE_S, CONNECT_S, ATTEMPTS, RETRY_S, FETCHERS = 60.0, 10.0, 3, 2.0, 8
# Caches may keep a tally for 15 s. Asked again after 2, 4, 8 and 16 s more, one that is still old is wrong.
LOOKS = 5
NOTE_BYTES_MAX, RECEIPT_BYTES_MAX, JSON_BYTES_MAX, ROW_BYTES_MAX = 2**18, 2**19, 2**22, 2**17
ENTRY_BYTES_MAX, ENTRIES_MAX, WIDTH = 2**10, 2**24, 256
NUMBER = r"(0|[1-9][0-9]{0,17})"
HASH = "[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]="
ADD, SUB, SUM = 2, 4, 7
ROW = ("origin", "statement_sha256", "kind", "identity")
GRAMMAR = re.compile(
    rf"undersigned/v1 (?:add (individual|organisation)\n({HASH})"
    rf"|sub {NUMBER} (withdrawn|duplicate|fraud|error)|(sum|seal) {NUMBER} {NUMBER}"
    rf"|open\nstatement sha256:([0-9a-f]{{64}})(\nprevious [!-~]+ {NUMBER} {HASH})?)\n".encode()
)

MEANING = {
    "receipt": """
What this proves: whoever holds the log's key signed a log in which this entry stands. It counts exactly the party above, and
can't be taken out without showing you another log than others. What it doesn't: that the entry still counts (`tally` replays
what came later), that everybody is shown this log (`watch`), or who the mailbox belongs to.""",
    "tally": """
What this proves: the numbers that the site shows are what the log's signed entries add up to, nothing was subtracted in
silence, and whoever holds the key is bound to these entries. Every organisation that counts is named on the site, and none
twice. What it doesn't: that a person stands behind each entry (entries bear no names; the sample audit is for that), or that
others are shown this log and these numbers (compare the checkpoint with theirs, and watch it).""",
    "ended": """
What this proves: the numbers that the site gives for the end of this log are what its signed entries add up to, and the log
that followed cites that end. What it doesn't: what is counted today (check the log that followed), who its organisations were
(what opened their entries ended with it), or that others are shown this log.""",
    "files": """
What this proves: the numbers above are what the log's signed entries add up to, nothing was subtracted in silence, and
whoever holds the key is bound to these entries. What it doesn't: that any site shows these numbers, this text or these
organisations, which nobody asked for here (leave out --files-only), or that others are shown this log.""",
    "watch": """
What this proves: since you last looked, entries were only added; none was changed or removed. What it doesn't: that others
are shown this log (compare the checkpoint with theirs), or that the entries keep the rules (`tally` replays them).""",
    "export": """
What this proves: each row was fixed in the log before you got it, and none counts twice. What it doesn't: that the mailboxes
belong to whom the rows name, or that the rows are all there are (compare the numbers).
"Whole" says that nothing was cut from the file, not that nobody wrote it anew.""",
}

WITNESSED = """
And the witnesses that your policy names saw this log when it says so: as far as they are honest and independent of the log,
whoever asks them is shown the same entries. What came later than what they saw is on the log's key alone."""


class Wrong(Exception):
    """Something is wrong, missing or unreadable; the message says what."""


class Missing(Wrong):
    """There is nothing at that address."""


class Incomplete(Wrong):
    """All that was compared agrees, but not all could be compared; the message says what was not."""


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

    @property
    def cited(self) -> str:
        """As the `open` of a log that begins anew behind it cites it."""
        return f"{self.origin} {self.size} {base64.b64encode(self.root).decode()}"


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


def decode_key(public: bytes) -> Point:
    """The point that an Ed25519 key is. Raises Wrong if it is none, or one of the eight that anyone can sign for."""
    point = _decode_point(public)
    if not _times(8, point)[0]:
        raise Wrong("That key proves nothing: it is one of the few that anyone can sign for.")
    return point


def ed25519_verifies(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether an Ed25519 signature is right (RFC 8032, section 5.1.7); never under a key that anyone could sign for."""
    try:
        point = decode_key(public)
    except Wrong:
        return False
    scalar = int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or scalar >= ORDER:
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


def names_a_key(name: str) -> bool:
    return bool(name) and not re.search(r"[\s+\0-\x1f]", name)


def parse_vkey(text: str) -> Key:
    """The Ed25519 key that a vkey names (signed-note). Raises Wrong."""
    name, _, rest = text.strip().partition("+")
    claimed, _, encoded = rest.partition("+")
    blob = decode(encoded)
    key_id = hashlib.sha256(name.encode() + b"\n" + blob).digest()[:4]
    if not names_a_key(name) or len(blob) != 33 or blob[:1] != b"\1" or key_id.hex() != claimed:
        raise Wrong("That is not the vkey of an Ed25519 key: <name>+<8 hex digits>+<base64>.")
    decode_key(blob[1:])
    return Key(name, key_id, blob[1:], text.strip())


def open_note(note: str, key: Key | None, what: str) -> str:
    """The text of a signed note; without a key, whoever signed it. Raises Wrong unless the key signed it."""
    text, _, lines = note.rpartition("\n\n")
    if not text or not lines.endswith("\n") or re.search(r"[\0-\x09\x0b-\x1f]", note) or len(note) > NOTE_BYTES_MAX:
        raise Wrong(f"That is not a signed {what}.")
    signatures = []
    for line in lines[:-1].split("\n", 99):
        dash, _, rest = line.partition(" ")
        name, _, encoded = rest.partition(" ")
        blob = decode(encoded)
        if dash != "—" or not names_a_key(name) or len(blob) < 5 or "\n" in line:
            raise Wrong(f"A signature line of the {what} is malformed.")
        if key and (name, blob[:4]) == (key.name, key.id):
            signatures.append(blob[4:])
    if key and not signatures:
        raise Wrong(f"The {what} carries no signature of the key.")
    if key and not all(ed25519_verifies(key.public, f"{text}\n".encode(), signature) for signature in signatures):
        raise Wrong(f"The {what}'s signature is wrong: the log's key didn't sign this.")
    return f"{text}\n"


class Policy:
    """The witnesses that a tlog-policy file names, and how many of them make a quorum. Raises Wrong if it is none."""

    def __init__(self, file: str, max_age: float | None) -> None:
        self.max_age, self.keys, self.groups = max_age, dict[str, Key](), dict[str, tuple[int, list[str]]]()
        self.quorum = ""
        for number, line in enumerate(Path(file).read_text(encoding="utf-8").split("\n"), 1):
            verb, *words = re.findall(r"[^ \t]+", line) or ["#"]
            name, known = words[0] if words else "", {*self.keys, *self.groups, "none"}
            if verb == "witness" and len(words) in (2, 3) and name not in known:
                self.keys[name] = self._key(words[1])
            elif verb == "group" and len(words) > 2 and name not in known:
                self.groups[name] = self._group(words[1], words[2:], known - {"none"})
            elif verb == "quorum" and len(words) == 1 and not self.quorum and name in known:
                self.quorum = name
            elif not verb.startswith("#") and verb != "log":
                raise Wrong(f"Line {number} of the policy means nothing, or names what it can't.")
        if self.quorum in ("", "none"):
            raise Wrong("The policy wants no witness at all: nothing would be checked.")

    def _key(self, vkey: str) -> Key:
        name, _, rest = vkey.partition("+")
        claimed, _, encoded = rest.partition("+")
        key = Key(name, hashlib.sha256(name.encode() + b"\n" + decode(encoded)).digest()[:4], decode(encoded)[1:], vkey)
        kind = decode(encoded)[:1]
        if key.id.hex() != claimed or not names_a_key(name) or kind not in (b"\4", b"\6"):
            raise Wrong(f"The policy has something that is not the vkey of a witness: {vkey}")
        if any(key.public == other.public for other in self.keys.values()):
            raise Wrong("The policy names one witness twice.")
        return key

    def _group(self, enough: str, members: list[str], known: set[str]) -> tuple[int, list[str]]:
        count = {"any": 1, "all": len(members)}.get(enough) or int(enough if re.fullmatch("[0-9]{1,3}", enough) else 0)
        taken = {each for _, named in self.groups.values() for each in named}
        if not 1 <= count <= len(members) or len(set(members)) < len(members) or not set(members) <= known - taken:
            raise Wrong("A group of the policy has another number of members, or members that it can't have.")
        return count, members

    def _met(self, name: str, seen: dict[str, int]) -> bool:
        count, members = self.groups.get(name, (1, []))
        return sum(self._met(each, seen) for each in members) >= count if members else name in seen

    def witnessed(self, checkpoint: Checkpoint) -> str:
        """Who of the witnesses cosigned a head, and how long ago the first of them saw it. Raises Wrong without a quorum.

        Ed25519 alone is checked (`cosignature/v1`): a witness that signs with ML-DSA-44 counts as one that didn't.
        """
        text, lines = open_note(checkpoint.note, None, "checkpoint"), checkpoint.note.rpartition("\n\n")[2]
        names, seen, now = {(key.name, key.id): name for name, key in self.keys.items()}, dict[str, int](), time.time()
        for line in lines.splitlines():
            _, name, encoded = line.split(" ", 2)
            blob = decode(encoded)
            witness, at = names.get((name, blob[:4])), int.from_bytes(blob[4:12], "big")
            if not witness or len(blob) != 76:
                continue
            if not ed25519_verifies(
                self.keys[witness].public, f"cosignature/v1\ntime {at}\n{text}".encode(), blob[12:]
            ):
                raise Wrong(f"The cosignature of {name} is wrong.")
            if at <= now + 300 and (self.max_age is None or now - at <= self.max_age):
                seen[witness] = at
        if not self._met(self.quorum, seen):
            young = "" if self.max_age is None else f" that are no older than {self.max_age:g} s"
            raise Wrong(f"No quorum: of {len(self.keys)} witnesses, {len(seen)} gave cosignatures{young} of this head.")
        return f"{len(seen)} of {len(self.keys)} witnesses, {max(0, now - min(seen.values())):.0f} s ago: " + ", ".join(
            seen
        )


def open_checkpoint(note: str, key: Key | None) -> Checkpoint:
    """The checkpoint in a signed note; without a key, what it claims. Raises Wrong unless the key signed it."""
    match = re.fullmatch(rf"([^\n]+)\n{NUMBER}\n([^\n]+)\n(?:[^\n]+\n)*", open_note(note, None, "checkpoint"))
    if not match:
        raise Wrong("That is not a signed checkpoint.")
    checkpoint = Checkpoint(match[1], int(match[2]), decode(match[3], 32), note)
    if key and key.name != checkpoint.origin:
        raise Wrong(f"The key is of {key.name}, the checkpoint of {checkpoint.origin}: another log, or one begun anew.")
    open_note(note, key, "checkpoint")
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


class Second(NamedTuple):
    """What can check a checkpoint's second signature, ML-DSA-44, and the key for it, if one was given.

    This file has no such thing and passes over that line, as signed-note wants it. `undersigned verify` has: it is given
    that key, the log's own vkeys, one a line, and the note; it returns a sentence, or raises ValueError.
    """

    check: Callable[[str | None, str, str], str]
    vkey: str | None


# Reading a log --------------------------------------------------------------------------------------------------------


class Timed:
    """A socket on which all that is sent and received has to be done by one moment. A server that is slow in any part of its
    answer, a byte at a time, holds nobody longer: each byte waited for has only the time that is left.
    """

    def __init__(self, host: str, port: int, secure: bool, deadline: float) -> None:
        self.deadline = deadline
        self.socket = self._connect(host, port)
        try:
            if secure:
                self.socket = ssl.create_default_context().wrap_socket(self.in_time(), server_hostname=host)
        except BaseException:
            self.socket.close()
            raise

    def _connect(self, host: str, port: int) -> socket.socket:
        problem = OSError(f"{host} has no address")
        for family, kind, protocol, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
            found = socket.socket(family, kind, protocol)
            try:
                found.settimeout(min(CONNECT_S, self.left()))
                found.connect(address)
                return found
            except OSError as error:
                found.close()
                problem = error
        raise problem

    def left(self) -> float:
        """The seconds that are left, more than none. Raises OSError."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise OSError("no time is left")
        return left

    def in_time(self) -> socket.socket:
        """The socket, for one act within the time that is left. Raises OSError."""
        self.socket.settimeout(self.left())
        return self.socket

    # What http.client does with a socket.

    def sendall(self, data: bytes) -> None:
        self.in_time().sendall(data)

    def makefile(self, _: str) -> io.BufferedReader:
        return io.BufferedReader(_Received(self))

    def close(self) -> None:
        self.socket.close()


class _Received(io.RawIOBase):
    """What arrives on a timed socket."""

    def __init__(self, timed: Timed) -> None:
        self._timed, self._raw = timed, timed.socket.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._timed.in_time()
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class Log:
    """A log as tlog-tiles serves it, at an http(s) address or in a directory of the same shape. Every read is bounded."""

    policy: Policy | None = None

    def __init__(self, where: str, entries_max: int = ENTRIES_MAX, second: Second | None = None) -> None:
        self._tiles: dict[tuple[int, int], bytes] = {}
        self._idle: deque[http.client.HTTPConnection] = deque()
        self.entries_max, self.second = entries_max, second
        self.directory = None if re.match("https?://", where) else Path(where)
        self.url = urlsplit(where)
        self.site = f"{self.url.scheme}://{self.url.netloc}"
        self.path = re.sub(r"/(checkpoint)?$", "", re.sub(r"/s/([a-z0-9-]+)(/.*)?$", r"/log/\1", self.url.path))
        self.name = str(self.directory or self.site + self.path)
        place = re.fullmatch(r"(.*)/log/([^/]+)(?:/[0-9]+)?", "" if self.directory else self.path)
        self.prefix, self.slug = place.groups() if place else ("", "")

    def generation(self, number: int) -> Log:
        """The same statement's log of another generation, at its own address. Raises Missing if this one has none."""
        if not self.slug:
            raise Missing("A log without an address of the form …/log/<slug> has none beside it.")
        return Log(f"{self.site}{self.prefix}/log/{self.slug}/{number}", self.entries_max)

    def read(self, name: str, limit: int) -> bytes:
        """A file under the log, of at most `limit` bytes. Raises Missing or Wrong."""
        if not self.directory:
            return self.fetch(f"{self.path}/{name}", limit)
        try:
            with (self.directory / name).open("rb") as file:
                return self._bounded(file.read(limit + 1), name, limit)
        except (FileNotFoundError, NotADirectoryError):
            raise Missing(f"{name} doesn't exist.") from None

    def fetch(self, path: str, limit: int) -> bytes:
        """What the log's site has at a path, all attempts within one deadline. Raises Missing or Wrong."""
        deadline = time.monotonic() + DEADLINE_S
        for attempt in range(ATTEMPTS):
            time.sleep(max(0.0, min(attempt * RETRY_S, deadline - time.monotonic())))
            try:
                return self._fetch(path, limit, deadline)
            except (OSError, http.client.HTTPException) as error:
                problem = f"{type(error).__name__}: {error}"
            if time.monotonic() >= deadline:
                raise Wrong(f"{self.site}{path} takes longer than {DEADLINE_S:g} s ({problem}).")
        raise Wrong(f"{self.site}{path} can't be read: {problem}")

    def _fetch(self, path: str, limit: int, deadline: float) -> bytes:
        connection = self._idle.pop() if self._idle else self._connect(deadline)
        try:
            connection.sock.deadline = deadline  # type: ignore[union-attr]
            data = self._answer(connection, path, limit)
        except BaseException:
            connection.close()
            raise
        if connection.sock:
            self._idle.append(connection)
        return data

    def _connect(self, deadline: float) -> http.client.HTTPConnection:
        secure, host = self.url.scheme == "https", self.url.hostname or ""
        port = self.url.port or (http.client.HTTPS_PORT if secure else http.client.HTTP_PORT)
        connection = http.client.HTTPConnection(self.url.netloc.rpartition("@")[2])
        connection.sock = Timed(host, port, secure, deadline)
        return connection

    def _answer(self, connection: http.client.HTTPConnection, path: str, limit: int) -> bytes:
        connection.request("GET", path, headers={"Accept-Encoding": "gzip, identity", "Cache-Control": "no-cache"})
        response, data = connection.getresponse(), b""
        if response.status != 200:
            if response.status >= 500 or response.status == 429:
                raise http.client.HTTPException(f"status {response.status}")
            if response.status in (404, 410):
                raise Missing(f"{self.site}{path} doesn't exist.")
            moved = f" It points to {response.getheader('Location')}." if response.getheader("Location") else ""
            raise Wrong(f"{self.site}{path} answers with status {response.status}.{moved}")
        while len(data) <= limit and (chunk := response.read1(2**16)):
            data += chunk
        self._bounded(data, path, limit)
        response.close()  # or the connection could not be used again
        if response.getheader("Content-Encoding", "").lower() == "gzip":
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
        if len(self._tiles.get((level, index), b"")) < width * 32:
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

    def bundles(self, start: int, end: int) -> Iterator[list[bytes]]:
        """The entries from `start` to before `end`, a bundle's at a time, several fetched at once. Raises Wrong."""
        pool, waiting = ThreadPoolExecutor(1 if self.directory else FETCHERS), deque[Future[list[bytes]]]()
        skipped = start % WIDTH
        try:
            for index in range(start // WIDTH, (end + WIDTH - 1) // WIDTH):
                waiting.append(pool.submit(self.bundle, index, min(WIDTH, end - index * WIDTH)))
                if len(waiting) > 4 * FETCHERS:
                    yield waiting.popleft().result()[skipped:]
                    skipped = 0
            while waiting:
                yield waiting.popleft().result()[skipped:]
                skipped = 0
        finally:
            pool.shutdown(cancel_futures=True)

    def key(self, given: str | None, remembered: str = "", what: str = "Key", option: str = "--key") -> Key:
        """The key to trust: the one given, the one remembered, or for want of those the log's own word. Raises Wrong."""
        vkey, why = given or remembered, "as you gave it" if given else "as remembered"
        if not vkey:
            vkey = as_text(self.read("key", 2**10)).strip()
            why = f"on the log's own word: compare it with one from elsewhere, and give it with {option}"
        key = parse_vkey(vkey)
        say(what, f"{vkey}, {why}")
        return key

    def second_signature(self, head: Checkpoint) -> None:
        """Has the head's second signature checked, where something can that is more than this one file. Raises ValueError."""
        if self.second:
            vkeys = ""
            with contextlib.suppress(Missing):
                vkeys = "" if self.second.vkey else as_text(self.read("keys", 2**14))
            say("Second key", self.second.check(self.second.vkey, vkeys, head.note))

    def checkpoint(self, key: Key) -> Checkpoint:
        """The signed head, now. Raises Wrong unless the key signed it."""
        return open_checkpoint(as_text(self.read("checkpoint", NOTE_BYTES_MAX)), key)

    def shown(self, what: str) -> Shown:
        """What the site says of the statement, at its address in the API. Raises Missing or Wrong."""
        if not self.slug:
            raise Missing(
                "There is no site here to compare the log with. Give its address, https://…/log/<slug>, or ask with "
                "--files-only for what its files alone prove."
            )
        path = f"{self.prefix}/v1/statements/{self.slug}{what}"
        return Shown.parse(self.site + path, self.fetch(path, JSON_BYTES_MAX))

    def ended(self) -> Shown | None:
        """What is published of the end of a log that another one followed; None if this one goes on. Raises Wrong."""
        try:
            return Shown.parse(f"{self.name}/ended", self.read("ended", JSON_BYTES_MAX))
        except Missing:
            return None


class Shown:
    """A JSON object that a site shows. What is missing or of another type is as wrong as a wrong number."""

    def __init__(self, where: str, fields: object) -> None:
        self.where = where
        self.fields = fields if isinstance(fields, dict) else self.refuse("something other than a JSON object")

    @classmethod
    def parse(cls, where: str, data: bytes) -> Shown:
        """The object in a site's answer. Raises Wrong."""
        doubtful = cls(where, {})

        def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
            found = dict(pairs)
            return found if len(found) == len(pairs) else doubtful.refuse("one name twice")

        def whole(digits: str) -> int:
            return int(digits) if len(digits) <= 18 else doubtful.refuse(f"a number of {len(digits)} digits")

        try:
            text = as_text(data)
            return cls(where, json.loads(text, object_pairs_hook=once, parse_int=whole, parse_constant=doubtful.refuse))
        except (ValueError, RecursionError):
            return doubtful.refuse("what is no JSON")

    def refuse(self, what: str) -> NoReturn:
        raise Wrong(f"{self.where} says {what}: it can't be compared with the log.")

    def count(self, name: str) -> int:
        """A whole number, none or more. Raises Wrong."""
        found = self.fields.get(name)
        return found if type(found) is int and found >= 0 else self._unlike(name)

    def text(self, name: str) -> str:
        """A text. Raises Wrong."""
        found = self.fields.get(name)
        return found if isinstance(found, str) else self._unlike(name)

    def part(self, name: str) -> Shown:
        """An object within this one. Raises Wrong."""
        return Shown(f"{self.where}, {name},", self.fields.get(name))

    def parts(self, name: str) -> list[Shown]:
        """The objects of a list. Raises Wrong."""
        found = self.fields.get(name)
        return [
            Shown(f"{self.where}, {name},", each) for each in (found if isinstance(found, list) else self._unlike(name))
        ]

    def _unlike(self, name: str) -> NoReturn:
        said = repr(self.fields[name])[:80] if name in self.fields else "nothing"
        self.refuse(f"{said} for {name}")


# Replaying a log ------------------------------------------------------------------------------------------------------


class Ledger:
    """What a log's entries add up to so far, and the tree over them. It takes under 50 bytes of memory for each entry.

    `kinds` has a byte for each: `i` or `o` while it counts an individual or organisation, `I` or `O` once it was taken back,
    0 where it is of another form. `commitments` has 32. `marked` is what was true at the sizes that `marks` asks for, where a
    batch ended there, and at each end so far: the numbers and the root. `fault` is the first rule that was broken.
    """

    def __init__(self) -> None:
        self.kinds, self.commitments = bytearray(), bytearray()
        self.net = {ord("i"): 0, ord("o"): 0}
        self.taken_back = {"withdrawn": 0, "duplicate": 0, "fraud": 0, "error": 0}
        self.statement = self.previous = self.fault = ""
        self.closed, self.sealed, self.sum_count = True, False, 0
        self.marks, self.marked = set[int](), dict[int, tuple[dict[str, int], bytes]]()
        self._full, self._rest = list[bytes](), list[bytes]()

    @property
    def size(self) -> int:
        return len(self._full) * WIDTH + len(self._rest)

    def numbers(self) -> dict[str, int]:
        return {"individuals": self.net[ord("i")], "organisations": self.net[ord("o")], **self.taken_back}

    def root(self, size: int) -> bytes:
        """The root over the first `size` entries, of which the newest bundle begins before the end."""
        rest = self._rest[: size - len(self._full) * WIDTH]
        return merge(self._full + ([merge(rest)] if rest else []))

    def counts(self, index: int) -> bool:
        """Whether an entry counts somebody, and was not taken back."""
        return index < len(self.kinds) and self.kinds[index] in self.net

    def adds(self, index: int, kind: str, commitment: bytes) -> bool:
        """Whether an entry adds a party of this kind by this commitment, taken back or not."""
        found = self.kinds[index : index + 1].lower()
        return found == kind[:1].encode() and self.commitments[index * 32 : index * 32 + 32] == commitment

    def take(self, entries: list[bytes]) -> None:
        """Takes over more entries, no more than their bundle has. After a fault only into the tree: if its root is right, the
        log itself said this, and not the way here.
        """
        first, sha256 = self.size, hashlib.sha256
        self._rest += [sha256(b"\0" + entry).digest() for entry in entries]
        try:
            if not self.fault:
                self._apply(first, entries)
        except Wrong as error:
            self.fault = str(error)
        if len(self._rest) == WIDTH:
            self._full.append(merge(self._rest))
            self._rest = []

    def _apply(self, first: int, entries: list[bytes]) -> None:
        """Raises Wrong at an entry that breaks a rule. Millions may pass: this loop sets the pace."""
        kinds, commitments, net, match = self.kinds, self.commitments, self.net, GRAMMAR.fullmatch
        decoded, nothing = binascii.a2b_base64, bytes(32)
        for index, entry in enumerate(entries, first):
            found = match(entry)
            form = found.lastindex if found else None
            if not found or not form or self.sealed or (form > SUM) != (not index):
                raise Wrong(f"Entry {index} is none that may stand there.")
            kind = 0
            if form == ADD:
                kind = entry[19]
                net[kind] += 1
            elif form == SUB:
                earlier = int(found[3])
                if earlier >= index or kinds[earlier] not in net:
                    raise Wrong(f"Entry {index} takes back entry {earlier}, which doesn't count.")
                net[kinds[earlier]] -= 1
                kinds[earlier] ^= 32  # the same letter, large
                self.taken_back[found[4].decode()] += 1
            elif form == SUM:
                self._sum(index, found)
            else:
                self.statement, self.previous = found[8].decode(), (found[9] or b"").decode().strip()
            kinds.append(kind)
            commitments += decoded(found[2]) if kind else nothing
            self.closed = form == SUM

    def _sum(self, index: int, found: re.Match[bytes]) -> None:
        claimed, counts = (int(found[6]), int(found[7])), tuple(self.net.values())
        if claimed != counts:
            raise Wrong(f"Entry {index} says {claimed} individuals and organisations, the entries before it {counts}.")
        self.sealed, self.sum_count = found[5] == b"seal", self.sum_count + 1
        if index + 1 in self.marks:
            self.marked[index + 1] = self.numbers(), self.root(index + 1)

    def close(self) -> None:
        """Checks what only shows at the end. Raises Wrong at the first rule that was broken."""
        if not self.fault and not self.statement:
            self.fault = "The log is empty: a statement's log begins with an entry that binds it to the text."
        if not self.fault and not self.closed:
            self.fault = "The last entry is no sum, so the log doesn't say what it adds up to."
        if not self.fault and self._counts_one_twice():
            self.fault = "One commitment counts twice."
        if self.fault:
            raise Wrong(self.fault)
        self.marked[self.size] = self.numbers(), self.root(self.size)

    def _counts_one_twice(self) -> bool:
        # Sorted into heaps first, by a hash that nobody can foresee, so that not all have to lie in one set.
        heaps, commitments = [array("I") for _ in range(256)], memoryview(self.commitments)
        for index, kind in enumerate(self.kinds):
            if kind in self.net:
                heaps[hash(bytes(commitments[index * 32 : index * 32 + 32])) & 255].append(index)
        return any(
            len({bytes(commitments[index * 32 : index * 32 + 32]) for index in heap}) < len(heap) for heap in heaps
        )


def replay(log: Log, checkpoint: Checkpoint, ledger: Ledger) -> None:
    """Reads the entries under a checkpoint that the ledger doesn't have yet. Raises Wrong unless all hash to its root and keep
    the rules.
    """
    if checkpoint.size > log.entries_max:
        raise Wrong(
            f"{checkpoint.size:,} entries are more than the {log.entries_max:,} that this program reads unless it is told "
            "otherwise: see --entries-max."
        )
    shown_at = 0.0
    for entries in log.bundles(ledger.size, checkpoint.size):
        ledger.take(entries)
        done = ledger.size
        if sys.stderr.isatty() and (time.monotonic() > shown_at + 0.1 or done == checkpoint.size):
            shown_at, end = time.monotonic(), "\n" if done == checkpoint.size else ""
            print(f"\r{done:,} of {checkpoint.size:,} entries", end=end, file=sys.stderr, flush=True)
    if ledger.root(checkpoint.size) != checkpoint.root:
        raise Wrong(
            "The entries don't hash to the root that was signed. Ask again: if it stays so, they aren't what was."
        )
    try:
        ledger.close()
    except Wrong as fault:
        proof = "The log's key signed that: keep its entries and this note as proof."
        raise Wrong(f"{fault} {proof}\n\n{checkpoint.note}") from None


def describe(log: Log, checkpoint: Checkpoint, ledger: Ledger) -> None:
    """Says what was read."""
    say("Log", f"{checkpoint.origin}, read at {log.name}")
    root = base64.b64encode(checkpoint.root).decode()
    say("Entries", f"{ledger.size:,}, and they hash to the root that the key signed: {root}")
    say("Rules", f"kept: the {ledger.sum_count:,} sums in the log are each what the entries before them add up to")


# What a site shows beside its log -------------------------------------------------------------------------------------


def looks() -> Iterator[int]:
    """Counts the looks at what a cache may hold back for a while, with a longer pause before each: 30 s in all."""
    for look in range(LOOKS):
        time.sleep(look and RETRY_S * 2 ** (look - 1))
        yield look


def lineage(origin: str) -> tuple[str, int]:
    """The first origin of a statement's log, and which generation of it this one is. Raises Missing if it has no such name."""
    match = re.fullmatch(r"(.*/log/[^/]+?)(?:/([1-9][0-9]{0,9}))?", origin)
    if not match:
        raise Missing(f"{origin} has not the form …/log/<slug>, so no log can be found beside it.")
    return match[1], int(match[2] or 0)


class Comparison:
    """A log and what its site shows of it. `head` is the one that the ledger has come to; `ended` is how the log is said to have
    ended, or None. `open_ends` are sentences on what couldn't be compared; what disagrees is raised as Wrong.
    """

    def __init__(self, log: Log, vkey: str | None) -> None:
        self.log, self.key, self.ended = log, log.key(vkey), log.ended()
        self.last, self.ledger, self.open_ends = log.checkpoint(self.key), Ledger(), list[str]()
        self.head = self._last_kept(self.ended) if self.ended else self.last

    def _last_kept(self, ended: Shown) -> Checkpoint:
        """The signed head over those entries of an ended log that are still kept."""
        say("Ended", f"with {self.last.size:,} signed entries; {ended.text('log_followed_by')} follows it")
        if ended.text("last_checkpoint") != self.last.note:
            raise Wrong(f"What is published of its end cites another last checkpoint: {ended.text('last_checkpoint')}")
        if not ended.count("log_size"):
            raise Incomplete(f"INCOMPLETE: none of the {self.last.size:,} entries that were signed is kept any more.")
        told = ended.fields.get("log_checkpoint") is not None
        kept = open_checkpoint(ended.text("log_checkpoint"), self.key) if told else self.last
        if kept.size != ended.count("log_size") or kept.size > self.last.size:
            raise Wrong(
                f"What is published of its end is of {ended.count('log_size'):,} entries, and signed for {kept.size:,}."
            )
        if kept.size == self.last.size and kept.root != self.last.root:
            raise Fork(
                f"The log FORKED: two roots of {kept.size:,} entries. Keep both:\n\n{kept.note}\n{self.last.note}"
            )
        self.ledger.marks.add(kept.size)
        return kept

    def read_on(self) -> None:
        """Replays what the log has by now, of one that ended what is kept. Raises Fork at two heads of one size."""
        if not self.ended:
            now = self.log.checkpoint(self.key)
            if now.size == self.head.size and now.root != self.head.root:
                raise Fork(
                    f"The log FORKED: two roots of {now.size:,} entries. Keep both:\n\n{self.head.note}\n{now.note}"
                )
            self.head = now if now.size > self.head.size else self.head
        replay(self.log, self.head, self.ledger)

    def tally(self) -> None:
        """Replays the log up to a head that proves the tally which the site shows.

        A tally is fetched before the head that has to prove it, so it is never newer. It may come out of a cache and be older:
        then both are fetched again, until it is as new as the first head that was seen.
        """
        first = self.head.size
        for _ in looks():
            shown = self.log.shown("/tally?lang=en")
            size, about = shown.count("log_size"), shown.text("statement")
            if about != self.log.slug:
                raise Wrong(f"{shown.where} is the tally of another statement: {about}")
            self.ledger.marks.add(size)
            self.read_on()
            if shown.text("log_origin") != self.head.origin:
                self._of_another_log(shown)
                return
            if size in self.ledger.marked:
                self._numbers(shown)
                if size >= first:
                    final = "final " if self.ended else ""
                    say("Published", f"the {final}tally of {size:,} entries says the same as the log")
                    return
        has = "has no sum there" if first <= size <= self.head.size else f"had {first:,} when it was first looked at"
        raise Wrong(f"The published tally of {size:,} entries, after {LOOKS} looks, is none of this log: it {has}.")

    def _of_another_log(self, shown: Shown) -> None:
        """Says why the tally that is shown is that of another log, or finds that nothing explains it."""
        origin = shown.text("log_origin")
        if (
            self.ended
            and lineage(origin)[0] == lineage(self.head.origin)[0]
            and lineage(origin) > lineage(self.head.origin)
        ):
            say("Published", f"by now the tally is that of a later log, {origin}: check that one as well")
        elif not self.ended and shown.fields.get("log_followed_by") == self.head.origin:
            self.open_ends.append(
                "NOT COMPARED: the published tally. This log began anew and is still adding everybody again. Until it is whole, "
                f"the site shows the last numbers of the log before it, {origin}: check that one, and this one again later."
            )
        else:
            raise Wrong(f"The published tally is that of another log, {origin}, and nothing says that this one ended.")

    def _numbers(self, shown: Shown) -> None:
        """Compares the numbers of a tally, or of an end, with the log's at the size that they are of."""
        size, rejected = shown.count("log_size"), shown.part("rejected")
        if size not in self.ledger.marked:
            raise Wrong(f"The published tally of {size:,} entries is none of this log, which has no sum there.")
        numbers, root = self.ledger.marked[size]
        says = {name: (rejected if name in ("duplicate", "fraud", "error") else shown).count(name) for name in numbers}
        # A log that began anew doesn't repeat what the one before it took back.
        anew = set(self.ledger.taken_back) if self.ledger.previous else set[str]()
        if any(says[name] < numbers[name] or (says[name] > numbers[name] and name not in anew) for name in numbers):
            raise Wrong(f"The published tally of {size:,} entries says {says}, the log {numbers}.")
        if shown.fields.get("log_root") is not None and decode(shown.text("log_root"), 32) != root:
            raise Wrong(f"The published tally of {size:,} entries names a root that isn't the log's at that size.")
        if shown.fields.get("formatted") is not None:
            written = {name: shown.part("formatted").text(name) for name in ("individuals", "organisations")}
            if written != {name: f"{says[name]:,}" for name in written}:
                raise Wrong(f"The published tally of {size:,} entries says {says}, and for people to read {written}.")

    def text(self) -> None:
        """Compares the text that the site shows with the one that the log is bound to."""
        shown, bound = self.log.shown(""), self.ledger.statement
        if hashlib.sha256(shown.text("text").encode()).hexdigest() != bound or shown.text("sha256") != bound:
            raise Wrong(f"The log counts endorsements of a text with SHA-256 {bound}; the site shows another.")
        say("Text", f"SHA-256 {bound}, as the site shows it")

    def organisations(self) -> None:
        """Opens the entry of every organisation by what the site lists, and finds none left out.

        The list is as new as the moment: where it doesn't fit, the log may have grown meanwhile, so it reads on and looks again.
        """
        for look in looks():
            if look:
                self.read_on()
            counted = self.ledger.numbers()["organisations"]
            try:
                listed, problem = self._opened(), ""
            except Missing:
                raise
            except Wrong as error:
                listed, problem = 0, str(error)
            if listed == counted and not problem:
                say(
                    "Named",
                    f"{counted:,} organisations by the site: each opens an entry that counts, and none counts twice",
                )
                return
        if problem or not self.ledger.sealed:
            raise Wrong(problem or f"The site names {listed:,} organisations, and the log counts {counted:,}.")
        self.open_ends.append(
            f"{counted - listed:,} of {counted:,} organisations are not named, and were NOT COMPARED: who left after the seal "
            "still counts, and so would one that never was."
        )

    def _opened(self) -> int:
        """How many organisations the site names that open an entry each, no further than the ledger has come."""
        identities, after, more = set[str](), -1, True
        while more:
            page, begun = self.log.shown(f"/organisations?after={after}"), after
            for row in page.parts("organisations"):
                index, identity, salt = row.count("log_index"), row.text("identity"), decode(row.text("salt"), 32)
                if index <= after:
                    raise Wrong(f"{row.where} are not in the order of the log at entry {index:,}.")
                if index >= self.ledger.size:
                    return len(identities)
                committed = commitment(self.head.origin, self.ledger.statement, "organisation", identity, salt)
                if not self.ledger.counts(index) or not self.ledger.adds(index, "organisation", committed):
                    raise Wrong(f"{row.text('name')} ({identity}) doesn't open entry {index:,}, or that doesn't count.")
                if identity in identities:
                    raise Wrong(f"{row.text('name')} ({identity}) counts twice.")
                identities.add(identity)
                after = index
            more = page.fields.get("next") is not None
            if more and (page.count("next") != after or after == begun):
                page.refuse("that the next page begins elsewhere than behind the last organisation")
        return len(identities)

    def end(self, ended: Shown) -> None:
        """Checks the numbers that the log is said to have ended with, and that the log which followed cites this end."""
        self._numbers(ended)
        say("Final", f"the final tally of {ended.count('log_size'):,} entries says the same as the log")
        follower = ended.text("log_followed_by")
        try:
            with contextlib.closing(self.log.generation(lineage(follower)[1])) as later:
                key = parse_vkey(as_text(later.read("key", 2**10)))
                cited = cites(later, later.checkpoint(key))
        except Missing as error:
            self.open_ends.append(f"NOT COMPARED: that {follower} follows this log, and so that it ended. {error}")
            return
        if key.name != follower or cited != f"previous {self.last.cited}":
            raise Wrong(
                f"{follower} is said to follow this log, and {key.name} cites something else: {cited or 'nothing'}."
            )
        say("Followed", f"by {follower}, whose first entry cites this end")
        self._handed_over(ended, self.key, self.last, key)

    def earlier(self, cited: str, vkey: str | None, state: str | None) -> None:
        """Compares the log before this one with what this one cites, and with what somebody knows of that. May raise Fork."""
        if not cited:
            raise Wrong("This log doesn't follow another one: there is nothing to use another key or state for.")
        say("Began anew", f"after a log that ended as: {cited}")
        origin, size, root = cited.split()[1:]
        seen_vkey, seen = remembered(state)
        if seen and seen.origin != origin:
            raise Wrong(f"The state is that of {seen.origin}, and what this log follows is {origin}.")
        if seen and (seen.size > int(size) or (seen.size == int(size) and seen.root != decode(root, 32))):
            raise Fork(
                f"What you saw signed was CUT OFF or changed: this log says that it follows {origin} as it was with "
                f"{int(size):,} entries under the root {root}. Keep both notes:\n\n{seen.note}\n{self.head.note}"
            )
        try:
            with contextlib.closing(self.log.generation(lineage(origin)[1])) as before:
                key = before.key(vkey, seen_vkey, "Its key", "--previous-key, or a `watch` state of it with --state")
                last, ended = before.checkpoint(key), before.ended()
                if last.cited != f"{origin} {size} {root}":
                    raise Wrong(f"The log follows {cited}. That log's last checkpoint is another:\n\n{last.note}")
                say("Its end", "its last checkpoint says so too, signed by that key")
                if seen and seen.size < last.size:
                    begins(before, seen, last)
                if seen:
                    say("Your state", f"of {seen.size:,} entries is how the log began that ended with {last.size:,}")
                self._handed_over(ended, key, last, self.key)
        except Missing as error:
            self.open_ends.append(f"NOT COMPARED: the log that this one follows. {error}")

    def _handed_over(self, ended: Shown | None, old: Key, last: Checkpoint, new: Key) -> None:
        """Checks that the key of a log that ended signed which log and key follow it, if it signed anything."""
        if ended is None or ended.fields.get("handover") is None:
            say("Hand-over", f"NOT SIGNED by the key of {old.name}: that {new.name} follows it, only the new log says")
            return
        handover = ended.text("handover")
        if open_note(handover, old, "hand-over") != f"undersigned/v1 handover\n{last.cited}\n{new.vkey}\n":
            raise Wrong(f"The key of {old.name} signed that something else follows it:\n\n{handover}")
        say("Hand-over", f"signed by the key of {old.name}: {new.vkey} follows it")


def cites(log: Log, head: Checkpoint) -> str:
    """What a log's first entry says of a log before it; read from that entry alone, proven to be its first. Raises Wrong."""
    if not head.size:
        raise Missing(f"{log.name} is still empty.")
    entry = log.bundle(0, min(WIDTH, head.size))[0]
    first, root = roots(log, 1, head.size)
    if root != head.root or first != hashlib.sha256(b"\0" + entry).digest():
        raise Wrong(f"The first entry and the tiles at {log.name} don't hash to the root it signed.")
    found = GRAMMAR.fullmatch(entry)
    return ((found and found[9]) or b"").decode().strip()


def begins(log: Log, old: Checkpoint, new: Checkpoint) -> None:
    """Checks that an older head is of how a log began. Raises Fork with the evidence if it isn't, Wrong if nobody can say."""
    # Two roots for one size need no tiles to convict the log.
    first, second = (new.root, new.root) if old.size == new.size else roots(log, old.size, new.size)
    if second != new.root:
        raise Wrong("The log's tiles don't hash to the root it signed: nothing can be said about its past. Ask again.")
    if first != old.root:
        raise Fork(
            f"The log FORKED: its first {old.size:,} entries were signed under one root and now have another. The key signed "
            f"both notes, and no honest log does. Keep both notes:\n\n{old.note}\n{new.note}"
        )


def vouched(log: Log, key: Key, head: Checkpoint) -> str:
    """What stands behind the meaning of what was compared: that witnesses saw this log, or nothing if no policy was given.

    What they cosigned may be older than the head, or newer: then the one begins the other. Raises Wrong or Fork.
    """
    if not log.policy:
        return ""
    cosigned = open_checkpoint(as_text(log.read("cosigned", NOTE_BYTES_MAX)), key)
    seen = log.policy.witnessed(cosigned)
    begins(log, *sorted((cosigned, head), key=lambda each: each.size))
    say("Witnesses", f"{seen}; they saw {cosigned.size:,} entries, of the same log")
    return WITNESSED


def remembered(state: str | None) -> tuple[str, Checkpoint | None]:
    """The key and the head that `watch` left in a file; nothing if there is none yet. Raises Wrong."""
    file = Path(state) if state else None
    vkey, _, note = (file.read_text(encoding="utf-8") if file and file.exists() else "").partition("\n")
    return vkey, open_checkpoint(note, parse_vkey(vkey)) if vkey or note else None


# What can be asked ----------------------------------------------------------------------------------------------------


def say(what: str, how: str) -> None:
    print(plain(f"{what:<12}{how}"))


def commitment(origin: str, statement: str, kind: str, identity: str, salt: bytes) -> bytes:
    """The 32 bytes that commit an `add` entry to what these say."""
    claim = f"{origin}\n{statement}\n{kind}\n{identity}\n".encode()
    return hashlib.sha256(b"undersigned/v1 commitment\n" + salt + hashlib.sha256(claim).digest()).digest()


def receipt(log: Log, file: str, vkey: str | None) -> str:
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
    committed = base64.b64encode(commitment(origin, statement, kind, identity, decode(salt, 32))).decode()
    leaf = hashlib.sha256(f"\0undersigned/v1 add {kind}\n{committed}\n".encode()).digest()
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
    if log.second and log.second.vkey:
        log.second_signature(claimed)
    if log.policy:
        say("Witnesses", log.policy.witnessed(claimed))
        return MEANING["receipt"] + WITNESSED
    return MEANING["receipt"]


def tally(log: Log, vkey: str | None, previous_key: str | None, state: str | None, files_only: bool) -> str:
    """Replays a log from its first entry, and compares what it adds up to with what its site shows."""
    compared = Comparison(log, vkey)
    ended, ledger, last = compared.ended, compared.ledger, compared.last
    if files_only:
        compared.read_on()
    else:
        compared.tally()
    describe(log, compared.head, ledger)
    log.second_signature(compared.head)
    numbers = [f"{name} {count:,}" for name, count in ledger.numbers().items()]
    say("Counted", ", ".join(numbers[:2]) + (", sealed" if ledger.sealed else ""))
    say("Taken back", ", ".join(numbers[2:]))
    if not files_only:
        compared.text()
        if ended:
            compared.end(ended)
        else:
            compared.organisations()
        if ledger.previous or previous_key or state:
            compared.earlier(ledger.previous, previous_key, state)
    else:
        say("Text", f"SHA-256 {ledger.statement}")
        say("The site", "NOT COMPARED, as you asked")
        if ledger.previous:
            say("Began anew", f"after a log that ended as: {ledger.previous}; NOT COMPARED, as you asked")
    if ended and compared.head.size < last.size:
        compared.open_ends.append(
            f"of the {last.size:,} entries that were signed, the last {last.size - compared.head.size:,} are not kept any more, "
            f"and nobody can say what they were. What stands above was checked of the first {compared.head.size:,}."
        )
    if compared.open_ends:
        raise Incomplete("\n".join(f"INCOMPLETE: {each}" for each in compared.open_ends))
    seen = vouched(log, compared.key, compared.head)
    return MEANING["files" if files_only else "ended" if ended else "tally"] + seen


def watch(log: Log, vkey: str | None, state: str) -> str:
    """Compares the head with the one seen last time, and remembers it if entries were only added."""
    file, (vkey_seen, seen) = Path(state), remembered(state)
    key = log.key(vkey, vkey_seen)
    old = seen or Checkpoint(key.name, 0, merge([]), "")
    if (key.vkey, old.origin) != (vkey_seen or key.vkey, key.name):
        raise Wrong(f"The state is that of {old.origin}, under the key {vkey_seen}: another log, or one begun anew.")
    for _ in range(ATTEMPTS):
        new = log.checkpoint(key)
        if new.size >= old.size:
            break
        time.sleep(RETRY_S)
    if new.size < old.size:
        raise Fork(
            f"The log WENT BACK from {old.size:,} entries to {new.size:,}. It may be a cache with an old head: ask again. If it "
            f"stays so, entries that were signed are withheld. Keep both notes:\n\n{old.note}\n{new.note}"
        )
    begins(log, old, new)
    log.second_signature(new)
    seen_by = vouched(log, key, new)
    part = file.with_name(f"{file.name}.part")
    part.write_text(f"{key.vkey}\n{new.note}", encoding="utf-8")
    part.replace(file)
    say("Log", f"{new.origin}, read at {log.name}")
    say(
        "Then",
        f"{old.size:,} entries" if seen else "nothing: this is the first look; the next is compared with it",
    )
    say("Now", f"{new.size:,} entries, root {base64.b64encode(new.root).decode()}, signed by the key")
    return MEANING["watch"] + seen_by


class Whole:
    """The rows of an export between its opening and its closing record, which show whether it is all there."""

    def __init__(self, file: io.BufferedReader) -> None:
        self._file = file
        self.opening: Shown | None = None

    def lines(self) -> Iterator[bytes]:
        """The rows. Raises Incomplete if the file was cut, and Wrong if its records contradict it."""
        digest, rows, first = hashlib.sha256(), 0, self._line()
        if b'"export"' in first[:12]:
            self.opening = Shown.parse("The opening record", first)
            digest.update(first)
            line = self._line()
        else:
            line = first
        while line and not (self.opening and line.startswith(b'{"end":')):
            digest.update(line)
            rows += 1
            yield line
            line = self._line()
        if self.opening:
            self._ends(
                self.opening, Shown.parse("The closing record", line) if line else None, rows, digest.hexdigest()
            )
        elif not rows:
            raise Incomplete("INCOMPLETE: the file is empty.")

    def _line(self) -> bytes:
        line = self._file.readline(ROW_BYTES_MAX)
        if len(line) < ROW_BYTES_MAX and line and not line.endswith(b"\n"):
            raise Incomplete("INCOMPLETE: the file was cut in the middle of a line. Export anew.")
        return line

    def _ends(self, opening: Shown, closing: Shown | None, rows: int, sha256: str) -> None:
        announced = opening.count("rows")
        if closing is None:
            raise Incomplete(
                f"INCOMPLETE: {rows:,} of {announced:,} rows are here, and no closing record. Export anew."
            )
        if self._file.read(1):
            raise Wrong("Something stands behind the closing record.")
        same = all(opening.fields.get(name) == closing.fields.get(name) for name in ("statement", "rows", "checkpoint"))
        if not same or rows != announced or closing.text("sha256") != sha256:
            raise Wrong(
                f"The file has {rows:,} rows, and isn't what its opening and closing record say of it. Export anew."
            )

    def is_of(self, log: Log, key: Key, head: Checkpoint) -> None:
        """Checks that the checkpoint that was announced is of how the log began. Raises Wrong, and Fork with the evidence."""
        if self.opening and self.opening.fields.get("checkpoint") is not None:
            announced = open_checkpoint(self.opening.text("checkpoint"), key)
            if announced.size > head.size:
                raise Wrong(
                    f"The export knows {announced.size:,} entries, the log shows {head.size:,}: is it an old copy?"
                )
            begins(log, announced, head)


def export(log: Log, vkey: str | None, file: str) -> str:
    """Checks that each row of an export (a JSON object a line) opens an entry of the log, and that none counts twice."""
    key, ledger = log.key(vkey), Ledger()
    checkpoint = log.checkpoint(key)
    replay(log, checkpoint, ledger)
    describe(log, checkpoint, ledger)
    log.second_signature(checkpoint)
    indexes, parties = set[int](), set[tuple[str, str]]()
    with Path(file).open("rb") as rows:
        whole = Whole(rows)
        for number, line in enumerate(whole.lines(), 1):
            try:
                row = Shown.parse(f"Row {number}", line)
                index, salt = row.count("log_index"), decode(row.text("salt"), 32)
                origin, statement, kind, identity = (row.text(name) for name in ROW)
            except Wrong as error:
                raise Wrong(f"Row {number} is no JSON object with log_index, salt, {', '.join(ROW)}: {error}") from None
            if (origin, statement) != (checkpoint.origin, ledger.statement):
                raise Wrong(f"Row {number} is of another log or statement.")
            if not ledger.adds(index, kind, commitment(origin, statement, kind, identity, salt)):
                raise Wrong(f"Row {number} doesn't open entry {index} of {checkpoint.size}.")
            if index in indexes or (ledger.counts(index) and (kind, identity) in parties):
                raise Wrong(f"Row {number} is a second one of its entry, or of an endorser who would count twice.")
            indexes.add(index)
            if ledger.counts(index):
                parties.add((kind, identity))
    say("Rows", f"{len(indexes):,}, and each opens its entry")
    if whole.opening:
        whole.is_of(log, key, checkpoint)
        say("Whole", "all rows that were announced are here, and the last record's SHA-256 is right")
    else:
        say("Whole", "UNKNOWN: the file has no opening record, as audits' openings haven't")
    say(
        "Counting",
        f"{len(parties):,} of these rows, of {sum(ledger.net.values()):,} entries that count; others were taken back",
    )
    return MEANING["export"]


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        # argparse would exit with 2, which here says that the log forked.
        raise Wrong(f"{message}\n{self.format_usage()}")


def parser(second: bool) -> argparse.ArgumentParser:
    """What can be asked, and how."""
    whole = _Parser(prog="verify", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = whole.add_subparsers(required=True, metavar="receipt | tally | watch | export")
    where = "a statement's page, its log's address (https://…/log/…), or a directory that holds the log"
    for run, name in ((receipt, "file"), (tally, "where"), (watch, "where"), (export, "file")):
        command = commands.add_parser(run.__name__, help=run.__doc__, description=run.__doc__)
        command.add_argument(name, metavar="FILE" if name == "file" else "URL", help=where if name == "where" else None)
        command.add_argument("--key", dest="vkey", metavar="VKEY", help="the log's public key, in vkey form")
        if second:
            command.add_argument("--second-key", metavar="VKEY", help="the log's ML-DSA-44 key, in vkey form")
        command.set_defaults(run=run)
        if run is not export:
            wanted = "what a quorum of these witnesses cosigned counts alone (c2sp.org/tlog-policy)"
            command.add_argument("--policy", metavar="FILE", help=wanted)
            command.add_argument("--max-age", type=float, metavar="SECONDS", help="and only if they saw it since then")
        if run in (tally, export):
            bound = f"read no log of more entries; each takes about 50 bytes of memory (default: {ENTRIES_MAX:,})"
            command.add_argument("--entries-max", type=int, default=ENTRIES_MAX, metavar="COUNT", help=bound)
        if run is tally:
            files = "compare nothing with what a site shows: the log's files are all there is"
            command.add_argument("--files-only", action="store_true", help=files)
            earlier = "of a log that began anew: the key of the log before it, in vkey form"
            command.add_argument("--previous-key", metavar="VKEY", help=earlier)
            seen = "of a log that began anew: what `watch` remembered of the log before it"
            command.add_argument("--state", metavar="FILE", help=seen)
        if run is watch:
            command.add_argument("--state", required=True, metavar="FILE", help="where the last head is remembered")
        if run is export:
            command.add_argument("--log", dest="where", required=True, metavar="URL", help=where)
    return whole


def main(argv: list[str], check_second: Callable[[str | None, str, str], str] | None = None) -> int:
    """Runs one command and returns its exit status. `check_second` is what can check a checkpoint's second signature."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        options = vars(parser(check_second is not None).parse_args(argv))
        run, where, entries_max = options.pop("run"), options.pop("where", ""), options.pop("entries_max", ENTRIES_MAX)
        policy, max_age = options.pop("policy", None), options.pop("max_age", None)
        if max_age is not None and not policy:
            raise Wrong("--max-age is of the cosignatures that --policy wants.")
        second = Second(check_second, options.pop("second_key")) if check_second else None
        with contextlib.closing(Log(where, entries_max, second)) as log:
            log.policy = Policy(policy, max_age) if policy else None
            proven = run(log, **options)
        print(proven)
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
