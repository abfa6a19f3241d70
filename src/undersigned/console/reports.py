"""What `undersigned reports` does: list what readers reported, each with the command that acts on it, and mark it as done."""

import argparse

from undersigned.console.command import Commands, listed_id, on_database
from undersigned.database.connection import Database
from undersigned.readers import public_names, reports
from undersigned.settings import Settings


def declare(commands: Commands) -> None:
    parser = commands.add_parser("reports", help="list what readers reported")
    parser.set_defaults(run=on_database(waiting))
    finishing = parser.add_subparsers(metavar="STEP").add_parser("done", help="mark one as dealt with")
    finishing.add_argument("id", type=listed_id)
    finishing.set_defaults(run=on_database(done))


async def waiting(db: Database, _: Settings, __: argparse.Namespace) -> int:
    waiting = await reports.waiting(db)
    for each in waiting:
        print(f"{each.id}  {each.statement}  {each.reported_at:%Y-%m-%d %H:%M} UTC  {each.reason}")
        print(f"    {each.about} {each.name or 'no longer there'}")
        for line in each.note.splitlines():
            print(f"    > {line}")
        if each.about == "organisation":
            print(f"    to take it back: undersigned reject {each.statement} {each.log_index} --reason …")
        elif each.name and each.name_status == "shown":
            print(
                f"    to hide it: undersigned names refuse {each.endorsement_id}:{public_names.fingerprint(each.name)}"
            )
        else:
            print("    it isn't shown any more")
    print(f"{len(waiting)} open." if waiting else "No report is open.")
    return 0


async def done(db: Database, _: Settings, options: argparse.Namespace) -> int:
    await reports.finish(db, options.id, "console")
    print("Done; it is deleted in 30 days.")
    return 0
