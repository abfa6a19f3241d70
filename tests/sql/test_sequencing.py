"""What the sequencer makes of its queue: a batch that tells nothing about who came first."""

import hashlib
from pathlib import Path
from uuid import UUID

from tests.conftest import SECRET
from undersigned.database.connection import Database
from undersigned.log import sequencer
from undersigned.log.heads import Sealer

PEOPLE = 24
COME = """
INSERT INTO log_queue (endorsement_id, statement, op, kind, commitment, objectives)
SELECT md5(n::text)::uuid, 'example', 'add', 'individual', sha256(n::text::bytea), '{}' FROM generate_series(1, $1::integer) AS n
"""
LEAVE = """
INSERT INTO log_queue (endorsement_id, statement, op, kind, objectives, reason)
SELECT endorsement_id, statement, 'sub', 'individual', '{}', 'withdrawn' FROM log_member ORDER BY index
"""


async def test_an_entrys_place_in_its_batch_tells_nothing_about_who_came_or_left_first(
    db: Database, tmp_path: Path
) -> None:
    """Of all the orders there are, that of their coming has a chance of one in 10^23."""
    sealer = Sealer(SECRET, tmp_path)
    await db.pool.execute(COME, PEOPLE)
    assert await sequencer.run_once(db, sealer) == PEOPLE
    members = [
        row["endorsement_id"] for row in await db.pool.fetch("SELECT endorsement_id FROM log_member ORDER BY index")
    ]
    came = [UUID(hashlib.md5(str(n).encode(), usedforsecurity=False).hexdigest()) for n in range(1, PEOPLE + 1)]
    assert sorted(members) == sorted(came)
    assert members != came
    await db.pool.execute(LEAVE)
    assert await sequencer.run_once(db, sealer) == PEOPLE
    entries = await db.pool.fetch("SELECT entry FROM log_entry WHERE entry LIKE '%sub%' ORDER BY index")
    taken_back = [int(row["entry"].split()[2]) for row in entries]
    assert len(taken_back) == PEOPLE
    assert taken_back != sorted(taken_back)
