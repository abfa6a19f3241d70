"""A statement that many have signed: whole tables in one INSERT each (filling.sql), and a log that adds up, with its tree."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from undersigned.database.connection import Database
from undersigned.log import keeping, merkle, note
from undersigned.log.heads import Sealer

COUNTED = ("endorsements", "signatories", "organisations", "entries", "members")
WAITING = ("claims", "messages", "reports", "offers", "queue")
PARTS = re.split(r"^-- name: (\w+)\n", Path(__file__).with_suffix(".sql").read_text(), flags=re.MULTILINE)[1:]
STATEMENTS = dict(zip(PARTS[::2], PARTS[1::2], strict=True))
SHARE = 500_000
PAGE = merkle.TILE_WIDTH * 64
TIMEOUT_S = 3600

BEGINNING = (
    "INSERT INTO log_entry SELECT $1::text, 0, n - 1, e.entry FROM unnest($2::text[]) WITH ORDINALITY AS e (entry, n)"
)
ENTRIES = (
    "SELECT entry FROM log_entry WHERE statement = $1 AND generation = 0 AND index >= $2 AND index < $3 ORDER BY index"
)
TILES = """
INSERT INTO log_tile SELECT $1::text, 0, t.* FROM unnest($2::smallint[], $3::bigint[], $4::bytea[]) AS t
ON CONFLICT (statement, generation, level, index) DO UPDATE SET hashes = excluded.hashes
"""
HEAD = """
UPDATE log_head SET size = $2, checkpoint = $3, vkey = $4, released_size = $2, released_checkpoint = $3 WHERE statement = $1
"""
TALLY = """
UPDATE tally SET individual_count = $2::bigint - $2 / 50, organisation_count = $2 / 50, log_size = $3 WHERE statement = $1
"""


async def fill(db: Database, sealer: Sealer, statement: str, start: int, end: int, what: Iterable[str]) -> None:
    """Adds signers numbered from `start` to before `end`, both thousands, to those before them, and signs the log over all."""
    async with db.pool.acquire() as connection:
        # Nothing of it is anybody's, and a look at a foreign key takes longer than its row.
        await connection.execute("SET session_replication_role = replica")
        for each in what:
            for at in range(start, end, SHARE):
                filling = STATEMENTS["signers"] + STATEMENTS[each]
                await connection.execute(filling, statement, at, min(at + SHARE, end), timeout=TIMEOUT_S)
        await connection.execute("RESET session_replication_role")
        await _sign(connection, sealer, statement, start, end)
        await connection.execute("VACUUM ANALYZE", timeout=TIMEOUT_S)


async def _sign(connection: Any, sealer: Sealer, statement: str, start: int, end: int) -> None:
    """Writes the first two entries of the log if it has none yet, the tiles, the head and the tally."""
    about = "SELECT h.origin, s.sha256 FROM log_head AS h JOIN statement AS s ON s.slug = h.statement WHERE s.slug = $1"
    origin, sha256 = await connection.fetchrow(about, statement)
    if not start:
        first = [f"undersigned/v1 open\nstatement sha256:{sha256.hex()}\n", "undersigned/v1 sum 0 0\n"]
        await connection.execute(BEGINNING, statement, first)
    begin, size = (start + start // 1000 + 2 if start else 0), end + end // 1000 + 2
    rows = await connection.fetch("SELECT level, index, hashes FROM log_tile WHERE statement = $1", statement)
    tiles = {(row["level"], row["index"]): row["hashes"] for row in rows}
    for at in range(begin, size, PAGE):
        end_of_page = min(at + PAGE, size)
        texts = await connection.fetch(ENTRIES, statement, at, end_of_page)
        grown = merkle.append(at, [merkle.leaf_hash(row["entry"].encode()) for row in texts], tiles)
        levels, indexes = [level for level, _ in grown], [index for _, index in grown]
        await connection.execute(TILES, statement, levels, indexes, list(grown.values()))
        partial = merkle.edge(end_of_page)
        tiles = {key: hashes for key, hashes in (tiles | grown).items() if key in partial}
    checkpoint = sealer.sign(note.Checkpoint(origin, size, merkle.root(size, tiles)))
    keeping.write_everywhere(sealer.kept(statement), statement, 0, checkpoint)
    await connection.execute(HEAD, statement, size, checkpoint, sealer.vkey(origin))
    await connection.execute(TALLY, statement, end, size)
