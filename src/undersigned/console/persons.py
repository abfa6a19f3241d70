"""What `undersigned person` does: answer a letter about everything that is held under one address."""

import argparse
import datetime as dt
import sys

import msgspec

from undersigned.console.command import Commands, argument, on_database
from undersigned.database.connection import Database
from undersigned.errors import Refused
from undersigned.identity.tokens import Signer
from undersigned.settings import Settings
from undersigned.signing import letters
from undersigned.signing.letters import Letter


def declare(commands: Commands) -> None:
    steps = commands.add_parser("person", help="answer a letter about one address").add_subparsers(
        required=True, metavar="STEP"
    )
    for step, run, what in (
        ("find", find, "say what is held"),
        ("manage-link", manage_link, "print links to hand over"),
        ("withdraw", withdraw, "withdraw and delete everything"),
    ):
        letter = steps.add_parser(step, help=what)
        letter.add_argument("address")
        letter.add_argument(
            "--received",
            type=argument(dt.date.fromisoformat, "a day as YYYY-MM-DD"),
            default=dt.date.today(),
            help="YYYY-MM-DD (default: today)",
        )
        if step == "withdraw":
            letter.add_argument(
                "--organisations",
                choices=("leave", "withdraw"),
                help="where the address speaks for one: erase the person only, or take its endorsement back",
            )
        letter.set_defaults(run=on_database(run))


async def find(db: Database, given: Settings, options: argparse.Namespace) -> int:
    """Says what is held under an address, and until when the letter has to be answered."""
    letter = _letter(given, options)
    held = await letters.find(db, letter)
    for own in held.endorsements:
        who = own.organisation or own.name
        print(f"{own.statement}: {own.kind}, {who}, counted {own.counted_at:%Y-%m-%d}, entry {own.log_index}")
    print(", ".join(f"{name}: {number}" for name, number in msgspec.structs.asdict(held.others).items()))
    return _answered(letter)


async def manage_link(db: Database, given: Settings, options: argparse.Namespace) -> int:
    letter = _letter(given, options)
    links = await letters.manage_links(db, Signer(given.signing_keys), letter, given.url)
    for link in links:
        print(link)
    return _answered(letter, 0 if links else 1)


async def withdraw(db: Database, given: Settings, options: argparse.Namespace) -> int:
    letter = _letter(given, options)
    done = await letters.withdraw(db, letter, options.organisations)
    print(f"{done} withdrawn, left or deleted.")
    return _answered(letter)


def _letter(given: Settings, options: argparse.Namespace) -> Letter:
    try:
        mailbox_id = letters.mailbox_id(given.pepper, options.address)
    except ValueError as error:
        raise Refused(f"This is no address: {error}") from None
    return Letter(mailbox_id, options.received, "console")


def _answered(letter: Letter, status: int = 0) -> int:
    print(f"Received {letter.received_on}, due {letter.due_on}, done today; noted in the trail.", file=sys.stderr)
    return status
