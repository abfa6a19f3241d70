"""The recount: endorsements, entries, tiles, `sum` lines, tally and signature must all say the same, or it says where not."""

import re
from collections import Counter

import msgspec

from undersigned.database.connection import Connection, Database, Record
from undersigned.log import entries, merkle, note

FETCH_SIZE = 4096
DISAGREEMENTS_MAX = 20
LINE = re.compile(
    rf"{re.escape(entries.VERSION)} (?:"
    r"(open)\nstatement sha256:[0-9a-f]{64}(?:\nprevious [!-~]+ [0-9]+ [A-Za-z0-9+/]{43}=)?"
    r"|add (individual|organisation)\n[A-Za-z0-9+/]{43}="
    r"|sub (0|[1-9][0-9]*) (withdrawn|duplicate|fraud|error)|(sum|seal) (0|[1-9][0-9]*) (0|[1-9][0-9]*))\n"
)


class Count(msgspec.Struct):
    """What replaying the entries from the first one on gives."""

    size: int = 0
    individuals: int = 0
    organisations: int = 0
    summed_at: int = -1
    sealed: bool = False
    live: dict[int, str] = msgspec.field(default_factory=dict)
    subtracted: Counter[str] = msgspec.field(default_factory=Counter)


class _Recount:
    """Replays entries, rebuilds their tiles, and collects what disagrees."""

    def __init__(self, stored: dict[merkle.Key, bytes], opening: str) -> None:
        self.count = Count()
        self.found: list[str] = []
        self.rebuilt: dict[merkle.Key, bytes] = {}
        self._stored = stored
        self._opening = opening

    def say(self, disagreement: str) -> None:
        if len(self.found) < DISAGREEMENTS_MAX:
            self.found.append(disagreement)

    def add(self, texts: list[str]) -> None:
        leaves = [merkle.leaf_hash(text.encode()) for text in texts]
        needed = {key: self.rebuilt[key] for key in merkle.edge(self.count.size)}
        changed = merkle.append(self.count.size, leaves, needed)
        self.rebuilt |= changed
        for text in texts:
            self._replay(text)
            self.count.size += 1
        for key in changed:
            if key[0] == 0 and len(self.rebuilt[key]) == merkle.TILE_WIDTH * merkle.HASH_BYTES:
                self._compare(key)

    def finish(self) -> bytes:
        """Compares what is left of the tiles; returns the root over all entries."""
        root = merkle.root(self.count.size, self.rebuilt)
        for key in sorted(set(self.rebuilt) | set(self._stored)):
            if key in self.rebuilt and not self.rebuilt[key]:
                continue  # compared when it was full
            self._compare(key)
        if self.count.summed_at != self.count.size - 1:
            self.say("The last entry is no sum.")
        return root

    def _compare(self, key: merkle.Key) -> None:
        if self._stored.get(key) != self.rebuilt.get(key):
            self.say(f"The stored tile {key[0]}/{key[1]} is not the hash of the entries.")
        if key in self.rebuilt and key not in merkle.edge(self.count.size):
            self.rebuilt[key] = b""

    def _replay(self, text: str) -> None:
        index, count = self.count.size, self.count
        line = LINE.fullmatch(text)
        if not line or count.sealed or (line[1] is not None) != (index == 0):
            self.say(f"Entry {index} is not a line that belongs there.")
        elif line[1]:
            if text != self._opening:
                self.say("The log was opened for another text, or after another log.")
        elif line[2]:
            count.live[index] = line[2]
            self._move(line[2], 1)
        elif line[3]:
            kind = count.live.pop(int(line[3]), None)
            if kind is None:
                self.say(f"Entry {index} takes back entry {line[3]}, which is not counted.")
            else:
                self._move(kind, -1)
                count.subtracted[line[4]] += 1
        else:
            count.summed_at, count.sealed = index, line[5] == "seal"
            if (int(line[6]), int(line[7])) != (count.individuals, count.organisations):
                self.say(
                    f"Entry {index} sums up {line[6]} and {line[7]}; it is {count.individuals} and {count.organisations}."
                )

    def _move(self, kind: str, change: int) -> None:
        if kind == "individual":
            self.count.individuals += change
        else:
            self.count.organisations += change


