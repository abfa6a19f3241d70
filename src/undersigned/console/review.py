"""What `undersigned review` does: list, approve or reject the claims that wait for a look."""

import argparse

from undersigned.console.command import Commands, listed_id, on_database, statements_of
from undersigned.database.connection import Database
from undersigned.settings import Settings
from undersigned.signing import review


def declare(commands: Commands) -> None:
    parser = commands.add_parser("review", help="list, approve or reject the claims that wait for a look")
    parser.set_defaults(run=on_database(waiting), statement=None)
    steps = parser.add_subparsers(metavar="STEP")
    listing = steps.add_parser("list", help="list what waits (the default)")
    listing.add_argument("statement", nargs="?")
    listing.set_defaults(run=on_database(waiting))
    approving = steps.add_parser("approve", help="count a claim")
    approving.add_argument("id", type=listed_id)
    approving.set_defaults(run=on_database(approve))
    rejecting = steps.add_parser("reject", help="delete a claim and mail the reason")
    rejecting.add_argument("id", type=listed_id)
    rejecting.add_argument("--reason", required=True, help="mailed to the representative")
    rejecting.set_defaults(run=on_database(reject))


async def waiting(db: Database, _: Settings, options: argparse.Namespace) -> int:
    slug = (await statements_of(db)).get(options.statement).slug if options.statement else None
    claims = await review.held(db, slug)
    for claim in claims:
        body = claim.organisation
        rivals = f"{claim.rival_count} rival" if claim.rival_count else ""
        proof = f"proof: {body.proof if body else 'none'}"
        print(f"{claim.id}  {claim.statement}  since {claim.confirmed_at:%Y-%m-%d %H:%M} UTC")
        name, website = (body.name, body.website) if body else (claim.name, None)
        print(f"    {name} · {website or 'no website'} · {claim.country or '–'}")
        print(f"    signed by {claim.name}, {claim.role or '–'}, {claim.address}")
        warned = "its name has an address or a number in it, or is very long: it is never quoted in mails"
        named = warned if claim.hold_reason == "name_calls_elsewhere" else ""
        before = "rejected before" if claim.rejected_before else ""
        notes = [rivals, "already counted" if claim.counted_already else "", before, proof, named]
        print(f"    {', '.join(note for note in notes if note)}")
    print(f"{len(claims)} waiting." if claims else "Nothing waits for a look.")
    return 0


async def approve(db: Database, _: Settings, options: argparse.Namespace) -> int:
    outcome = await review.approve(db, options.id, "console")
    print(
        {
            "counted": "Counted; its representative gets a mail.",
            "already_confirmed": "Counted before, through another claim; this claim is settled.",
        }.get(outcome, outcome)
    )
    return 0


async def reject(db: Database, _: Settings, options: argparse.Namespace) -> int:
    await review.reject(db, options.id, "console", options.reason)
    print("Rejected; its representative gets a mail with the reason.")
    return 0
