"""What an operator does about a public log: recount it, seal it, print its keys, begin it anew."""

import argparse
import asyncio
import sys
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

from undersigned.console.command import Commands, on_database, statements_of
from undersigned.database.connection import Database
from undersigned.errors import Refused
from undersigned.log import adopting, cosignatures, generations, reading, sealing
from undersigned.log import check as recounting
from undersigned.log import verify as verifier
from undersigned.process import installation, outside, worker
from undersigned.settings import Settings


def declare(commands: Commands) -> None:
    recount = commands.add_parser("check", help="recount everything, and say whether it agrees")
    recount.add_argument("statement", nargs="?")
    recount.set_defaults(run=on_database(check))

    verify = commands.add_parser(
        "verify", help="check receipts, tallies and exports as outsiders would", add_help=False
    )
    verify.add_argument("arguments", nargs=argparse.REMAINDER)
    verify.set_defaults(run=lambda options: verifier.main(options.arguments, cosignatures.check_second))

    sealed = commands.add_parser("seal", help="end a closed statement's log with the final counts")
    sealed.add_argument("statement")
    sealed.set_defaults(run=on_database(seal))

    steps = commands.add_parser("log", help="the public logs: their keys, a new beginning").add_subparsers(
        required=True, metavar="STEP"
    )
    steps.add_parser("key", help="print the logs' public keys (vkey)").set_defaults(run=on_database(keys))
    anew = steps.add_parser("restart", help="open a new generation of a log that its database fell behind")
    anew.add_argument("statement")
    anew.add_argument("--yes", action="store_true", help="don't ask")
    anew.set_defaults(run=on_database(restart))
    taken = steps.add_parser("adopt", help="keep a released checkpoint where there is none, once it was compared")
    taken.add_argument("statement")
    taken.add_argument("--checkpoint", metavar="FILE|URL", help="without it, the newest that is kept in any place")
    taken.set_defaults(run=on_database(adopt))


async def check(db: Database, _: Settings, options: argparse.Namespace) -> int:
    """Recounts the log of one statement or of all; 1 if anything disagrees."""
    known = await statements_of(db)
    wanted = [known.get(options.statement)] if options.statement else known.all()
    disagrees = False
    for statement in wanted:
        found = await recounting.check(db, statement.slug)
        disagrees |= bool(found)
        print(
            f"{statement.slug}: {'endorsements, entries, tiles, sums, tally and signature agree.' if not found else ''}"
        )
        for disagreement in found:
            print(f"  ✗ {disagreement}")
    return 1 if disagrees else 0


async def seal(db: Database, given: Settings, options: argparse.Namespace) -> int:
    """Closes the log of a statement for ever."""
    slug = (await statements_of(db)).get(options.statement).slug
    sealed = await sealing.seal(db, worker.make_sealer(given), slug)
    print(
        f"Sealed with entry {sealed.log_index:,}: {sealed.individuals:,} people, {sealed.organisations:,} organisations."
    )
    return 0


async def keys(db: Database, _: Settings, __: argparse.Namespace) -> int:
    for log in await reading.keys(db):
        print(log.vkey or f"{log.origin}: not opened yet; the first endorsement opens it.")
    return 0


def _typed(question: str) -> str:
    """What somebody at the terminal answers; nothing where nobody is."""
    try:
        return input(question)
    except EOFError:
        return ""


async def restart(db: Database, given: Settings, options: argparse.Namespace) -> int:
    """Opens a new generation of a log, or completes one that was begun; asks first."""
    await installation.establish(db, given.pepper)
    slug = (await statements_of(db)).get(options.statement).slug
    print(
        "Readers will see that the log began anew. Everybody counted is added again; until that is done, the public numbers stay "
        "the last ones of the old log, and say so. Receipts of the old log stay valid for the old log. Restore a newer backup "
        "instead, if there is one.",
        file=sys.stderr,
    )
    if not options.yes and await asyncio.to_thread(_typed, f"Type {slug} to begin its log anew: ") != slug:
        print("Nothing was done.", file=sys.stderr)
        return 1
    sealer = worker.make_sealer(given)
    generation = await generations.restart(db, sealer, slug)
    print(f"Generation {generation} is open. Its key follows with the first entry: `undersigned log key`.")
    return 0


async def adopt(db: Database, given: Settings, options: argparse.Namespace) -> int:
    """Keeps a checkpoint of a log outside its database; 1 if the database turns out to be behind it."""
    slug = (await statements_of(db)).get(options.statement).slug
    text = await asyncio.to_thread(_checkpoint, options.checkpoint) if options.checkpoint else None
    size, objection = await adopting.adopt(db, worker.make_sealer(given), slug, text)
    print(f"The checkpoint over {size:,} entries is kept now." + ("" if objection else " The log goes on from it."))
    if objection:
        print(f"  ✗ {objection.reason}")
    return 1 if objection else 0


def _checkpoint(where: str) -> str:
    """The text of a checkpoint in a file or at an address. Raises Refused."""
    try:
        if not where.startswith(("https://", "http://")):
            return Path(where).read_text()
        parts = urlsplit(where)
        answer = outside.ask(f"{parts.scheme}://{parts.netloc}", parts.path)
    except outside.Unreachable as error:
        raise Refused(f"{where} {error}.") from None
    except (OSError, ValueError) as error:
        raise Refused(f"{where} can't be read: {error}.") from None
    if answer.status != HTTPStatus.OK:
        raise Refused(f"{where} answers {answer.status}.")
    return answer.body.decode(errors="replace")
