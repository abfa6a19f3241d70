"""What `undersigned retention` does."""

import argparse

from undersigned.console.command import Commands, on_database
from undersigned.database.connection import Database
from undersigned.process import retention
from undersigned.settings import Settings


def declare(commands: Commands) -> None:
    parser = commands.add_parser("retention", help="delete what is over its time, as the worker always does")
    parser.add_argument("--dry-run", action="store_true", help="only count it")
    parser.set_defaults(run=on_database(enforce))


async def enforce(db: Database, _: Settings, options: argparse.Namespace) -> int:
    """Deletes what is over its time, or only counts it; a line for each rule."""
    for rule in retention.RULES:
        number = await (retention.overdue_count if options.dry_run else retention.enforce)(db, rule)
        print(f"{number:>9,}  {rule.what}: {rule.until}")
    print("Over their time; nothing was deleted." if options.dry_run else "Deleted.")
    return 0
