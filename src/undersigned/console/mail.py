"""What `undersigned mail waiting` and `mail retry` do."""

import argparse

from undersigned.database.connection import Database
from undersigned.mail import trouble
from undersigned.mail import waiting as outstanding
from undersigned.settings import Settings


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
