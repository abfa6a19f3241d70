"""Asking witnesses: what was released of a log is shown to strangers, who cosign that it grew and only grew (C2SP tlog-witness).

It stands behind the release and outside any transaction, so that nobody's signing waits for a witness. What they say is kept
apart from the released checkpoint, which stays ours alone.
"""

import asyncio
import datetime as dt
import logging
import re
import time
from collections.abc import Sequence

import httpx
import msgspec

from undersigned.database.connection import Database
from undersigned.database.queries.log import Released
from undersigned.database.queries.witnesses import Cosigned, Seen
from undersigned.log import heads, merkle, note, reading, witnesses
from undersigned.log.note import NoteInvalid
from undersigned.log.policies import Policy, Witness

log = logging.getLogger(__name__)

ASKED_EVERY = dt.timedelta(minutes=1)
ANSWER_TIMEOUT_S = 10.0
ANSWER_LENGTH_MAX = 64 * 1024
CLOCKS_DIFFER_S = 300
CATCH_UPS_MAX = 3
SIZE_TYPE = "text/x.tlog.size"


class Trouble(Exception):
    """A witness gave no cosignature; the message is a sentence that says why."""


class Forked(Trouble):
    """A witness has seen another history of a log than ours."""


class Ahead(Forked):
    """A witness has seen more of a log than was released here."""


class Told(msgspec.Struct, frozen=True):
    """What asking a witness came to: its line and when it saw the head, or trouble; and the size to go on from."""

    witness: Witness
    size: int
    line: str = ""
    seen_at: int = 0
    trouble: Trouble | None = None


def client() -> httpx.AsyncClient:
    """What witnesses are asked with: it keeps connections, and follows nobody anywhere else."""
    return httpx.AsyncClient(follow_redirects=False, timeout=ANSWER_TIMEOUT_S, trust_env=False)


async def run_once(db: Database, policy: Policy, asking: httpx.AsyncClient, every: dt.timedelta = ASKED_EVERY) -> int:
    """Shows every log that grew to its witnesses, unless any worker did within `every`; returns 0: it comes back later."""
    for statement in await db.many(db.q.witnesses.due, every):
        if await db.maybe(db.q.witnesses.take, statement, every):
            await ask(db, policy, asking, statement)
    return 0


async def ask(db: Database, policy: Policy, asking: httpx.AsyncClient, statement: str) -> None:
    """Shows a log's released head to all its witnesses at once, and publishes it cosigned if that makes a quorum."""
    released = await reading.released(db, statement)
    if released is None:
        return
    known = {seen.name: seen for seen in await db.many(db.q.witnesses.known, statement)}
    told = await asyncio.gather(
        *(_ask_one(db, asking, released, each, known.get(each.name)) for each in policy.witnesses.values() if each.url)
    )
    for each in told:
        await db.execute(
            db.q.witnesses.note,
            statement,
            each.witness.name,
            each.witness.key.vkey,
            released.generation,
            each.size,
            _moment(each.seen_at) if each.line else None,
            str(each.trouble) if each.trouble else None,
        )
        if each.trouble:
            level = logging.ERROR if isinstance(each.trouble, Forked) else logging.WARNING
            log.log(level, "The witness %s of %s: %s", each.witness.name, statement, each.trouble)
        if isinstance(each.trouble, Ahead):
            await db.maybe(db.q.log.stop, statement, str(each.trouble), f"witness {each.witness.name}")
    seen = [each for each in told if each.line]
    if seen and policy.is_met({each.witness.name for each in seen}):
        await db.execute(
            db.q.witnesses.publish,
            statement,
            released.generation,
            released.size,
            released.checkpoint + "".join(each.line for each in seen),
            len(seen),
            _moment(min(each.seen_at for each in seen)),
        )


async def cosigned(db: Database, statement: str) -> Cosigned | None:
    """The newest head of a log that a quorum of witnesses cosigned; None while there is none of its newest generation."""
    return await db.maybe(db.q.witnesses.cosigned, statement)


async def provable(db: Database, log: Released, index: int) -> Released:
    """The head that a receipt of an entry proves to: the cosigned one if it is of this log and holds the entry, else ours."""
    found = await cosigned(db, log.statement)
    if found is None or found.generation != log.generation or index >= found.size:
        return log
    return msgspec.structs.replace(log, size=found.size, checkpoint=found.checkpoint)


