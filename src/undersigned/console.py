"""What the `undersigned` command does for an operator: prepare, publish, review, export, keys, doctor."""

import argparse
import asyncio
import sys
from pathlib import Path

import aiosmtplib
import msgspec

from undersigned import (
    admins,
    app,
    database,
    endorsements,
    exports,
    generations,
    organisations,
    persons,
    settings,
    statements,
    worker,
)
from undersigned import retention as retaining
from undersigned.database import Database
from undersigned.log import check as recounting
from undersigned.log import reading, sealing
from undersigned.log.heads import Sealer
from undersigned.mail import messages, transport
from undersigned.settings import PREFIX, SECRETS, Settings, SettingsError
from undersigned.statements import Statements
from undersigned.tokens import Signer


async def prepare(given: Settings) -> None:
    """Brings the database up to date and publishes the statements, before anything is served."""
    await database.migrate(given.database_url)
    async with database.connect(given.database_url, connections_max=2) as db:
        await database.establish(db, given.pepper)
        if given.statements_dir:
            await statements.publish_all(db, Path(given.statements_dir), given.url)


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


async def publish(db: Database, given: Settings, options: argparse.Namespace) -> int:
    changed = await statements.publish(db, options.directory, given.url)
    print("Published." if changed else "Already published; nothing changed.")
    return 0


async def review_list(db: Database, _: Settings, options: argparse.Namespace) -> int:
    claims = await organisations.held(db, options.statement)
    for claim in claims:
        body = claim["organisation"] or {}
        rivals = f"{claim['rival_count']} rival" if claim["rival_count"] else ""
        notes = [rivals, "already counted" if claim["counted_already"] else "", f"proof: {body.get('proof', 'none')}"]
        print(f"{claim['id']}  {claim['statement']}  since {claim['confirmed_at']:%Y-%m-%d %H:%M} UTC")
        print(
            f"    {body.get('name') or claim['name']} · {body.get('website') or 'no website'} · {claim['country'] or '–'}"
        )
        print(f"    signed by {claim['name']}, {claim['role'] or '–'}, {claim['address']}")
        print(f"    {', '.join(note for note in notes if note)}")
    print(f"{len(claims)} waiting." if claims else "Nothing waits for a look.")
    return 0


async def review_approve(db: Database, _: Settings, options: argparse.Namespace) -> int:
    outcome = await organisations.approve(db, options.id, "console")
    print(
        {
            "counted": "Counted; its representative gets a mail.",
            "already_confirmed": "Counted before, through another claim; this claim is settled.",
        }.get(outcome, outcome)
    )
    return 0


async def review_reject(db: Database, _: Settings, options: argparse.Namespace) -> int:
    await organisations.reject(db, options.id, "console", options.reason)
    print("Rejected; its representative gets a mail with the reason.")
    return 0


async def reject(db: Database, _: Settings, options: argparse.Namespace) -> int:
    found = await endorsements.find_by_entry(db, options.statement, options.log_index)
    if found is None or not await endorsements.reject(db, found, options.reason, options.tell):
        print("No counted endorsement has this log index.", file=sys.stderr)
        return 1
    await admins.leave_trail(
        db, "console", f"reject {options.reason}", options.statement, None, f"entry {options.log_index}"
    )
    print("Taken back; the public log says so in a moment, and its owner gets a mail.")
    return 0


async def export(db: Database, _: Settings, options: argparse.Namespace) -> int:
    known = Statements()
    await known.load(db)
    slug = known.get(options.statement).slug
    await admins.leave_trail(db, "console", "export", slug, None, options.format)
    total, done = await exports.size(db, slug), 0
    async for piece in exports.stream(db, slug, options.format):
        sys.stdout.buffer.write(piece)
        done += 1
        if sys.stderr.isatty() and (done % 1000 == 0 or done >= total):
            share = min(done / max(total, 1), 1)
            print(f"\r[{'█' * round(share * 30):<30}] {done:,} of {total:,}", end="", file=sys.stderr, flush=True)
    sys.stdout.buffer.flush()
    if sys.stderr.isatty():
        print(file=sys.stderr)
    return 0


async def check(db: Database, _: Settings, options: argparse.Namespace) -> int:
    """Recounts the log of one statement or of all; 1 if anything disagrees."""
    known = Statements()
    await known.load(db)
    wanted = [known.get(options.statement)] if options.statement else known.all()
    disagrees = False
    for statement in wanted:
        found = await recounting.check(db, statement.slug)
        disagrees |= bool(found)
        print(
            f"{statement.slug}: {'endorsements, entries, tiles, sums, tally and signature agree.' if not found else ''}"
        )
        for disagreement in found:
            print(f"  ✗ {disagreement}")
    return 1 if disagrees else 0


async def seal(db: Database, given: Settings, options: argparse.Namespace) -> int:
    """Closes the log of a statement for ever."""
    known = Statements()
    await known.load(db)
    slug = known.get(options.statement).slug
    sealed = await sealing.seal(db, worker.make_sealer(given), slug)
    await admins.leave_trail(db, "console", "seal", slug, None, f"entry {sealed.log_index}")
    print(
        f"Sealed with entry {sealed.log_index:,}: {sealed.individuals:,} people, {sealed.organisations:,} organisations."
    )
    return 0


