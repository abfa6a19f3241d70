"""What runs: `undersigned serve` with all that it starts, and each of its processes by itself."""

import argparse
import asyncio
from pathlib import Path

from undersigned import settings
from undersigned.console.command import Commands
from undersigned.database import migrations
from undersigned.database.connection import connect
from undersigned.mail import dkim
from undersigned.process import diagnostics, installation, lifeline, metrics, supervisor, worker
from undersigned.settings import Settings, SettingsError
from undersigned.signing import identities
from undersigned.statements import publishing

# Reading a table of millions once takes minutes, and holds nobody up.
VALIDATION_TIMEOUT_S = 3600


def declare(commands: Commands) -> None:
    serving = commands.add_parser("serve", help="migrate, publish UNDERSIGNED_STATEMENTS_DIR, and serve")
    serving.add_argument(
        "--local", action="store_true", help="for trying out: make secrets, publish the repository's statements"
    )
    serving.add_argument(
        "--no-worker", action="store_true", help="leave mail, counting and housekeeping to `undersigned work`"
    )
    serving.set_defaults(run=serve)
    commands.add_parser("work", help="send mail, count and keep house").set_defaults(run=work)
    commands.add_parser("metrics", help="serve /metrics on UNDERSIGNED_METRICS_ADDRESS").set_defaults(run=measure)
    # Only `serve` starts it, so that the help doesn't list it.
    commands.add_parser("web").set_defaults(run=web)


def serve(options: argparse.Namespace) -> int:
    diagnostics.configure("serve")
    given = settings.load(generate_secrets=options.local)
    dkim.key_of(given)
    worker.read_policy(given)
    if options.local:
        given = settings.replace(
            given, local=True, statements_dir=given.statements_dir or str(settings.ROOT / "statements")
        )
    return supervisor.serve(
        given,
        prepare=lambda ready: asyncio.run(prepare(ready)),
        with_worker=not options.no_worker,
        banner=banner,
    )


def web(_: argparse.Namespace) -> int:
    lifeline.die_with_parent()
    diagnostics.configure("web")
    supervisor.web(settings.load())
    return 0


def work(_: argparse.Namespace) -> int:
    lifeline.die_with_parent()
    diagnostics.configure("worker")
    given = _on_a_server(settings.load(beside_server=True))
    dkim.key_of(given)
    asyncio.run(worker.work(given))
    return 0


def measure(_: argparse.Namespace) -> int:
    lifeline.die_with_parent()
    diagnostics.configure("metrics")
    asyncio.run(metrics.serve(_on_a_server(settings.load())))
    return 0


def _on_a_server(given: Settings) -> Settings:
    """The settings, for a process that can't start a database. Raises SettingsError if they name none."""
    if not given.database_url:
        raise SettingsError(
            "UNDERSIGNED_DATABASE_URL is not set; with the embedded database, `undersigned serve` runs it."
        )
    return given


async def prepare(given: Settings) -> None:
    """Brings the database up to date and publishes the statements, before anything is served."""
    settings.remember(given)
    await migrations.migrate(given.database_url)
    async with connect(given.database_url, connections_max=2, command_timeout_s=VALIDATION_TIMEOUT_S) as db:
        await installation.establish(db, given.pepper)
        await identities.fill(db)
        if given.statements_dir:
            await publishing.publish_all(db, Path(given.statements_dir), given.url)


def banner(given: Settings) -> str:
    """Where everything is, once it is up."""
    page = f"{given.url}/"
    if given.statements_dir:
        slugs = sorted(home.parent.name for home in Path(given.statements_dir).glob("*/statement.toml"))
        page = f"{given.url}/s/{slugs[0]}" if slugs else page
        tally = f"{given.url}/v1/statements/{slugs[0]}/tally" if slugs else ""
    else:
        tally = ""
    lines = ["", "  Undersigned is up.", "", f"  the page        {page}"]
    lines += [f"  the mailbox     {given.url}/mailbox"] if given.has_mailbox_page else []
    lines += [f"  the tally       {tally}"] if tally else []
    lines += [f"  the API         {given.url}/reference", "", "  Ctrl-C stops it.", ""]
    return "\n".join(lines)
