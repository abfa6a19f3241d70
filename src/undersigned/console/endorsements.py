"""What an operator does about counted endorsements: take one back in public, export them all."""

import argparse
import sys

from undersigned.console.command import Commands, on_database, statements_of, whole_number
from undersigned.database.connection import Database
from undersigned.readers import exports
from undersigned.settings import Settings
from undersigned.signing import endorsements


def declare(commands: Commands) -> None:
    rejecting = commands.add_parser("reject", help="take back a counted endorsement, in public")
    rejecting.add_argument("statement")
    rejecting.add_argument("log_index", type=whole_number, help="as an export has it")
    rejecting.add_argument(
        "--reason", required=True, choices=("duplicate", "fraud", "error"), help="written to the public log"
    )
    rejecting.add_argument("--tell", required=True, help="mailed to its owner")
    rejecting.set_defaults(run=on_database(reject))

    exporting = commands.add_parser("export", help="write the verified endorsements to standard output")
    exporting.add_argument("statement")
    exporting.add_argument("--format", choices=("csv", "ndjson"), default="csv")
    exporting.set_defaults(run=on_database(export))


async def reject(db: Database, _: Settings, options: argparse.Namespace) -> int:
    slug = (await statements_of(db)).get(options.statement).slug
    found = await endorsements.find_by_entry(db, slug, options.log_index)
    if found is None or not await endorsements.reject(db, found, options.reason, options.tell, "console"):
        print("No counted endorsement has this log index.", file=sys.stderr)
        return 1
    print("Taken back; the public log says so in a moment, and its owner gets a mail.")
    return 0


async def export(db: Database, _: Settings, options: argparse.Namespace) -> int:
    slug = (await statements_of(db)).get(options.statement).slug
    done = 0
    async with exports.opened(db, slug, options.format, "console") as exported:
        total = exported.rows
        async for piece in exported.pieces:
            sys.stdout.buffer.write(piece)
            done += 1
            if sys.stderr.isatty() and (done % 1000 == 0 or done >= total):
                share = min(done / max(total, 1), 1)
                print(f"\r[{'█' * round(share * 30):<30}] {done:,} of {total:,}", end="", file=sys.stderr, flush=True)
    sys.stdout.buffer.flush()
    if sys.stderr.isatty():
        print(file=sys.stderr)
    return 0
