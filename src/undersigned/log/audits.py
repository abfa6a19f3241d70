"""Sample audits: an auditor asks some of those counted, drawn by a seed that didn't exist when the sample was announced.

1. `announce` fixes the frame: the released checkpoint, and how many are to be drawn; and the hash of a secret that the auditor
   keeps, so that the operator can't try out next checkpoints until one draws kindly. That is public at once.
2. The seed is SHA-256 of `undersigned/v1 audit\\n`, the text of the frame's checkpoint and the text of the first later one
   (three lines each: origin, size, root), and the secret as a line, if one was committed to. The first later checkpoint ends with
   the first `sum` or `seal` behind the frame, so that nobody has to be believed about which one it was.
3. The entries that counted in the frame are ranked by SHA-256 of the seed and their index (8 bytes, big-endian). The first ones
   are drawn. Whoever left since is not replaced.
   An audit whose log ends before the draw is void: nobody can open the entries any more. One that was drawn is reported as ever.
4. `report` takes the answers. Whoever didn't answer, or left since, may be genuine or not: both extremes are published.
"""

import base64
import datetime as dt
import hashlib
import heapq
import math
import re
from collections.abc import Iterable
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from undersigned.database.connection import Database
from undersigned.database.queries.audits import Drawn, PublishedAudit, UnderWay
from undersigned.database.queries.log import Released
from undersigned.errors import Refused
from undersigned.log import entries, note, reading

FETCH_SIZE = 4096
# The two-sided 95 % quantile of the normal distribution.
Z = 1.959963984540054
CAVEAT = (
    "No auditor kept a secret for this draw. So an operator who forges entries could have tried many next checkpoints in secret, "
    "until one drew kindly."
)
# Long enough that nobody finds it by its hash.
SECRET = re.compile(r"[!-~]{32,128}")


class Draw(msgspec.Struct, frozen=True):
    """What an auditor gets: an opening for each drawn entry that still counts, and the indexes of the others."""

    openings: list[dict[str, Any]]
    withdrawn_since: list[int]


class Bound(msgspec.Struct, frozen=True):
    """A share of genuine entries in the sample, and its 95 % interval (Wilson) for all that counted in the frame."""

    share: float
    low: float
    high: float


class Audit(msgspec.Struct, frozen=True):
    """An audit as published; what comes later in its course is null until then.

    `lower` takes all who didn't answer or were withdrawn since for not genuine, `upper` takes them for genuine.
    """

    origin: str
    sample_size: int
    frame_size: int
    frame_root: str
    announced_at: dt.datetime
    commitment: Annotated[
        str | None, Meta(description="SHA-256 of the auditor's secret, in hex; null if nobody kept one")
    ]
    secret: Annotated[str | None, Meta(description="The auditor's secret, told at the draw")]
    caveat: Annotated[str | None, Meta(description="What this audit can't exclude, in English")]
    void_since: Annotated[
        dt.datetime | None, Meta(description="When the log ended before the draw, so that nobody can be drawn any more")
    ]
    later_size: int | None
    later_root: str | None
    seed: str | None
    live_count: int | None
    drawn_count: int | None
    withdrawn_since_count: int | None
    drawn_at: dt.datetime | None
    genuine_count: int | None
    not_genuine_count: int | None
    no_answer_count: int | None
    reported_at: dt.datetime | None
    lower: Bound | None
    upper: Bound | None


async def announce(
    db: Database, slug: str, sample_size: int, commitment: bytes | None = None, actor: str = "console"
) -> int:
    """Fixes and publishes the frame of an audit; returns how many entries it has. Raises Refused.

    `commitment` is SHA-256 of a secret that the auditor keeps until the draw.
    """
    if not 0 < sample_size <= 1_000_000:
        raise Refused("A sample has between one and a million entries.")
    if commitment is not None and len(commitment) != hashlib.sha256().digest_size:
        raise Refused("The commitment is the SHA-256 of the auditor's secret: 64 hex digits.")
    frame_size = await db.maybe(db.q.audits.announce, slug, sample_size, commitment, actor)
    if frame_size is None:
        raise Refused(
            "An audit can be announced once something was counted and released, not while a log that began anew is still adding "
            "everybody again, before the seal (which then is the later checkpoint), and only one at a time: report the one "
            "before, with all as `--no-answer` if nobody was asked."
        )
    return frame_size


async def draw(db: Database, slug: str, secret: str | None = None, actor: str = "console") -> Draw:
    """Draws the announced sample; the same one each time. Raises Refused before a later checkpoint is released, and if the secret
    isn't the one that the auditor committed to.
    """
    log, audit = await _under_way(db, slug)
    later_size = await db.maybe(db.q.audits.later_size, slug, log.generation, audit.frame_size, log.size)
    if later_size is None:
        raise Refused("The seed comes from the next checkpoint: wait until something more is counted or withdrawn.")
    _must_open(audit.commitment, secret)
    later = note.Checkpoint(log.origin, later_size, await reading.root(db, log, later_size))
    seed = seed_of(_checkpoint(audit.frame_checkpoint), later, secret)
    live = await _live(db, log, audit.frame_size)
    drawn = select(seed, (index for index, counts in enumerate(live) if counts), audit.sample_size)
    found = await db.many(db.q.audits.openings, slug, drawn, log.generation)
    counts = (sum(live), len(drawn), len(found))
    noted = await db.one(
        db.q.audits.note_draw, audit.id, later.size, note.encode_base64(later.root), seed, *counts, secret, actor
    )
    if not noted:
        raise Refused("The log ended or the sample was drawn at this very moment: try again.")
    return Draw([_opening(row) for row in found], sorted(set(drawn) - {row.log_index for row in found}))


