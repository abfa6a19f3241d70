"""What an operator asks about an installation: does mail go out, what is missing, what is the contract."""

import argparse
import asyncio
import sys

import msgspec

from undersigned import settings
from undersigned.database import batching
from undersigned.database.connection import connect
from undersigned.identity import mailboxes
from undersigned.mail import messages, transport
from undersigned.mail.refusals import Undelivered
from undersigned.process import readiness
from undersigned.settings import PREFIX, SECRETS, Settings, SettingsError
from undersigned.web import app


async def mail_test(given: Settings, address: str) -> int:
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


async def doctor() -> int:
    """Says what is set, what is missing and what follows, in plain words; 1 if it can't serve like this."""
    try:
        given = settings.load()
    except SettingsError as error:
        print(f"✗ {error}")
        return 1
    lines = [(True, f"secrets: {', '.join(PREFIX + name for name in SECRETS)} are set, each long enough")]
    lines.append(
        (True, f"public address: {given.url}" + ("" if given.base_url else f" (set {PREFIX}BASE_URL for another)"))
    )
    if given.url.startswith("http://") and not given.on_loopback:
        lines.append((False, f"{PREFIX}BASE_URL is not https: links with tokens would travel in the clear"))
    lines.append(
        (True, f"mail: through {given.relay.named}, from {given.sender.address}")
        if given.relay
        else (given.on_loopback, f"mail: kept in {given.data_path / 'mail'}; set {PREFIX}SMTP_URL to send it")
    )
    lines.append(
        (
            True,
            f"statements: from {given.statements_dir}"
            if given.statements_dir
            else f"statements: {PREFIX}STATEMENTS_DIR is not set; those published before stay",
        )
    )
    lines.append((True, f"proxies believed: {given.trusted_proxies or 'none: budgets count the peer as the client'}"))
    if given.database_url:
        lines += [(False, problem) for problem in await _database_problems(given.database_url)] or [
            (True, "database: reachable, migrations current, durable settings on")
        ]
    else:
        lines.append((True, f"database: embedded, under {given.data_path}; set {PREFIX}DATABASE_URL for a server"))
    for good, line in lines:
        print(f"{'✓' if good else '✗'} {line}")
    return 0 if all(good for good, _ in lines) else 1


async def _database_problems(url: str) -> list[str]:
    try:
        async with asyncio.timeout(10), connect(url, connections_max=1) as db:
            return [f"database: {problem}" for problem in await readiness.problems(db)]
    except Exception as error:
        if not batching.is_unreachable(error):
            raise
        return [f"database: can't be used ({type(error).__name__})"]


def openapi(_: argparse.Namespace) -> int:
    """Prints the contract, keys sorted, as it is committed."""
    secret = "x" * settings.SECRET_LENGTH_MIN
    contract = app.create_app(Settings(secret_keys=secret, pepper=secret, log_seed=secret)).openapi_schema.to_schema()
    sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(contract, order="sorted"), indent=2) + b"\n")
    return 0
