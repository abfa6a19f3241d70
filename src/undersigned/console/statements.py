"""What `undersigned publish` does."""

import argparse
from pathlib import Path

from undersigned.console.command import Commands, on_database
from undersigned.database.connection import Database
from undersigned.settings import Settings
from undersigned.statements import publishing


def declare(commands: Commands) -> None:
    publishing_one = commands.add_parser("publish", help="publish a statement from its directory")
    publishing_one.add_argument("directory", type=Path)
    publishing_one.set_defaults(run=on_database(publish))


async def publish(db: Database, given: Settings, options: argparse.Namespace) -> int:
    changed = await publishing.publish(db, options.directory, given.url)
    print("Published." if changed else "Already published; nothing changed.")
    return 0
