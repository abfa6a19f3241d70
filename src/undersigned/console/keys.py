"""What `undersigned key` does: make, list and revoke admins' keys."""

import argparse
import sys

from undersigned.admins import keys
from undersigned.database.connection import Database
from undersigned.settings import Settings


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
