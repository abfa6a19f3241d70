"""The `undersigned` command: reads the arguments and the settings, and calls what they ask for."""

import argparse
import asyncio
import datetime as dt
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import get_args
from uuid import UUID

from undersigned import __version__, console, settings
from undersigned.database import batching
from undersigned.database.connection import Database, connect
from undersigned.database.queries.admins import Scope
from undersigned.errors import DomainError
from undersigned.log import verify as verifier
from undersigned.process import diagnostics, lifeline, supervisor, worker
from undersigned.process.embedded import running
from undersigned.process.postgres import EmbeddedError
from undersigned.process.supervisor import ServeError
from undersigned.readers import public_names
from undersigned.settings import Settings, SettingsError

WithDatabase = Callable[[Database, Settings, argparse.Namespace], Awaitable[int]]


def main(arguments: list[str] | None = None) -> int:
    """Runs one command; returns its exit status. What goes wrong is one line on standard error."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except (SettingsError, EmbeddedError, ServeError) as error:
        print(f"undersigned: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        return 130
    except DomainError as error:
        print(f"undersigned: {error.detail}", file=sys.stderr)
    except Exception as error:
        if not batching.is_unreachable(error):
            raise
        print(
            f"undersigned: the database can't be used ({type(error).__name__}). "
            "Check UNDERSIGNED_DATABASE_URL and that the server runs.",
            file=sys.stderr,
        )
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="undersigned", description="Collects and counts endorsements of a statement.")
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    serve = commands.add_parser("serve", help="migrate, publish UNDERSIGNED_STATEMENTS_DIR, and serve")
    serve.add_argument(
        "--local", action="store_true", help="for trying out: make secrets, publish the repository's statements"
    )
    serve.add_argument(
        "--no-worker", action="store_true", help="leave mail, counting and housekeeping to `undersigned work`"
    )
    serve.set_defaults(run=_serve)
    commands.add_parser("work", help="send mail, count and keep house").set_defaults(run=_work)
    commands.add_parser("web").set_defaults(run=_web)

    publish = commands.add_parser("publish", help="publish a statement from its directory")
    publish.add_argument("directory", type=Path)
    publish.set_defaults(run=_with_database(console.statements.publish))

    review = commands.add_parser("review", help="list, approve or reject what waits for a look")
    review.set_defaults(run=_with_database(console.review.waiting), statement=None)
    steps = review.add_subparsers(metavar="STEP")
    listing = steps.add_parser("list", help="list what waits (the default)")
    listing.add_argument("statement", nargs="?")
    listing.set_defaults(run=_with_database(console.review.waiting))
    approve = steps.add_parser("approve", help="count a claim")
    approve.add_argument("id", type=UUID)
    approve.set_defaults(run=_with_database(console.review.approve))
    refuse = steps.add_parser("reject", help="delete a claim and mail the reason")
    refuse.add_argument("id", type=UUID)
    refuse.add_argument("--reason", required=True, help="mailed to the representative")
    refuse.set_defaults(run=_with_database(console.review.reject))

    _add_names(commands.add_parser("names", help="look at names before they are shown"))
    _add_reports(commands.add_parser("reports", help="list what readers reported"))

    reject = commands.add_parser("reject", help="take back a counted endorsement, in public")
    reject.add_argument("statement")
    reject.add_argument("log_index", type=int, help="as an export has it")
    reject.add_argument(
        "--reason", required=True, choices=("duplicate", "fraud", "error"), help="written to the public log"
    )
    reject.add_argument("--tell", required=True, help="mailed to its owner")
    reject.set_defaults(run=_with_database(console.endorsements.reject))

    export = commands.add_parser("export", help="write the verified endorsements to standard output")
    export.add_argument("statement")
    export.add_argument("--format", choices=("csv", "ndjson"), default="csv")
    export.set_defaults(run=_with_database(console.endorsements.export))

    recount = commands.add_parser("check", help="recount everything, and say whether it agrees")
    recount.add_argument("statement", nargs="?")
    recount.set_defaults(run=_with_database(console.log.check))

    _add_partner(commands.add_parser("partner", help="the sites that embed: their origins, keys and counts"))
    _add_audit(commands.add_parser("audit", help="have a sample of those counted asked by an auditor"))

    seal = commands.add_parser("seal", help="close the log of a closed statement for ever, with the final counts")
    seal.add_argument("statement")
    seal.set_defaults(run=_with_database(console.log.seal))

    retain = commands.add_parser("retention", help="delete what is over its time, as the worker does all the while")
    retain.add_argument("--dry-run", action="store_true", help="only count it")
    retain.set_defaults(run=_with_database(console.retention.enforce))

    verify = commands.add_parser(
        "verify", help="check receipts, tallies, heads and exports, as an outsider would", add_help=False
    )
    verify.add_argument("arguments", nargs=argparse.REMAINDER)
    verify.set_defaults(run=lambda options: verifier.main(options.arguments))

    log = commands.add_parser("log", help="the public logs").add_subparsers(required=True, metavar="STEP")
    log.add_parser("key", help="print the logs' public keys (vkey)").set_defaults(run=_with_database(console.log.keys))

    restart = log.add_parser("restart", help="open a new generation of a log that its database fell behind")
    restart.add_argument("statement")
    restart.add_argument("--yes", action="store_true", help="don't ask")
    restart.set_defaults(run=_with_database(console.log.restart))

    key = commands.add_parser("key", help="make, list and revoke admins' keys").add_subparsers(
        required=True, metavar="STEP"
    )
    create = key.add_parser("create", help="make a key and show it, this once")
    create.add_argument("label", help="whose key it is")
    create.add_argument("--scope", action="append", choices=get_args(Scope), help="what it may do (default: export)")
    create.set_defaults(run=_with_database(console.keys.create))
    key.add_parser("list", help="list the keys").set_defaults(run=_with_database(console.keys.listed))
    revoke = key.add_parser("revoke", help="revoke a key")
    revoke.add_argument("id", type=UUID)
    revoke.set_defaults(run=_with_database(console.keys.revoke))

    person = commands.add_parser("person", help="answer a letter about one address").add_subparsers(
        required=True, metavar="STEP"
    )
    for step, command, what in (
        ("find", console.persons.find, "say what is held"),
        ("manage-link", console.persons.manage_link, "print links to hand over"),
        ("withdraw", console.persons.withdraw, "withdraw and delete everything"),
    ):
        letter = person.add_parser(step, help=what)
        letter.add_argument("address")
        letter.add_argument(
            "--received", type=dt.date.fromisoformat, default=dt.date.today(), help="YYYY-MM-DD (default: today)"
        )
        if step == "withdraw":
            letter.add_argument(
                "--organisations",
                choices=("leave", "withdraw"),
                help="where the address speaks for one: erase the person only, or take its endorsement back",
            )
        letter.set_defaults(run=_with_database(command))

    mail = commands.add_parser("mail", help="try out mail").add_subparsers(required=True, metavar="STEP")
    test = mail.add_parser("test", help="send a test mail to an address")
    test.add_argument("address")
    test.set_defaults(run=_mail_test)

    commands.add_parser("doctor", help="say what is set and what is missing").set_defaults(run=_doctor)
    commands.add_parser("openapi", help="print the contract as OpenAPI").set_defaults(run=console.installation.openapi)
    return parser


def _add_audit(parser: argparse.ArgumentParser) -> None:
    steps = parser.add_subparsers(required=True, metavar="STEP")
    announce = steps.add_parser("announce", help="fix in public what is drawn from, before the seed exists")
    announce.add_argument("statement")
    announce.add_argument("--size", type=int, default=300, help="how many to draw (default: 300)")
    announce.add_argument(
        "--commitment",
        type=bytes.fromhex,
        metavar="SHA256HEX",
        help="the hash of a secret that the auditor tells at the draw",
    )
    announce.set_defaults(run=_with_database(console.audits.announce))
    draw = steps.add_parser("draw", help="write the openings for the auditor, once a later checkpoint is released")
    draw.add_argument("statement")
    draw.add_argument("--secret", help="the auditor's, if they committed to one")
    draw.set_defaults(run=_with_database(console.audits.draw))
    report = steps.add_parser("report", help="publish what the auditor found")
    report.add_argument("statement")
    for answer in ("--genuine", "--not-genuine", "--no-answer"):
        report.add_argument(answer, type=int, required=True)
    report.set_defaults(run=_with_database(console.audits.report))


def _add_partner(parser: argparse.ArgumentParser) -> None:
    steps = parser.add_subparsers(required=True, metavar="STEP")
    for step, run, what in (
        ("add", console.partners.add, "take a partner in, and show its key, this once"),
        ("change", console.partners.change, "say name, address and origins anew; the key stays"),
    ):
        saying = steps.add_parser(step, help=what)
        saying.add_argument("slug", help="what its embeds name it by")
        saying.add_argument("--name", required=True, help="as people know it")
        saying.add_argument("--url", required=True, help="where its visitors are led back to; its origin may embed")
        saying.add_argument(
            "--origin", action="append", default=[], help="another origin that may embed (https://host[:port])"
        )
        saying.set_defaults(run=_with_database(run))
    steps.add_parser("list", help="list the partners").set_defaults(run=_with_database(console.partners.listed))
    for step, run, what in (
        ("remove", console.partners.remove, "retire a partner; what came through it stays counted"),
        ("key", console.partners.key, "put a new key in the place of the old one, and show it, this once"),
    ):
        one = steps.add_parser(step, help=what)
        one.add_argument("slug")
        one.set_defaults(run=_with_database(run))


def _add_names(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--statement", help="only of this one")
    parser.set_defaults(run=_with_database(console.names.waiting))
    steps = parser.add_subparsers(metavar="STEP")
    show = steps.add_parser("show", help="show names in public")
    refuse = steps.add_parser("refuse", help="refuse names, or hide shown ones; they stay counted")
    for step in (show, refuse):
        step.add_argument("ids", nargs="+", type=console.names.looked_at, metavar="ID", help="as the list prints it")
    refuse.add_argument("--reason", required=True, choices=get_args(public_names.Refusal), help="kept in the trail")
    show.set_defaults(run=_with_database(console.names.show))
    refuse.set_defaults(run=_with_database(console.names.refuse))


def _add_reports(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=_with_database(console.reports.waiting))
    done = parser.add_subparsers(metavar="STEP").add_parser("done", help="mark one as dealt with")
    done.add_argument("id", type=UUID)
    done.set_defaults(run=_with_database(console.reports.done))


def _serve(options: argparse.Namespace) -> int:
    diagnostics.configure("serve")
    given = settings.load(generate_secrets=options.local)
    if options.local and not given.statements_dir:
        given = settings.replace(given, statements_dir=str(settings.ROOT / "statements"))
    return supervisor.serve(
        given,
        prepare=lambda ready: asyncio.run(console.serving.prepare(ready)),
        with_worker=not options.no_worker,
        banner=console.serving.banner,
    )


def _web(_: argparse.Namespace) -> int:
    lifeline.die_with_parent()
    diagnostics.configure("web")
    supervisor.web(settings.load())
    return 0


def _work(_: argparse.Namespace) -> int:
    lifeline.die_with_parent()
    diagnostics.configure("worker")
    given = settings.load()
    if not given.database_url:
        raise SettingsError(
            "UNDERSIGNED_DATABASE_URL is not set; with the embedded database, `undersigned serve` runs the worker."
        )
    asyncio.run(worker.work(given))
    return 0


def _mail_test(options: argparse.Namespace) -> int:
    return asyncio.run(console.installation.mail_test(settings.load(), options.address))


def _doctor(_: argparse.Namespace) -> int:
    return asyncio.run(console.installation.doctor())


def _with_database(command: WithDatabase) -> Callable[[argparse.Namespace], int]:
    """A command that works on the database that `serve` uses: the configured one, or the embedded one, started if need be."""

    def run(options: argparse.Namespace) -> int:
        diagnostics.configure("console")
        given = settings.load()
        if given.database_url:
            return asyncio.run(_connected(command, given, options))
        with running(given.data_path) as url:
            return asyncio.run(_connected(command, settings.replace(given, database_url=url), options))

    return run


async def _connected(command: WithDatabase, given: Settings, options: argparse.Namespace) -> int:
    async with connect(given.database_url, connections_max=2) as db:
        return await command(db, given, options)


if __name__ == "__main__":
    sys.exit(main())
