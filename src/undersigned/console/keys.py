"""What `undersigned key` does: make, list and revoke admins' keys."""

import argparse
import sys
from typing import get_args

from undersigned.admins import keys
from undersigned.console.command import Commands, listed_id, on_database
from undersigned.database.connection import Database
from undersigned.database.queries.admins import Scope
from undersigned.settings import Settings


def declare(commands: Commands) -> None:
    steps = commands.add_parser("key", help="make, list and revoke admins' keys").add_subparsers(
        required=True, metavar="STEP"
    )
    creating = steps.add_parser("create", help="make a key and show it, this once")
    creating.add_argument("label", help="whose key it is")
    creating.add_argument("--scope", action="append", choices=get_args(Scope), help="what it may do (default: export)")
    creating.set_defaults(run=on_database(create))
    steps.add_parser("list", help="list the keys").set_defaults(run=on_database(listed))
    revoking = steps.add_parser("revoke", help="revoke a key")
    revoking.add_argument("id", type=listed_id)
    revoking.set_defaults(run=on_database(revoke))


async def create(db: Database, _: Settings, options: argparse.Namespace) -> int:
    print(await keys.create_key(db, options.label, options.scope or ["export"]))
    print("Keep it: it is shown only now.", file=sys.stderr)
    return 0


async def listed(db: Database, _: Settings, __: argparse.Namespace) -> int:
    for key in await keys.listed(db):
        state = f"revoked {key.revoked_at:%Y-%m-%d}" if key.revoked_at else "in force"
        scopes = " ".join(key.scopes) or "opens nothing"
        print(f"{key.id}  {key.label}  {scopes}  since {key.created_at:%Y-%m-%d}  {state}")
    return 0


async def revoke(db: Database, _: Settings, options: argparse.Namespace) -> int:
    revoked = await keys.revoke_key(db, options.id)
    print("Revoked." if revoked else "No key with this id is in force.")
    return 0 if revoked else 1