async def seen_by(db: Database, statement: str) -> Sequence[Seen]:
    """What each witness of a log said last."""
    return await db.many(db.q.witnesses.known, statement)


async def _ask_one(
    db: Database, asking: httpx.AsyncClient, released: Released, witness: Witness, known: Seen | None
) -> Told:
    size = known.size if known and known.generation == released.generation else 0
    if size > released.size:
        size = 0  # Entries were lost: it is asked to say so itself.
    try:
        for _ in range(CATCH_UPS_MAX):
            answer = await _send(asking, witness, await _request(db, released, size))
            if isinstance(answer, str):
                line, seen_at = _cosignature(released.checkpoint, answer, witness)
                return Told(witness, released.size, line, seen_at)
            if answer > released.size:
                later = await reading.released(db, released.statement)
                if later and (later.generation > released.generation or later.size >= answer):
                    raise Trouble("Another worker has shown it a newer head already.")
                raise Ahead(
                    f"It has seen {answer} entries of this log, and {released.size} were released by this database: it is "
                    "older than the log. Restore a newer one, or open a new generation with `undersigned log restart`. If "
                    f"the witness is wrong, take it out of the policy and run `undersigned log adopt {released.statement}`."
                )
            size = answer
        raise Trouble("It names another size each time it is asked.")
    except Trouble as trouble:
        return Told(witness, size, trouble=trouble)


async def _request(db: Database, released: Released, old: int) -> bytes:
    needed = merkle.needs(lambda tiles: merkle.consistency_proof(old, released.size, tiles))
    tiles = await heads.read_tiles(db, released.statement, released.generation, needed)
    proof = merkle.consistency_proof(old, released.size, tiles)
    lines = "".join(f"{note.encode_base64(node)}\n" for node in proof)
    return f"old {old}\n{lines}\n{released.checkpoint}".encode()


async def _send(asking: httpx.AsyncClient, witness: Witness, body: bytes) -> str | int:
    """The signature lines that a witness answers; or the size that it goes on from, if it was another one. Raises Trouble."""
    try:
        async with (
            asyncio.timeout(ANSWER_TIMEOUT_S),
            asking.stream("POST", f"{witness.url}/add-checkpoint", content=body) as response,
        ):
            content = b""
            async for part in response.aiter_bytes():
                content += part
                if len(content) > ANSWER_LENGTH_MAX:
                    raise Trouble(f"It answered with more than {ANSWER_LENGTH_MAX // 1024} KiB.")
    except TimeoutError:
        raise Trouble(f"It did not answer within {ANSWER_TIMEOUT_S:.0f} s.") from None
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise Trouble(f"It can't be reached ({type(error).__name__}).") from None
    text = content.decode(errors="replace")
    number = text.removesuffix("\n")
    if response.status_code == httpx.codes.OK:
        return text
    is_size = response.headers.get("content-type", "").partition(";")[0].strip() == SIZE_TYPE
    if response.status_code == httpx.codes.CONFLICT and is_size and re.fullmatch(r"0|[1-9][0-9]{0,18}", number):
        return int(number)
    if response.status_code == httpx.codes.UNPROCESSABLE_ENTITY:
        raise Forked(
            "It refuses the proof (422): it has seen another history of this log than this one. Keep both heads, and see "
            "`undersigned check`."
        )
    raise Trouble(f"It answered {response.status_code}.")


def _cosignature(signed: str, lines: str, witness: Witness) -> tuple[str, int]:
    """The line of a witness among those it answered, and when it saw the head. Raises Trouble."""
    try:
        parsed = note.parse(f"{signed}{lines}")
        for line in parsed.signatures[len(note.parse(signed).signatures) :]:
            if (line.name, line.key_id) == (witness.key.name, witness.key.id):
                seen_at = witnesses.verify(parsed.text, line, witness.key)
                if abs(seen_at - time.time()) > CLOCKS_DIFFER_S:
                    raise Trouble("Its clock is more than five minutes off.")
                return f"— {line.name} {note.encode_base64(line.key_id + line.signature)}\n", seen_at
    except NoteInvalid as error:
        raise Trouble(f"Its answer is none: {error}") from None
    raise Trouble("It answered without a cosignature of the key that the policy has of it.")


def _moment(seconds: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(seconds, dt.UTC)
