"""What readers get of a log: tiles, entry bundles, receipts' proofs; never more than was released."""

import msgspec

from undersigned.database.connection import Database, Record
from undersigned.log import merkle, note
from undersigned.log.merkle import TileName

SUBTRACTED_SPAN = 10_000


class Released(msgspec.Struct, frozen=True):
    """A released head: what the outside may know of a log."""

    statement: str
    generation: int
    origin: str
    vkey: str
    checkpoint: str
    size: int


async def released(db: Database, statement: str, generation: int | None = None) -> Released | None:
    """The newest released head of a log, or the last one of an ended generation; None if nothing was released of it."""
    for row in await db.pool.fetch(db.q.log.heads):
        if row["statement"] != statement:
            continue
        if generation is not None and generation < row["generation"]:
            return await _past(db, statement, generation)
        if row["released_checkpoint"] and generation in (None, row["generation"]):
            return Released(
                statement,
                row["generation"],
                row["origin"],
                row["vkey"],
                row["released_checkpoint"],
                row["released_size"],
            )
    return None


async def _past(db: Database, statement: str, generation: int) -> Released | None:
    row = await db.pool.fetchrow(db.q.log.past, statement, generation)
    if row is None:
        return None
    return Released(statement, generation, row["origin"], row["vkey"], row["checkpoint"], row["size"])


async def heads(db: Database) -> list[Record]:
    """Every log's head, with its key."""
    return list(await db.pool.fetch(db.q.log.heads))


async def tile(db: Database, log: Released, name: TileName) -> bytes | None:
    """A tile's hashes or a bundle's entries, as wide as asked for; None if that much was not released."""
    level = name.level or 0
    if name.width > merkle.width(level, name.index, log.size):
        return None
    if name.level is None:
        start = name.index * merkle.TILE_WIDTH
        rows = await db.pool.fetch(db.q.log.entries, log.statement, log.generation, start, start + name.width)
        return merkle.bundle(row["entry"].encode() for row in rows)
    tiles = await _read(db, log, [(level, name.index)])
    return tiles[level, name.index][: name.width * merkle.HASH_BYTES]


async def inclusion_proof(db: Database, log: Released, index: int) -> list[bytes]:
    """The hashes that lead from an entry to the released root. Raises merkle.ProofInvalid if it was not released yet."""
    tiles = await _read(db, log, merkle.needs(lambda t: merkle.inclusion_proof(index, log.size, t)))
    return merkle.inclusion_proof(index, log.size, tiles)


async def root(db: Database, log: Released, size: int) -> bytes:
    """The root over the first `size` entries, no more than were released."""
    return merkle.root(size, await _read(db, log, merkle.needs(lambda t: merkle.root(size, t))))


async def subtracted(db: Database, log: Released, since: int) -> tuple[list[tuple[int, str]], int]:
    """The entries taken back by lines from index `since` on, each with its reason, and the index to go on from."""
    until = min(log.size, since + SUBTRACTED_SPAN)
    rows = await db.pool.fetch(db.q.log.subtracted, log.statement, log.generation, since, until)
    words = [row["entry"].split() for row in rows]
    return [(int(index), reason) for _, _, index, reason in words], max(since, until)


async def _read(db: Database, log: Released, keys: list[merkle.Key]) -> dict[merkle.Key, bytes]:
    rows = await db.pool.fetch(
        db.q.log.read_tiles, log.statement, log.generation, [key[0] for key in keys], [key[1] for key in keys]
    )
    return {(row["level"], row["index"]): row["hashes"] for row in rows}


def checkpoint_of(log: Released) -> note.Checkpoint:
    return note.parse_checkpoint(log.checkpoint.partition("\n\n")[0] + "\n")
