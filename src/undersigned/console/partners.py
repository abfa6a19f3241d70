"""What `undersigned partner` does: take sites in, change them, list them, retire them, renew their keys."""

import argparse
import sys

from undersigned.console.command import Commands, on_database
from undersigned.database.connection import Database
from undersigned.readers import partners
from undersigned.settings import Settings


def declare(commands: Commands) -> None:
    steps = commands.add_parser("partner", help="the sites that embed: origins, keys and counts").add_subparsers(
        required=True, metavar="STEP"
    )
    for step, run, what in (
        ("add", add, "take a partner in, and show its key, this once"),
        ("change", change, "say name, address and origins anew; the key stays"),
    ):
        saying = steps.add_parser(step, help=what)
        saying.add_argument("slug", help="what its embeds name it by")
        saying.add_argument("--name", required=True, help="as people know it")
        saying.add_argument("--url", required=True, help="where its visitors are led back to; its origin may embed")
        saying.add_argument(
            "--origin", action="append", default=[], help="another origin that may embed (https://host[:port])"
        )
        saying.set_defaults(run=on_database(run))
    steps.add_parser("list", help="list the partners").set_defaults(run=on_database(listed))
    for step, run, what in (
        ("remove", remove, "retire a partner; what came through it stays counted"),
        ("key", key, "put a new key in the place of the old one, and show it, this once"),
    ):
        one = steps.add_parser(step, help=what)
        one.add_argument("slug")
        one.set_defaults(run=on_database(run))


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
