"""What `undersigned witness` does: whose logs this installation cosigns, and with which key."""

import argparse

from undersigned.console.command import Commands, on_database
from undersigned.database.connection import Database
from undersigned.log import attesting
from undersigned.settings import Settings


def declare(commands: Commands) -> None:
    steps = commands.add_parser("witness", help="be a witness of other people's logs").add_subparsers(
        required=True, metavar="STEP"
    )
    key = steps.add_parser("key", help="print this witness's line for the policies of logs")
    key.set_defaults(run=on_database(line))
    adding = steps.add_parser("add", help="take in a log, by its vkey")
    adding.add_argument("vkey", help="what the log says at /log/<statement>/key")
    adding.set_defaults(run=on_database(add))
    steps.add_parser("list", help="list the logs and how far they were seen").set_defaults(run=on_database(listed))
    removing = steps.add_parser("remove", help="forget a log")
    removing.add_argument("origin")
    removing.set_defaults(run=on_database(remove))


async def line(_: Database, given: Settings, __: argparse.Namespace) -> int:
    us = attesting.attester(given.log_seed, given.url)
    print(f"witness {us.name} {us.vkey} {given.url}/witness")
    return 0


async def add(db: Database, _: Settings, options: argparse.Namespace) -> int:
    print(f"From now on this is a witness of {await attesting.watch(db, options.vkey)}.")
    return 0


async def listed(db: Database, _: Settings, __: argparse.Namespace) -> int:
    for log in await attesting.watched(db):
        seen = f"{log.size} entries, {log.cosigned_at:%Y-%m-%d %H:%M:%S} UTC" if log.cosigned_at else "nothing yet"
        print(f"{log.origin}  {seen}")
    return 0


async def remove(db: Database, _: Settings, options: argparse.Namespace) -> int:
    await attesting.unwatch(db, options.origin)
    print(f"Forgot {options.origin}.")
    return 0
