"""What `undersigned names` does: look at the names whose owners asked to be shown, and show or refuse them."""

import argparse
import sys
from typing import get_args
from uuid import UUID

from undersigned.console.command import Commands, argument, on_database, statements_of
from undersigned.database.connection import Database
from undersigned.errors import NameNotFound
from undersigned.readers import public_names
from undersigned.settings import Settings


def declare(commands: Commands) -> None:
    parser = commands.add_parser("names", help="look at names before they are shown")
    parser.add_argument("--statement", help="only of this one")
    parser.set_defaults(run=on_database(waiting))
    steps = parser.add_subparsers(metavar="STEP")
    showing = steps.add_parser("show", help="show names in public")
    refusing = steps.add_parser("refuse", help="refuse names, or hide shown ones; they stay counted")
    for step in (showing, refusing):
        listed = argument(looked_at, "an id as the list prints it")
        step.add_argument("ids", nargs="+", type=listed, metavar="ID", help="as the list prints it")
    refusing.add_argument("--reason", required=True, choices=get_args(public_names.Refusal), help="kept in the trail")
    showing.set_defaults(run=on_database(show))
    refusing.set_defaults(run=on_database(refuse))


def looked_at(text: str) -> tuple[UUID, str]:
    """An endorsement's id and the fingerprint of its name, as the lists print them. Raises ValueError."""
    endorsement_id, _, seen = text.partition(":")
    return UUID(endorsement_id), seen


async def waiting(db: Database, _: Settings, options: argparse.Namespace) -> int:
    slug = (await statements_of(db)).get(options.statement).slug if options.statement else None
    names = await public_names.queued(db, slug)
    for each in names:
        beside = f", {each.role or '–'}, beside {each.organisation}" if each.organisation else ""
        print(f"{each.endorsement_id}:{public_names.fingerprint(each.name)}  {each.name}{beside}")
        entry = "no entry yet" if each.log_index is None else f"entry {each.log_index}"
        print(f"    {' · '.join([each.statement, entry, *public_names.remarks(each)])}")
    print(f"{len(names)} waiting." if names else "No name waits for a look.")
    return 0


async def show(db: Database, _: Settings, options: argparse.Namespace) -> int:
    done = 0
    for endorsement_id, seen in options.ids:
        try:
            await public_names.show(db, endorsement_id, seen, "console")
            done += 1
        except NameNotFound as error:
            print(f"{endorsement_id}: {error.detail}", file=sys.stderr)
    print(f"{done} shown.")
    return 0 if done == len(options.ids) else 1


async def refuse(db: Database, _: Settings, options: argparse.Namespace) -> int:
    done = 0
    for endorsement_id, seen in options.ids:
        try:
            await public_names.refuse(db, endorsement_id, seen, "console", options.reason)
            done += 1
        except NameNotFound as error:
            print(f"{endorsement_id}: {error.detail}", file=sys.stderr)
    print(f"{done} refused; their owners see it behind their own link, and stay counted.")
    return 0 if done == len(options.ids) else 1