async def retention(db: Database, _: Settings, options: argparse.Namespace) -> int:
    """Deletes what is over its time, or only counts it; a line for each rule."""
    for rule in retaining.RULES:
        number = await (retaining.overdue_count if options.dry_run else retaining.enforce)(db, rule)
        print(f"{number:>9,}  {rule.what}: {rule.until}")
    print("Over their time; nothing was deleted." if options.dry_run else "Deleted.")
    return 0


async def log_keys(db: Database, _: Settings, __: argparse.Namespace) -> int:
    for head in await reading.heads(db):
        print(head["vkey"] or f"{head['origin']}: not opened yet; the first endorsement opens it.")
    return 0


async def log_restart(db: Database, given: Settings, options: argparse.Namespace) -> int:
    """Opens a new generation of a log, or completes one that was begun; asks first."""
    await database.establish(db, given.pepper)
    known = Statements()
    await known.load(db)
    slug = known.get(options.statement).slug
    print(
        "Readers will see that the log began anew. Everything counted is added again, so that the public number starts from "
        "zero and is whole again in a moment; receipts of the old log stay valid for the old log. Restore a newer backup "
        "instead, if there is one.",
        file=sys.stderr,
    )
    if not options.yes and await asyncio.to_thread(input, f"Type {slug} to begin its log anew: ") != slug:
        print("Nothing was done.", file=sys.stderr)
        return 1
    sealer = Sealer(given.log_seed, given.data_path / "log")
    generation = await generations.restart(db, sealer, slug)
    await admins.leave_trail(db, "console", "log restart", slug, None, f"generation {generation}")
    print(f"Generation {generation} is open. Its key follows with the first entry: `undersigned log key`.")
    return 0


async def person_find(db: Database, given: Settings, options: argparse.Namespace) -> int:
    """Says what is held under an address, and until when the letter has to be answered."""
    held = await persons.find(db, persons.mailbox_id(given.pepper, options.address))
    for row in held.endorsements:
        who = row["organisation"] or row["name"]
        print(
            f"{row['statement']}: {row['kind']}, {who}, counted {row['counted_at']:%Y-%m-%d}, entry {row['log_index']}"
        )
    print(", ".join(f"{name}: {number}" for name, number in held.others.items()))
    await _answered(db, "find", options)
    return 0


async def person_manage_link(db: Database, given: Settings, options: argparse.Namespace) -> int:
    held = await persons.find(db, persons.mailbox_id(given.pepper, options.address))
    for link in persons.manage_links(Signer(given.signing_keys), held, given.url):
        print(link)
    await _answered(db, "manage-link", options)
    return 0 if held.endorsements else 1


async def person_withdraw(db: Database, given: Settings, options: argparse.Namespace) -> int:
    mailbox_id = persons.mailbox_id(given.pepper, options.address)
    done = await persons.withdraw(db, await persons.find(db, mailbox_id), mailbox_id)
    print(f"{done} withdrawn or deleted.")
    await _answered(db, "withdraw", options)
    return 0


async def _answered(db: Database, action: str, options: argparse.Namespace) -> None:
    due_on = await persons.note_letter(db, action, options.received)
    print(f"Received {options.received}, due {due_on}, done today; noted in the trail.", file=sys.stderr)


async def key_create(db: Database, _: Settings, options: argparse.Namespace) -> int:
    print(await admins.create_key(db, options.label, options.scope or ["export"]))
    print("Keep it: it is shown only now.", file=sys.stderr)
    return 0


async def key_list(db: Database, _: Settings, __: argparse.Namespace) -> int:
    for key in await admins.keys(db):
        state = f"revoked {key['revoked_at']:%Y-%m-%d}" if key["revoked_at"] else "in force"
        print(f"{key['id']}  {key['label']}  {' '.join(key['scopes'])}  since {key['created_at']:%Y-%m-%d}  {state}")
    return 0


async def key_revoke(db: Database, _: Settings, options: argparse.Namespace) -> int:
    revoked = await admins.revoke_key(db, options.id)
    print("Revoked." if revoked else "No key with this id is in force.")
    return 0 if revoked else 1


async def mail_test(given: Settings, address: str) -> int:
    """Sends one mail through the configured transport and says what became of it."""
    try:
        async with transport.opened(given) as send:
            await send(messages.trial(given, address))
    except (transport.Deferred, transport.Refused, aiosmtplib.SMTPException) as error:
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
        (True, f"mail: through {given.smtp_url.rpartition('@')[2]}, from {given.mail_from}")
        if given.smtp_url
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
        async with asyncio.timeout(10), database.connect(url, connections_max=1) as db:
            return [f"database: {problem}" for problem in await database.problems(db)]
    except Exception as error:
        if not database.is_unreachable(error):
            raise
        return [f"database: can't be used ({type(error).__name__})"]


def openapi(_: argparse.Namespace) -> int:
    """Prints the contract, keys sorted, as it is committed."""
    secret = "x" * settings.SECRET_LENGTH_MIN
    contract = app.create_app(Settings(secret_keys=secret, pepper=secret, log_seed=secret)).openapi_schema.to_schema()
    sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(contract, order="sorted"), indent=2) + b"\n")
    return 0
