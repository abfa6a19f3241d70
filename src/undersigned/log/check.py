"""The recount: endorsements, entries, tiles, `sum` lines, tally and signature must all say the same, or it says where not.

It goes through a log and through the endorsements page by page, while signing goes on, and no view of the world lasts longer
than a page. Entries and full tiles never change, so they can be read at any time. Whatever does change is held against the
entries up to the size that the log had in that same view: so nothing is reported that is only in the making.
"""

from collections import Counter
from uuid import UUID

from undersigned.database.connection import Database
from undersigned.database.queries.log import Checked, Head
from undersigned.log import cosignatures, entries, heads, merkle, note
from undersigned.log.replay import Replay

FETCH_SIZE = 4096
SPAN = 10_000
FIRST = UUID(int=0)


class _EndedMeanwhile(Exception):
    """The log began anew while it was recounted."""


async def check(db: Database, statement: str) -> list[str]:
    """Where a log and the counts disagree, in sentences; empty when all agrees. Kept as the latest check."""
    while (head := await db.maybe(db.q.log.read_head, statement)) is not None:
        try:
            recount = _Recount(db, head)
            found = await recount.run()
        except _EndedMeanwhile:
            continue
        if recount.replay.size:
            await db.execute(db.q.log.keep_check, statement, recount.replay.size, found)
        return found
    return ["There is no such log."]


async def latest(db: Database, statement: str) -> Checked | None:
    """The latest check of a log: its size, its disagreements, and when it was."""
    return await db.maybe(db.q.log.latest_check, statement)


async def check_due(db: Database, every: object) -> int:
    """Checks the logs whose latest check is older than `every`, a timedelta; returns how many disagree."""
    return sum([bool(await check(db, statement)) for statement in await db.many(db.q.log.due_checks, every)])


