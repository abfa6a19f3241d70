"""What `undersigned publish` does."""

import argparse

from undersigned import statements
from undersigned.database.connection import Database
from undersigned.settings import Settings


async def publish(db: Database, given: Settings, options: argparse.Namespace) -> int:
    changed = await statements.publish(db, options.directory, given.url)
    print("Published." if changed else "Already published; nothing changed.")
    return 0
