"""What `undersigned mail` does: try out whether mail goes out."""

import asyncio
import sys

import aiosmtplib

from undersigned import settings
from undersigned.console.command import Commands
from undersigned.identity import mailboxes
from undersigned.mail import messages, transport
from undersigned.settings import PREFIX, Settings


def declare(commands: Commands) -> None:
    steps = commands.add_parser("mail", help="try out mail").add_subparsers(required=True, metavar="STEP")
    trial = steps.add_parser("test", help="send a test mail to an address")
    trial.add_argument("address")
    trial.set_defaults(run=lambda options: asyncio.run(try_out(settings.load(), options.address)))


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
    except (transport.Deferred, transport.Refused, aiosmtplib.SMTPException) as error:
        print(f"The relay didn't take it: {error}. Check {PREFIX}SMTP_URL, its user and its password.", file=sys.stderr)
        return 1
    print(
        "The relay took it; look into the mailbox, and into its spam folder."
        if given.smtp_url
        else f"No {PREFIX}SMTP_URL is set: the mail lies in {given.data_path / 'mail'}."
    )
    return 0
