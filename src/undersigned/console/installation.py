"""What an operator asks about an installation: what is missing, is it well, what is the contract."""

import argparse
import asyncio
import sys
from typing import Literal

import msgspec

from undersigned import settings
from undersigned.console.command import Commands
from undersigned.database.connection import connect
from undersigned.database.trouble import DatabaseAway
from undersigned.process import readiness, room, supervisor
from undersigned.process.embedded import Cluster
from undersigned.settings import PREFIX, SECRETS, Settings, SettingsError


def declare(commands: Commands) -> None:
    asking = commands.add_parser("doctor", help="say what is set, what is missing, and whether all is well")
    asking.add_argument(
        "--live",
        nargs="?",
        const="all",
        choices=("all", "web", "worker"),
        help="only say whether what runs is well: the web server, what workers do, or both (for health checks)",
    )
    asking.set_defaults(run=lambda options: asyncio.run(live(options.live) if options.live else doctor()))
    commands.add_parser("openapi", help="print the contract as OpenAPI").set_defaults(run=openapi)


async def live(part: Literal["all", "web", "worker"]) -> int:
    """Says what isn't well in what runs; 1 if anything isn't.

    Of the web server, that it answers on this machine and that its database is usable: lateness of the workers is no fault of
    its own, and must not keep a worker from being started after it. Of the workers, that none of their stations is late,
    whichever machine they run on.
    """
    given = settings.load()
    found = [] if part == "worker" or supervisor.answers(given) else [f"no answer on port {given.port} of {given.host}"]
    given = settings.replace(given, database_url=given.database_url or Cluster(given.data_path).url)
    found += await _database_problems(given, late_too=part != "web")
    for problem in found:
        print(f"✗ {problem}")
    if not found:
        print("✓ well")
    return 1 if found else 0


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
    lines.append((True, f"metrics: on {given.metrics_address}" if given.metrics_address else "metrics: not served"))
    if given.database_url:
        lines += [(False, problem) for problem in await _database_problems(given, late_too=True)] or [
            (True, "database: reachable, migrations current, durable settings on, no station late")
        ]
    else:
        lines.append((True, f"database: embedded, under {given.data_path}; set {PREFIX}DATABASE_URL for a server"))
        lines += [(False, f"database: {problem}") for problem in room.of_disk(given)]
    for good, line in lines:
        print(f"{'✓' if good else '✗'} {line}")
    return 0 if all(good for good, _ in lines) else 1


async def _database_problems(given: Settings, *, late_too: bool) -> list[str]:
    try:
        async with connect(given.database_url, connections_max=1) as db:
            found = await (readiness.problems if late_too else readiness.foundations)(db)
            found += await room.of_claims(db, given) if late_too else []
    except DatabaseAway as error:
        found = [f"can't be used ({error.why})"]
    return [f"database: {problem}" for problem in found + (room.of_disk(given) if late_too else [])]


def openapi(_: argparse.Namespace) -> int:
    """Prints the contract, keys sorted, as it is committed."""
    from undersigned.web import app  # here, because it takes longer to import than all that other commands need

    secret = "x" * settings.SECRET_LENGTH_MIN
    described = app.create_app(Settings(secret_keys=secret, pepper=secret, log_seed=secret), described=True)
    contract = described.openapi_schema.to_schema()
    sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(contract, order="sorted"), indent=2) + b"\n")
    return 0