async def check(db: Database, statement: str) -> list[str]:
    """Where a log and the counts disagree, in sentences; empty when all agrees. Kept as the latest check."""
    async with db.pool.acquire() as connection:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            head = await connection.fetchrow(db.q.log.read_head, statement)
            size, found = (0, ["There is no such log."]) if head is None else await _recount(connection, db, head)
        if head is not None and size:
            await connection.execute(db.q.log.keep_check, statement, size, found)
    return found


async def latest(db: Database, statement: str) -> Record | None:
    """The latest check of a log: its size, its disagreements, and when it was."""
    return await db.pool.fetchrow(db.q.log.latest_check, statement)


async def check_due(db: Database, every: object) -> int:
    """Checks the logs whose latest check is older than `every`, a timedelta; returns how many disagree."""
    due = await db.pool.fetch(db.q.log.due_checks, every)
    return sum([bool(await check(db, row["statement"])) for row in due])


async def _recount(connection: Connection, db: Database, head: Record) -> tuple[int, list[str]]:
    log = (head["statement"], head["generation"])
    rows = await connection.fetch(db.q.log.all_tiles, *log)
    stored = {(row["level"], row["index"]): row["hashes"] for row in rows}
    recount = _Recount(stored, entries.open_(head["sha256"], head["previous"]))
    for start in range(0, head["size"], FETCH_SIZE):
        page = await connection.fetch(db.q.log.entries, *log, start, start + FETCH_SIZE)
        recount.add([row["entry"] for row in page])
    if head["size"]:
        root = recount.finish()
        if recount.count.size != head["size"]:
            recount.say(f"The head says {head['size']} entries, and there are {recount.count.size}.")
        _compare_signature(recount, head, root)
    if recount.count.sealed != bool(head["sealed_at"]):
        recount.say("Entries and head don't agree on whether the log is sealed.")
    await _compare_counts(connection, db, recount, head)
    return head["size"], recount.found


def _compare_signature(recount: _Recount, head: Record, root: bytes) -> None:
    try:
        text = note.verify(head["checkpoint"], [note.parse_vkey(head["vkey"])])
    except note.NoteInvalid as error:
        recount.say(f"The checkpoint isn't signed with the log's key: {error}")
        return
    if text != note.Checkpoint(head["origin"], recount.count.size, root).text:
        recount.say("The signed checkpoint is not over these entries.")


async def _compare_counts(connection: Connection, db: Database, recount: _Recount, head: Record) -> None:
    statement, count = head["statement"], recount.count
    row = await connection.fetchrow(db.q.log.recount, statement, head["generation"])
    tally = await connection.fetchrow(db.q.tallies.read, statement)
    assert row is not None  # noqa: S101 -- the query always has one row
    if row["mismatched"]:
        recount.say(f"{row['mismatched']} endorsements are counted by entries that are not theirs.")
    if row["left_behind"]:
        recount.say(
            f"{row['left_behind']} endorsements wait for the new generation: run `undersigned log restart` again."
        )
    if tally is None:
        recount.say("There is no tally.")
        return
    for kind, counted in (("individual", count.individuals), ("organisation", count.organisations)):
        if tally[f"{kind}_count"] != counted:
            recount.say(f"The tally has {tally[f'{kind}_count']} {kind}s, and the entries {counted}.")
        endorsed = row[f"{kind}s"] - row[f"queued_{kind}s"]
        # Behind a seal, whoever leaves is erased, and no entry can say so.
        if endorsed > counted or (endorsed < counted and not count.sealed):
            recount.say(f"There are {endorsed} endorsements of {kind}s, and the entries count {counted}.")
    before = await connection.fetch(db.q.log.subtracted_before, statement, head["generation"])
    subtracted = count.subtracted + Counter({past["reason"]: past["count"] for past in before})
    for reason in ("withdrawn", "duplicate", "fraud", "error"):
        if tally[f"{reason}_count"] != subtracted[reason]:
            recount.say(f"The tally has {tally[f'{reason}_count']} {reason}, and the entries {subtracted[reason]}.")
