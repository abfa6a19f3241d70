"""A log's head: signed with the log's own key, kept outside the database, and only then released to readers.

A database restored from a backup would otherwise sign a second history. The file says how far the log had been released,
and nothing is signed in a database that is behind it or disagrees with it.
"""

import fcntl
import os
from collections.abc import Iterable
from pathlib import Path

import msgspec

from undersigned.database.queries.log import Head
from undersigned.database.session import Asking
from undersigned.log import merkle, note
from undersigned.log.note import Checkpoint


class Sealer(msgspec.Struct, frozen=True):
    """What signs: the seed that every log's key is derived from, and the directory of the released checkpoints."""

    seed: str
    directory: Path

    def vkey(self, origin: str) -> str:
        """The public key of a log, as text."""
        return note.verifier_key(origin, note.derive_key(self.seed, origin)).vkey

    def sign(self, checkpoint: Checkpoint) -> str:
        return note.sign(checkpoint.text, checkpoint.origin, note.derive_key(self.seed, checkpoint.origin))

    def file(self, head: Head) -> Path:
        return self.directory / f"{head.statement}.{head.generation}"

    def generations(self, statement: str) -> list[int]:
        """The generations of a log that something was released of."""
        ends = (file.suffix[1:] for file in self.directory.glob(f"{statement}.*"))
        return sorted(int(end) for end in ends if end.isdecimal())


async def read_tiles(
    asking: Asking, statement: str, generation: int, keys: Iterable[merkle.Key]
) -> dict[merkle.Key, bytes]:
    """Stored tiles of a log, by level and index; missing ones are left out."""
    levels, indexes = [level for level, _ in keys], [index for _, index in keys]
    rows = await asking.many(asking.q.log.read_tiles, statement, generation, levels, indexes)
    return {(row.level, row.index): row.hashes for row in rows}


async def objection(asking: Asking, sealer: Sealer, head: Head) -> str | None:
    """Why nothing may be signed on this head, in a sentence that says what to do; or None."""
    if head.vkey not in (None, sealer.vkey(head.origin)):
        return "UNDERSIGNED_LOG_SEED is not the one this log was opened with: set the old one."
    if any(later > head.generation for later in sealer.generations(head.statement)):
        return (
            "A newer generation of this log was released than the database knows: it is older than the log. "
            "Restore a newer one, or open a new generation with `undersigned log restart`."
        )
    file = sealer.file(head)
    try:
        released = file.read_text()
    except FileNotFoundError:
        return None
    if released == head.checkpoint:
        return None
    try:
        checkpoint = note.parse_checkpoint(note.verify(released, [note.parse_vkey(sealer.vkey(head.origin))]))
    except note.NoteInvalid:
        return f"The released checkpoint in {file.name} is damaged or of another key: put the right file back."
    if checkpoint.size > head.size:
        return (
            f"The database has {head.size} entries and {checkpoint.size} were released: it is older than the log. "
            "Restore a newer one, or open a new generation with `undersigned log restart`."
        )
    keys = merkle.needs(lambda t: merkle.root(checkpoint.size, t))
    tiles = await read_tiles(asking, head.statement, head.generation, keys)
    try:
        agrees = merkle.root(checkpoint.size, tiles) == checkpoint.root
    except (KeyError, ValueError):
        agrees = False
    if agrees and checkpoint.size < head.size:
        return None
    return "The database's log differs from what was released: keep both, and see `undersigned check`."


def origin_of(head: Head, generation: int) -> str:
    """The origin of a generation of a log: the first has the log's address, a later one its number behind it."""
    base = head.origin.removesuffix(f"/{head.generation}") if head.generation else head.origin
    return f"{base}/{generation}" if generation else base


class Known(msgspec.Struct, frozen=True, order=True):
    """The newest signed checkpoint that is known of a generation, in the database or in the file outside it."""

    generation: int
    size: int
    checkpoint: str
    origin: str
    vkey: str


def known(sealer: Sealer, head: Head) -> list[Known]:
    """What is known of a log's generations from the database's own on, in order; only what their keys signed."""
    found: dict[int, Known] = {}
    texts = [(head.generation, head.checkpoint)] if head.checkpoint else []
    texts += [
        (generation, (sealer.directory / f"{head.statement}.{generation}").read_text(errors="replace"))
        for generation in sealer.generations(head.statement)
        if generation >= head.generation
    ]
    for generation, text in texts:
        origin = origin_of(head, generation)
        vkey = (head.vkey if generation == head.generation else None) or sealer.vkey(origin)
        size = _size(text, vkey)
        if size and (generation not in found or size > found[generation].size):
            found[generation] = Known(generation, size, text, origin, vkey)
    return sorted(found.values())


def _size(text: str, vkey: str) -> int:
    """How many entries a checkpoint is over; 0 if this key didn't sign it."""
    try:
        return note.parse_checkpoint(note.verify(text, [note.parse_vkey(vkey)])).size
    except note.NoteInvalid:
        return 0


def keep(sealer: Sealer, head: Head) -> None:
    """Writes a head's checkpoint outside the database, durably, before anybody sees it; never an older one over a newer."""
    file, checkpoint = sealer.file(head), head.checkpoint or ""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = file.with_name(f"{file.name}.unfinished")
    with file.with_name("lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if file.exists() and _size(file.read_text(errors="replace"), sealer.vkey(head.origin)) >= head.size:
            return
        with unfinished.open("w") as written:
            written.write(checkpoint)
            written.flush()
            os.fsync(written.fileno())
        unfinished.rename(file)
        directory = os.open(file.parent, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
