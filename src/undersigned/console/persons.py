"""What `undersigned person` does: answer a letter about everything that is held under one address."""

import argparse
import datetime as dt
import sys

from undersigned.console.command import Commands, on_database
from undersigned.database.connection import Database
from undersigned.identity.tokens import Signer
from undersigned.settings import Settings
from undersigned.signing import letters


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
            "--received", type=dt.date.fromisoformat, default=dt.date.today(), help="YYYY-MM-DD (default: today)"
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
    held = await letters.find(db, letters.mailbox_id(given.pepper, options.address))
    for row in held.endorsements:
        who = row["organisation"] or row["name"]
        print(
            f"{row['statement']}: {row['kind']}, {who}, counted {row['counted_at']:%Y-%m-%d}, entry {row['log_index']}"
        )
    print(", ".join(f"{name}: {number}" for name, number in held.others.items()))
    await _answered(db, "find", options)
    return 0


async def manage_link(db: Database, given: Settings, options: argparse.Namespace) -> int:
    held = await letters.find(db, letters.mailbox_id(given.pepper, options.address))
    for link in letters.manage_links(Signer(given.signing_keys), held, given.url):
        print(link)
    await _answered(db, "manage-link", options)
    return 0 if held.endorsements else 1


async def withdraw(db: Database, given: Settings, options: argparse.Namespace) -> int:
    mailbox_id = letters.mailbox_id(given.pepper, options.address)
    done = await letters.withdraw(db, await letters.find(db, mailbox_id), mailbox_id, options.organisations)
    print(f"{done} withdrawn, left or deleted.")
    await _answered(db, "withdraw", options)
    return 0


async def _answered(db: Database, action: str, options: argparse.Namespace) -> None:
    due_on = await letters.note_letter(db, action, options.received)
    print(f"Received {options.received}, due {due_on}, done today; noted in the trail.", file=sys.stderr)
