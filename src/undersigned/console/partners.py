"""What `undersigned partner` does: take sites in, change them, list them, retire them, renew their keys."""

import argparse
import sys

from undersigned.database.connection import Database
from undersigned.readers import partners
from undersigned.settings import Settings


async def add(db: Database, _: Settings, options: argparse.Namespace) -> int:
    print(await partners.add(db, options.slug, options.name, options.url, options.origin))
    print("Give it to the partner: it reads their own counts, and it is shown only now.", file=sys.stderr)
    return 0


async def listed(db: Database, _: Settings, __: argparse.Namespace) -> int:
    for partner in await partners.everyone(db):
        state = f"removed {partner.retired_at:%Y-%m-%d}" if partner.retired_at else "in force"
        print(f"{partner.slug}  {partner.name}  {partner.url}  since {partner.added_at:%Y-%m-%d}  {state}")
        print(f"    {' '.join(partner.origins)}")
    return 0


async def change(db: Database, _: Settings, options: argparse.Namespace) -> int:
    await partners.change(db, options.slug, options.name, options.url, options.origin)
    print("Changed; its key stays.")
    return 0


async def remove(db: Database, _: Settings, options: argparse.Namespace) -> int:
    await partners.remove(db, options.slug)
    print("Removed. What came through it stays counted, and what still comes counts without it.")
    return 0


async def key(db: Database, _: Settings, options: argparse.Namespace) -> int:
    print(await partners.renew_key(db, options.slug))
    print("The old key is refused from now on. Keep this one: it is shown only now.", file=sys.stderr)
    return 0
