"""What `undersigned audit` does for an operator and an auditor: announce a sample, draw it, report the answers."""

import argparse
import sys

import msgspec

from undersigned.console.command import Commands, argument, on_database, statements_of, whole_number
from undersigned.database.connection import Database
from undersigned.log import audits
from undersigned.settings import Settings


def declare(commands: Commands) -> None:
    steps = commands.add_parser("audit", help="have a sample of those counted asked by an auditor").add_subparsers(
        required=True, metavar="STEP"
    )
    announcing = steps.add_parser("announce", help="fix in public what is drawn from, before the seed exists")
    announcing.add_argument("statement")
    announcing.add_argument("--size", type=whole_number, default=300, help="how many to draw (default: 300)")
    announcing.add_argument(
        "--commitment",
        type=argument(bytes.fromhex, "a hash in hexadecimal"),
        metavar="SHA256HEX",
        help="the hash of a secret that the auditor tells at the draw",
    )
    announcing.set_defaults(run=on_database(announce))
    drawing = steps.add_parser("draw", help="write the openings for the auditor, once a later checkpoint is released")
    drawing.add_argument("statement")
    drawing.add_argument("--secret", help="the auditor's, if they committed to one")
    drawing.set_defaults(run=on_database(draw))
    reporting = steps.add_parser("report", help="publish what the auditor found")
    reporting.add_argument("statement")
    for answer in ("--genuine", "--not-genuine", "--no-answer"):
        reporting.add_argument(answer, type=whole_number, required=True)
    reporting.set_defaults(run=on_database(report))


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
    return (await statements_of(db)).get(slug).slug
