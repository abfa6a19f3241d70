"""What `undersigned audit` does for an operator and an auditor: announce a sample, draw it, report the answers."""

import argparse
import sys

import msgspec

from undersigned.database.connection import Database
from undersigned.log import audits
from undersigned.settings import Settings
from undersigned.statements.published import Statements


async def announce(db: Database, _: Settings, options: argparse.Namespace) -> int:
    slug = await _known(db, options.statement)
    frame_size = await audits.announce(db, slug, options.size, options.commitment)
    print(
        f"Announced: {options.size:,}, from the first {frame_size:,} entries. Draw once a later checkpoint is released."
    )
    print(
        "The auditor tells their secret only when they have seen that checkpoint."
        if options.commitment
        else f"{audits.CAVEAT} Published as such; an auditor's --commitment excludes it."
    )
    return 0


async def draw(db: Database, _: Settings, options: argparse.Namespace) -> int:
    """Writes an opening a line for the auditor; whoever left since is named by index on standard error."""
    slug = await _known(db, options.statement)
    drawn = await audits.draw(db, slug, options.secret)
    for opening in drawn.openings:
        sys.stdout.buffer.write(msgspec.json.encode(opening) + b"\n")
    sys.stdout.buffer.flush()
    for index in drawn.withdrawn_since:
        print(f"entry {index}: withdrawn since", file=sys.stderr)
    print(f"{len(drawn.openings)} openings, {len(drawn.withdrawn_since)} withdrawn since.", file=sys.stderr)
    return 0


async def report(db: Database, _: Settings, options: argparse.Namespace) -> int:
    slug = await _known(db, options.statement)
    counts = (options.genuine, options.not_genuine, options.no_answer)
    await audits.report(db, slug, *counts)
    print("Published: {} genuine, {} not genuine, {} no answer.".format(*counts))
    return 0


async def _known(db: Database, slug: str) -> str:
    known = Statements()
    await known.load(db)
    return known.get(slug).slug
