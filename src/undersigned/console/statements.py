"""What `undersigned publish` does."""

import argparse

from undersigned.database.connection import Database
from undersigned.settings import Settings
from undersigned.statements import publishing


async def publish(db: Database, given: Settings, options: argparse.Namespace) -> int:
    changed = await publishing.publish(db, options.directory, given.url)
    print("Published." if changed else "Already published; nothing changed.")
    return 0
