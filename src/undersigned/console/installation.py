"""What an operator asks about an installation: what is missing, is it well, what is the contract."""

import argparse
import asyncio
import sys
from typing import Literal

import msgspec

from undersigned import addressing, settings
from undersigned.console.command import Commands
from undersigned.database.connection import connect
from undersigned.database.trouble import DatabaseAway
from undersigned.process import outside, readiness, records, room, supervisor
from undersigned.process.embedded import Cluster
from undersigned.process.outside import Finding
from undersigned.settings import PREFIX, SECRETS, Settings, SettingsError

MARKS = {True: "✓", False: "✗", None: "?"}


def declare(commands: Commands) -> None:
    asking = commands.add_parser("doctor", help="say what is set, what is missing, and whether all is well")
    asking.add_argument(
        "--live",
        nargs="?",
        const="all",
        choices=("all", "web", "worker"),
        help="only say whether what runs is well: the web server, what workers do, or both (for health checks)",
    )
    public = asking.add_mutually_exclusive_group()
    public.add_argument(
        "--public",
        nargs="?",
        const="",
        metavar="URL",
        help="also ask at the public address what visitors meet, or at another one; done anyway where that isn't this machine",
    )
    public.add_argument("--no-public", action="store_true", help="leave the public address alone")
    asking.add_argument("--dns", action="store_true", help="also ask which records the sender's domain has and lacks")
    asking.set_defaults(run=lambda options: asyncio.run(live(options.live) if options.live else doctor(options)))
    commands.add_parser("openapi", help="print the contract as OpenAPI").set_defaults(run=openapi)


async def live(part: Literal["all", "web", "worker"]) -> int:
    """Says what isn't well in what runs; 1 if anything isn't.

    Of the web server, that it answers on this machine and that its database is usable: lateness of the workers is no fault of
    its own, and must not keep a worker from being started after it. Of the workers, that none of their stations is late,
    whichever machine they run on.
    """
    given = settings.load(beside_server=True)
    found = [] if part == "worker" or supervisor.answers(given) else [f"no answer on port {given.port} of {given.host}"]
    given = settings.replace(given, database_url=given.database_url or Cluster(given.data_path).url)
    found += await _database_problems(given, late_too=part != "web")
    for problem in found:
        print(f"✗ {problem}")
    if not found:
        print("✓ well")
    return 1 if found else 0


async def doctor(options: argparse.Namespace) -> int:
    """Says what is set, what is missing, what follows and what the world meets, in plain words; 1 if it can't serve like this."""
    try:
        given = settings.load(beside_server=True)
        asked = _asked(given, options)
    except SettingsError as error:
        print(f"✗ {error}")
        return 1
    found = _settings(given) + await _database(given)
    found += await asyncio.to_thread(outside.look, asked, given) if asked else []
    found += await records.look(given) if options.dns else []
    for finding in found:
        print(f"{MARKS[finding.good]} {finding.says}")
    return 1 if any(finding.good is False for finding in found) else 0


def _asked(given: Settings, options: argparse.Namespace) -> str | None:
    """The address to ask what visitors meet, if it is to be asked. Raises SettingsError."""
    if options.no_public:
        return None
    if options.public:
        try:
            return addressing.base_url(options.public)
        except ValueError as error:
            raise SettingsError(f"--public {error}.") from None
    is_public = not addressing.is_loopback(given.site)
    return given.url if is_public or options.public is not None else None


def _settings(given: Settings) -> list[Finding]:
    found = [
        Finding(True, f"secrets: {', '.join(PREFIX + name for name in SECRETS)} are set, each long enough"),
        Finding(
            True, f"public address: {given.url}" + ("" if given.base_url else f" (set {PREFIX}BASE_URL for another)")
        ),
    ]
    if given.url.startswith("http://") and not given.on_loopback:
        found.append(Finding(False, f"{PREFIX}BASE_URL is not https: links with tokens would travel in the clear"))
    found += [
        Finding(True, f"mail: through {given.relay.named}, from {given.sender.address}")
        if given.relay
        else Finding(given.on_loopback, f"mail: kept in {given.data_path / 'mail'}; set {PREFIX}SMTP_URL to send it"),
        Finding(
            True,
            f"statements: from {given.statements_dir}"
            if given.statements_dir
            else f"statements: {PREFIX}STATEMENTS_DIR is not set; those published before stay",
        ),
        _proxies(given),
        Finding(True, f"metrics: on {given.metrics_address}" if given.metrics_address else "metrics: not served"),
    ]
    return found


def _proxies(given: Settings) -> Finding:
    name = f"{PREFIX}TRUSTED_PROXIES"
    if any(not network.prefixlen for network in given.proxy_networks):
        return Finding(
            False,
            f"proxies believed: all the world, so everybody can choose whose budget they spend; name only your proxies in {name}",
        )
    if given.trusted_proxies:
        return Finding(True, f"proxies believed: {given.trusted_proxies}")
    if given.url.startswith("https://"):
        return Finding(
            False,
            "proxies believed: none, though for https one stands before the server: budgets count the whole world as one "
            f"network. Name the proxy's network in {name}",
        )
    return Finding(True, "proxies believed: none: budgets count the peer as the client")


async def _database(given: Settings) -> list[Finding]:
    if not given.database_url:
        embedded = f"database: embedded, under {given.data_path}; set {PREFIX}DATABASE_URL for a server"
        return [Finding(True, embedded), *(Finding(False, f"database: {each}") for each in room.of_disk(given))]
    problems = await _database_problems(given, late_too=True)
    well = "database: reachable, migrations current, durable settings on, no station late"
    return [Finding(False, problem) for problem in problems] or [Finding(True, well)]


async def _database_problems(given: Settings, *, late_too: bool) -> list[str]:
    try:
        async with connect(given.database_url, connections_max=1) as db:
            found = [f"database: {problem}" for problem in await readiness.foundations(db)]
            if late_too and not found:
                found = await readiness.late(db) + await room.of_claims(db, given)
    except DatabaseAway as error:
        found = [f"database: can't be used ({error.why})"]
    return found + (room.of_disk(given) if late_too else [])


def openapi(_: argparse.Namespace) -> int:
    """Prints the contract, keys sorted, as it is committed."""
    from undersigned.web import app  # here, because it takes longer to import than all that other commands need

    secret = "x" * settings.SECRET_LENGTH_MIN
    described = app.create_app(Settings(secret_keys=secret, pepper=secret, log_seed=secret), described=True)
    contract = described.openapi_schema.to_schema()
    sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(contract, order="sorted"), indent=2) + b"\n")
    return 0
