"""What an operator does about counted endorsements: take one back in public, export them all."""

import argparse
import sys

from undersigned.admins import trail
from undersigned.database.connection import Database
from undersigned.readers import exports
from undersigned.settings import Settings
from undersigned.signing import endorsements
from undersigned.statements.published import Statements


async def reject(db: Database, _: Settings, options: argparse.Namespace) -> int:
    found = await endorsements.find_by_entry(db, options.statement, options.log_index)
    if found is None or not await endorsements.reject(db, found, options.reason, options.tell):
        print("No counted endorsement has this log index.", file=sys.stderr)
        return 1
    await trail.leave_trail(
        db, "console", f"reject {options.reason}", options.statement, None, f"entry {options.log_index}"
    )
    print("Taken back; the public log says so in a moment, and its owner gets a mail.")
    return 0


async def export(db: Database, _: Settings, options: argparse.Namespace) -> int:
    known = Statements()
    await known.load(db)
    slug = known.get(options.statement).slug
    total, done = await exports.size(db, slug), 0
    async with exports.opened(db, slug, options.format, "console") as pieces:
        async for piece in pieces:
            sys.stdout.buffer.write(piece)
            done += 1
            if sys.stderr.isatty() and (done % 1000 == 0 or done >= total):
                share = min(done / max(total, 1), 1)
                print(f"\r[{'█' * round(share * 30):<30}] {done:,} of {total:,}", end="", file=sys.stderr, flush=True)
    sys.stdout.buffer.flush()
    if sys.stderr.isatty():
        print(file=sys.stderr)
    return 0