def seed_of(frame: note.Checkpoint, later: note.Checkpoint, secret: str | None = None) -> bytes:
    """The seed of a draw, from two checkpoints that anybody can compute from the public log, and the auditor's secret."""
    told = f"{secret}\n" if secret else ""
    return hashlib.sha256(f"{entries.VERSION} audit\n{frame.text}{later.text}{told}".encode()).digest()


def select(seed: bytes, live: Iterable[int], sample_size: int) -> list[int]:
    """The drawn entries among the live ones, in the order of their ranks."""
    return heapq.nsmallest(
        sample_size, live, key=lambda index: hashlib.sha256(seed + index.to_bytes(8, "big")).digest()
    )


async def report(
    db: Database, slug: str, genuine: int, not_genuine: int, no_answer: int, actor: str = "console"
) -> None:
    """Keeps and publishes what the auditor found. Raises Refused unless every opened entry is accounted for."""
    if min(genuine, not_genuine, no_answer) < 0 or max(genuine, not_genuine, no_answer) > 1_000_000:
        raise Refused("Each number is between none and a million.")
    if await db.maybe(db.q.audits.report, slug, genuine, not_genuine, no_answer, actor) is None:
        raise Refused("Draw first; and the three numbers together are as many as the openings of the first draw.")


async def published(db: Database, slug: str) -> list[Audit]:
    """All audits of a statement, newest first: also those that were announced and never reported."""
    return [_audit(row) for row in await db.many(db.q.audits.published, slug)]


def wilson(genuine: int, asked: int) -> Bound:
    """The share of genuine ones among those asked (at least one), with its 95 % score interval.

    E. B. Wilson, Probable inference, the law of succession, and statistical inference, JASA 22 (1927); Brown, Cai and
    DasGupta, Interval estimation for a binomial proportion, Statistical Science 16 (2001), recommend it for its coverage near
    0 and 1, where honest samples lie. There is no correction for a finite frame, so that it is rather too wide.
    """
    share, z2 = genuine / asked, Z * Z
    centre = share + z2 / (2 * asked)
    spread = Z * math.sqrt(share * (1 - share) / asked + z2 / (4 * asked * asked))
    low, high = ((centre + sign * spread) / (1 + z2 / asked) for sign in (-1, 1))
    # Rounding must not move an extreme off its end.
    return Bound(share, low if genuine else 0.0, high if genuine < asked else 1.0)


async def _under_way(db: Database, slug: str) -> tuple[Released, UnderWay]:
    log = await reading.released(db, slug)
    audit = await db.maybe(db.q.audits.under_way, slug)
    if log is None or audit is None:
        raise Refused("No audit is under way: announce one first.")
    if audit.generation != log.generation:
        raise Refused(
            "The log has ended since this was drawn, and the draw can't be repeated: report it from its openings."
        )
    return log, audit


def _must_open(commitment: bytes | None, secret: str | None) -> None:
    """Raises Refused unless the secret is the one that was committed to, or none was and none is given."""
    if commitment is None and secret is not None:
        raise Refused("Nobody committed to a secret when this audit was announced: none can be told now.")
    if commitment is not None and secret is None:
        raise Refused("The auditor committed to a secret: they tell it now, once they have seen the later checkpoint.")
    if secret is not None and not SECRET.fullmatch(secret):
        raise Refused("The auditor's secret is 32 to 128 characters of ASCII without spaces.")
    if secret is not None and hashlib.sha256(secret.encode()).digest() != commitment:
        raise Refused("That is not the secret that the auditor committed to.")


async def _live(db: Database, log: Released, size: int) -> bytearray:
    """For each entry, a byte that is 1 if it counted when the log had `size`."""
    live = bytearray(size)
    for start in range(0, size, FETCH_SIZE):
        end = min(size, start + FETCH_SIZE)
        page = await db.many(db.q.log.entries, log.statement, log.generation, start, end)
        for index, entry in enumerate(page, start):
            _, word, *rest = entry.split()
            if word == "add":
                live[index] = 1
            elif word == "sub":
                live[int(rest[0])] = 0
    return live


def _opening(row: Drawn) -> dict[str, Any]:
    return msgspec.structs.asdict(row) | {"salt": base64.b64encode(row.salt).decode()}


def _checkpoint(signed: str) -> note.Checkpoint:
    return note.parse_checkpoint(note.parse(signed).text)


def _audit(row: PublishedAudit) -> Audit:
    frame = _checkpoint(row.frame_checkpoint)
    drawn, genuine, not_genuine = row.drawn_count, row.genuine_count, row.not_genuine_count
    heard = bool(drawn) and genuine is not None and not_genuine is not None
    given = {name: value for name, value in msgspec.structs.asdict(row).items() if name in Audit.__struct_fields__}
    return Audit(
        **given
        | {
            "origin": frame.origin,
            "frame_root": note.encode_base64(frame.root),
            "commitment": row.commitment and row.commitment.hex(),
            "caveat": None if row.commitment else CAVEAT,
            "seed": row.seed and row.seed.hex(),
            "withdrawn_since_count": None if drawn is None else drawn - (row.opened_count or 0),
            "lower": wilson(genuine or 0, drawn or 0) if heard else None,
            "upper": wilson((drawn or 0) - (not_genuine or 0), drawn or 0) if heard else None,
        }
    )
