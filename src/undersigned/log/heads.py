"""A log's head: signed with the log's own key, kept outside the database, and only then released to readers.

A database restored from a backup would otherwise sign a second history. What is kept says how far the log had been released,
and nothing is signed in a database that is behind it, disagrees with it, or has nothing kept of it.
"""

import asyncio
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from undersigned.database.queries.log import Head
from undersigned.database.session import Asking
from undersigned.log import cosignatures, keeping, merkle, note
from undersigned.log.keeping import Kept
from undersigned.log.note import Checkpoint


class Sealer(msgspec.Struct, frozen=True):
    """What signs: the seed that every log's key is derived from, and the directories of the released checkpoints.

    `shared` is one that all workers see, and has the last word where there is one; `directory` is this worker's own.
    """

    seed: str
    directory: Path
    shared: Path | None = None

    def vkey(self, origin: str) -> str:
        """The public key of a log, as text."""
        return note.verifier_key(origin, note.derive_key(self.seed, origin)).vkey

    def second_vkey(self, origin: str) -> str:
        """The public key of a log's second signatures, as text."""
        return cosignatures.cosigner_key(origin, cosignatures.derive_key(self.seed, origin)).vkey

    def sign(self, checkpoint: Checkpoint) -> str:
        """The checkpoint with both signatures of the log: Ed25519, and ML-DSA-44."""
        origin = checkpoint.origin
        signed = note.sign(checkpoint.text, origin, note.derive_key(self.seed, origin))
        return cosignatures.cosign(signed, cosignatures.derive_key(self.seed, origin))

    def kept(self, statement: str) -> list[Kept]:
        """What is kept of a log in each place, the one that has the last word first. Raises OSError."""
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        return keeping.look([*([self.shared] if self.shared else []), self.directory], statement)


class Objection(msgspec.Struct, frozen=True):
    """Why nothing may be signed, in a sentence that says what to do, and the id of the place that it was seen in."""

    reason: str
    keeper: str


async def read_tiles(
    asking: Asking, statement: str, generation: int, keys: Iterable[merkle.Key]
) -> dict[merkle.Key, bytes]:
    """Stored tiles of a log, by level and index; missing ones are left out."""
    levels, indexes = [level for level, _ in keys], [index for _, index in keys]
    rows = await asking.many(asking.q.log.read_tiles, statement, generation, levels, indexes)
    return {(row.level, row.index): row.hashes for row in rows}


async def look(asking: Asking, sealer: Sealer, statement: str) -> tuple[Head | None, list[Kept]]:
    """A log's head, and what was kept of it before that was read. Raises OSError if a place can't be read.

    Where nothing was kept yet and something is released by now, it looks once more: the first release may have come in between.
    """
    while True:
        seen = await asyncio.to_thread(sealer.kept, statement)
        head = await asking.maybe(asking.q.log.read_head, statement)
        if head is None or not head.released_size or head.generation in seen[0].texts:
            return head, seen
        later = await asyncio.to_thread(sealer.kept, statement)
        if head.generation not in later[0].texts:
            return head, seen


async def objection(asking: Asking, sealer: Sealer, head: Head, seen: Sequence[Kept]) -> Objection | None:
    """Why nothing may be signed on this head, which was read after what is kept; or None."""
    own = seen[-1].keeper
    if head.vkey not in (None, sealer.vkey(head.origin)):
        return Objection("UNDERSIGNED_LOG_SEED is not the one this log was opened with: set the old one.", own)
    for each in seen:
        if any(later > head.generation for later in each.texts):
            return Objection(
                "A newer generation of this log was released than the database knows: it is older than the log. "
                "Restore a newer one, or open a new generation with `undersigned log restart`.",
                each.keeper,
            )
    if head.released_size and head.generation not in seen[0].texts:
        where = "UNDERSIGNED_LOG_KEPT_IN" if len(seen) > 1 else "this worker's data directory"
        return Objection(
            f"{head.released_size} entries of this log were released, and {where} has no checkpoint of it: put the right "
            f"directory there, or have it compare and take one with `undersigned log adopt {head.statement}`.",
            seen[0].keeper,
        )
    for each in seen:
        text = each.texts.get(head.generation)
        if text is not None and (reason := await difference(asking, sealer, head, text)):
            return Objection(reason, each.keeper)
    return None


async def difference(asking: Asking, sealer: Sealer, head: Head, released: str) -> str | None:
    """Why the log in the database is not one that goes on from a released checkpoint; or None."""
    if released == head.checkpoint:
        return None
    try:
        checkpoint = note.parse_checkpoint(note.verify(released, [note.parse_vkey(sealer.vkey(head.origin))]))
    except note.NoteInvalid:
        return (
            f"The checkpoint that is kept of generation {head.generation} is damaged or of another key: put the right file "
            f"back, or have it replaced with `undersigned log adopt {head.statement}`."
        )
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
    if agrees:
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


def known(sealer: Sealer, head: Head, seen: Sequence[Kept]) -> list[Known]:
    """What is known of a log's generations from the database's own on, in order; only what their keys signed."""
    found: dict[int, Known] = {}
    texts = [(head.generation, head.checkpoint)] if head.checkpoint else []
    texts += [
        (generation, text) for each in seen for generation, text in each.texts.items() if generation >= head.generation
    ]
    for generation, text in texts:
        origin = origin_of(head, generation)
        vkey = (head.vkey if generation == head.generation else None) or sealer.vkey(origin)
        size = size_of(text, vkey)
        if size and (generation not in found or size > found[generation].size):
            found[generation] = Known(generation, size, text, origin, vkey)
    return sorted(found.values())


def hand_over(sealer: Sealer, past: Known, vkey: str) -> str | None:
    """A note in which the key of a log that ends says with which checkpoint, and which key's log follows; None if the seed was
    changed since, and so that key is not at hand.

    Its first line is no origin, so it can't be taken for a checkpoint.
    """
    if past.vkey != sealer.vkey(past.origin):
        return None
    cited = " ".join(past.checkpoint.split("\n")[:3])
    return note.sign(
        f"undersigned/v1 handover\n{cited}\n{vkey}\n", past.origin, note.derive_key(sealer.seed, past.origin)
    )


def second_vkey(sealer: Sealer, past: Known) -> str | None:
    """The key of a past checkpoint's second signature; None if it has none, or the seed was changed since."""
    vkey = sealer.second_vkey(past.origin)
    try:
        cosignatures.verify(past.checkpoint, cosignatures.parse_vkey(vkey))
    except note.NoteInvalid:
        return None
    return vkey


def size_of(text: str, vkey: str) -> int:
    """How many entries a checkpoint is over; 0 if this key didn't sign it."""
    try:
        return note.parse_checkpoint(note.verify(text, [note.parse_vkey(vkey)])).size
    except note.NoteInvalid:
        return 0
