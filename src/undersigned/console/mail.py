"""What `undersigned mail` does: try out whether mail goes out, say what waits and why, and send it again."""

import argparse
import asyncio
import sys

from undersigned import settings
from undersigned.console.command import Commands, on_database
from undersigned.database.connection import Database
from undersigned.identity import mailboxes
from undersigned.mail import messages, transport, trouble
from undersigned.mail import waiting as outstanding
from undersigned.mail.refusals import Undelivered
from undersigned.settings import PREFIX, Settings


def declare(commands: Commands) -> None:
    steps = commands.add_parser("mail", help="try out mail, see what waits, send it again").add_subparsers(
        required=True, metavar="STEP"
    )
    trial = steps.add_parser("test", help="send a test mail to an address")
    trial.add_argument("address")
    trial.set_defaults(run=lambda options: asyncio.run(try_out(settings.load(beside_server=True), options.address)))
    steps.add_parser("waiting", help="count what waits or failed, by reason").set_defaults(run=on_database(waiting))
    again = steps.add_parser("retry", help="send again what waits, or what waits or failed for one reason")
    again.add_argument("reason", nargs="?", default="", help="what the reason begins with, as `mail waiting` lists it")
    again.set_defaults(run=on_database(retry))


async def try_out(given: Settings, address: str) -> int:
    """Sends one mail through the configured transport and says what became of it."""
    try:
        mail = messages.trial(given, mailboxes.mailbox(address).address)
    except ValueError as error:
        print(f"This is no address to write to: {error}", file=sys.stderr)
        return 1
    try:
        async with transport.opened(given) as send:
            await send(mail)
    except Undelivered as error:
        print(f"The relay didn't take it: {error}. Check {PREFIX}SMTP_URL, its user and its password.", file=sys.stderr)
        return 1
    print(
        "The relay took it; look into the mailbox, and into its spam folder."
        if given.smtp_url
        else f"No {PREFIX}SMTP_URL is set: the mail lies in {given.data_path / 'mail'}."
    )
    return 0


async def waiting(db: Database, _: Settings, __: argparse.Namespace) -> int:
    """Prints why no mail goes out, if so, and a line for each reason for which mail waits or failed; 1 if none goes out."""
    known = await trouble.of_now(db)
    if known:
        print(f"No mail goes out since {known.began_at:%Y-%m-%d %H:%M} UTC: {known.reason}.")
    for line in await outstanding.listed(db):
        then = f", tried again from {line.next_at:%Y-%m-%d %H:%M} UTC" if line.next_at else ""
        state = "wait" if line.status == "due" else "failed"
        print(f"{line.message_count:>9,}  {state}: {line.reason} (the oldest of {line.oldest_at:%Y-%m-%d}{then})")
    return 1 if known else 0


async def retry(db: Database, _: Settings, options: argparse.Namespace) -> int:
    """Sends again what waits, or what waits or failed for one reason."""
    count = await outstanding.retry(db, options.reason)
    print(f"{count:,} messages are due now; the worker sends them.")
    return 0
