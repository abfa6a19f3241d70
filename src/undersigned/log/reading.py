"""What readers get of a log: tiles, entry bundles, receipts' proofs; never more than was released."""

from undersigned.database.connection import Database
from undersigned.database.queries.log import LogKey, Released
from undersigned.log import heads, merkle
from undersigned.log.merkle import TileName

SUBTRACTED_SPAN = 10_000


async def released(db: Database, statement: str, generation: int | None = None) -> Released | None:
    """The newest released head of a log, or the last one of an ended generation; None if nothing was released of it."""
    return await db.maybe(db.q.log.released, statement, generation)


async def keys(db: Database) -> list[LogKey]:
    """Every log, with the key that it is signed with."""
    return await db.many(db.q.log.keys)


async def tile(db: Database, log: Released, name: TileName) -> bytes | None:
    """A tile's hashes or a bundle's entries, as wide as asked for; None if that much was not released."""
    level = name.level or 0
    if name.width > merkle.width(level, name.index, log.size):
        return None
    if name.level is None:
        start = name.index * merkle.TILE_WIDTH
        entries = await db.many(db.q.log.entries, log.statement, log.generation, start, start + name.width)
        return merkle.bundle(entry.encode() for entry in entries)
    tiles = await heads.read_tiles(db, log.statement, log.generation, [(level, name.index)])
    return tiles[level, name.index][: name.width * merkle.HASH_BYTES]


async def inclusion_proof(db: Database, log: Released, index: int) -> list[bytes]:
    """The hashes that lead from an entry to the released root. Raises merkle.ProofInvalid if it was not released yet."""
    needed = merkle.needs(lambda t: merkle.inclusion_proof(index, log.size, t))
    tiles = await heads.read_tiles(db, log.statement, log.generation, needed)
    return merkle.inclusion_proof(index, log.size, tiles)


async def root(db: Database, log: Released, size: int) -> bytes:
    """The root over the first `size` entries, no more than were released."""
    needed = merkle.needs(lambda t: merkle.root(size, t))
    return merkle.root(size, await heads.read_tiles(db, log.statement, log.generation, needed))


async def subtracted(db: Database, log: Released, since: int) -> tuple[list[tuple[int, str]], int]:
    """The entries taken back by lines from index `since` on, each with its reason, and the index to go on from."""
    until = min(log.size, since + SUBTRACTED_SPAN)
    words = [entry.split() for entry in await db.many(db.q.log.subtracted, log.statement, log.generation, since, until)]
    return [(int(index), reason) for _, _, index, reason in words], max(since, until)