class _Recount:
    """One generation of a log, replayed from its first entry on, and what is held against it."""

    def __init__(self, db: Database, head: Head) -> None:
        self.replay = Replay(entries.open_(head.sha256, head.previous))
        self._db = db
        self._head = head
        self._log = (head.statement, head.generation)
        self._is_cut = False

    async def run(self) -> list[str]:
        """What disagrees. Raises _EndedMeanwhile."""
        await self._read_up_to(self._head.size)
        await self._compare_standing()
        for each in await self._db.many(self._db.q.log.tiles_beyond, *self._log):
            self.replay.say(f"The log has no place for the stored tile {each}.")
        await self._compare_members(self.replay.size)
        await self._compare_endorsements()
        return self.replay.found

    async def _read_up_to(self, size: int) -> None:
        """Replays entries that were not replayed yet, and compares the tiles that they fill."""
        while (start := self.replay.size) < size and not self._is_cut:
            end = min(start + FETCH_SIZE, size)
            texts = await self._db.many(self._db.q.log.entries, *self._log, start, end)
            filled = self.replay.add(texts)
            stored = await heads.read_tiles(self._db, *self._log, filled) if filled else {}
            self._compare_tiles(filled, stored)
            if len(texts) < end - start:
                self._is_cut = True
                self.replay.say(f"The head says {size} entries, and there are {self.replay.size}.")

    def _compare_tiles(self, expected: dict[merkle.Key, bytes], stored: dict[merkle.Key, bytes]) -> None:
        for key, hashes in expected.items():
            if stored.get(key) != hashes:
                self.replay.say(f"The stored tile {key[0]}/{key[1]} is not the hash of the entries.")

    async def _compare_standing(self) -> None:
        """Holds head, tally and the tiles at the edge, all of one moment, against the entries up to there."""
        async with self._db.transaction(isolation="repeatable_read", readonly=True) as session:
            standing = await session.maybe(session.q.log.standing, *self._log)
            edge = await heads.read_tiles(session, *self._log, merkle.edge(standing.size)) if standing else {}
        if standing is None:
            await self._must_go_on()
            self.replay.say("There is no tally.")
            return
        await self._read_up_to(standing.size)
        if standing.size:
            self._compare_tiles(self.replay.edge, edge)
            self._compare_signature(standing.checkpoint or "")
            if not self.replay.is_summed_up:
                self.replay.say("The last entry is no sum.")
        if self.replay.sealed != bool(standing.sealed_at):
            self.replay.say("Entries and head don't agree on whether the log is sealed.")
        subtracted = self.replay.subtracted + await self._subtracted_before()
        for what, told, counted in (
            ("individuals", standing.individual_count, self.replay.individuals),
            ("organisations", standing.organisation_count, self.replay.organisations),
            ("withdrawn", standing.withdrawn_count, subtracted["withdrawn"]),
            ("duplicate", standing.duplicate_count, subtracted["duplicate"]),
            ("fraud", standing.fraud_count, subtracted["fraud"]),
            ("error", standing.error_count, subtracted["error"]),
        ):
            if told != counted:
                self.replay.say(f"The tally has {told} {what}, and the entries {counted}.")

    def _compare_signature(self, checkpoint: str) -> None:
        try:
            text = note.verify(checkpoint, [note.parse_vkey(self._head.vkey or "")])
        except note.NoteInvalid as error:
            self.replay.say(f"The checkpoint isn't signed with the log's key: {error}")
            return
        try:
            if self._head.ml_dsa_vkey:
                cosignatures.verify(checkpoint, cosignatures.parse_vkey(self._head.ml_dsa_vkey))
        except note.NoteInvalid as error:
            self.replay.say(f"The checkpoint isn't signed with the log's second key: {error}")
        if text != note.Checkpoint(self._head.origin, self.replay.size, self.replay.root()).text:
            self.replay.say("The signed checkpoint is not over these entries.")

    async def _subtracted_before(self) -> Counter[str]:
        """By reason, what the generations before took back: the tally keeps it, and this one's entries don't repeat it."""
        counted: Counter[str] = Counter()
        for past in await self._db.many(self._db.q.log.kept, *self._log):
            for start in range(0, past.size, SPAN):
                page = (self._head.statement, past.generation, start, min(start + SPAN, past.size))
                counted.update(text.split()[3] for text in await self._db.many(self._db.q.log.subtracted, *page))
        return counted

    async def _compare_members(self, size: int) -> None:
        """Each entry that counts is that of one endorsement that counts, which it commits to; and no other entry is anybody's."""
        strange = nobody = taken_back = 0
        for start in range(0, size, SPAN):
            end = min(start + SPAN, size)
            page = await self._db.maybe(self._db.q.log.members, *self._log, start, end)
            if page is None:
                raise _EndedMeanwhile
            # In that view, the log may have been longer than it was a page ago.
            await self._read_up_to(page.size)
            counting, known = set(self.replay.counting(start, end)), set(page.indexes)
            strange += len(page.strange)
            taken_back += len(known - counting)
            # Behind a seal, whoever leaves is erased, and no entry can say so.
            nobody += 0 if self.replay.sealed else len(counting - known)
        if strange:
            self.replay.say(f"{strange} endorsements are counted by entries that are not theirs.")
        if nobody:
            self.replay.say(f"{nobody} entries count, and nobody knows whom.")
        if taken_back:
            self.replay.say(f"{taken_back} endorsements are counted by entries that count nothing.")

    async def _compare_endorsements(self) -> None:
        """Everybody who counts is counted by an entry, or waits in the queue."""
        uncounted, left_behind, after = 0, 0, FIRST
        while True:
            page = await self._db.maybe(self._db.q.log.endorsed, *self._log, after)
            if page is None:
                await self._must_go_on()
                return
            uncounted, left_behind = uncounted + page.uncounted, left_behind + page.left_behind
            if page.last is None:
                break
            after = page.last
        if uncounted:
            self.replay.say(f"{uncounted} endorsements count, and no entry counts them.")
        if left_behind:
            self.replay.say(
                f"{left_behind} endorsements wait for the new generation: run `undersigned log restart` again."
            )

    async def _must_go_on(self) -> None:
        """Raises _EndedMeanwhile if this generation isn't the log's newest any more."""
        head = await self._db.maybe(self._db.q.log.read_head, self._head.statement)
        if head is None or head.generation != self._head.generation:
            raise _EndedMeanwhile
