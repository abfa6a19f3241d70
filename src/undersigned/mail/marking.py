"""What becomes of a leased message: composed, held for as long as it is being sent, and marked sent, failed, or put off."""

import asyncio
import datetime as dt
import logging
import random
import traceback
from collections.abc import Awaitable, Coroutine
from typing import Any

from undersigned.database.connection import Database
from undersigned.database.trouble import DatabaseAway
from undersigned.identity.tokens import Signer
from undersigned.mail import messages
from undersigned.mail.messages import Letter, Mail
from undersigned.settings import Settings

log = logging.getLogger(__name__)

LEASE = dt.timedelta(minutes=10)
BACK_OFF_S = 30
BACK_OFF_MAX_S = 6 * 3600
# It may be there already: a second copy is bearable, one at every retry isn't.
LOST_BACK_OFF_S = 6 * 3600
# RFC 5321, 4.5.4.1: give up after four or five days.
GIVE_UP_AFTER = dt.timedelta(days=5)


class Sending:
    """A letter whose message this worker has leased, until `leased_until`."""

    def __init__(self, letter: Letter, leased_until: dt.datetime, attempt_count: int) -> None:
        self.letter = letter
        self.leased_until = leased_until
        self.attempt_count = attempt_count
        self.was_closed_on = False


async def composed(
    db: Database, settings: Settings, signer: Signer, grace: dt.timedelta, letter: Letter
) -> Mail | None:
    """The mail, or None after marking it failed: what can't be written now can't be written later."""
    try:
        mail = messages.compose(settings, signer, letter, grace)
        if not mail.is_to(letter.address):
            raise ValueError("a mail names another recipient than its row")
    except Exception as error:
        log.error("A message (%s) can't be composed (%s).", letter.template, told(error))
        await finish(db, letter, "failed", f"can't be composed: {told(error)}", counts=False)
        return None
    return mail


async def leased_on(db: Database, sending: Sending, doing: Coroutine[Any, Any, None] | Awaitable[None]) -> None:
    """Does it, and renews the lease as long as that takes: a relay may think for ten minutes about one mail."""
    task = asyncio.ensure_future(doing)
    try:
        while not (await asyncio.wait({task}, timeout=LEASE.total_seconds() / 3))[0]:
            await _renew(db, sending)
    except BaseException:
        task.cancel()
        raise
    await task


async def _renew(db: Database, sending: Sending) -> None:
    letter = sending.letter
    try:
        lease = await db.batched(db.q.messages.lease, letter.endorsement_id, letter.id, sending.leased_until, LEASE)
    except DatabaseAway as error:
        log.warning("A lease waits for the database (%s).", error.why)
    else:
        sending.leased_until = lease.leased_until or sending.leased_until


async def release(db: Database, sendings: list[Sending], wait: dt.timedelta) -> None:
    """Gives back what was leased and never offered: it is due again after `wait`, and no attempt was made."""
    await db.in_key_order(
        db.q.messages.postpone,
        [(each.letter.endorsement_id, each.letter.id, each.leased_until, wait) for each in sendings],
    )


async def finish(db: Database, letter: Letter, status: str, outcome: str, *, counts: bool) -> None:
    """Marks what became of a letter. What went out, or was refused by its recipient, counts in its budgets."""
    db.stations.note("mail", status)
    pot, domain_key = (letter.pot, letter.domain_key) if counts else (None, None)
    await db.batched(db.q.messages.finish, letter.endorsement_id, letter.id, status, outcome, pot, domain_key)


async def put_off(db: Database, sending: Sending, why: str, *, runs_out: bool) -> None:
    """Exponential back-off with jitter, from half a minute to six hours. With `runs_out`, for five days at most."""
    ceiling_s = min(BACK_OFF_S * 2**sending.attempt_count, BACK_OFF_MAX_S)
    await _mark_waiting(db, sending, why, ceiling_s, runs_out=runs_out, is_lost=False)


async def lost(db: Database, sending: Sending, why: str) -> None:
    """The relay had it all and didn't answer: tried again hours later, and three times at most."""
    await _mark_waiting(db, sending, why, LOST_BACK_OFF_S, runs_out=False, is_lost=True)


async def _mark_waiting(
    db: Database, sending: Sending, why: str, ceiling_s: float, *, runs_out: bool, is_lost: bool
) -> None:
    letter = sending.letter
    status = await db.batched(
        db.q.messages.put_off,
        letter.endorsement_id,
        letter.id,
        sending.leased_until,
        dt.timedelta(seconds=ceiling_s * random.uniform(0.5, 1)),  # noqa: S311
        why,
        runs_out,
        GIVE_UP_AFTER,
        is_lost,
    )
    db.stations.note("mail", "failed" if status == "failed" else "deferred")
    if status == "failed":
        log.warning("A message is given up (%s).", why)


def told(error: Exception) -> str:
    """Which type of exception came from which line; not its message, which may quote a person."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {frame.filename.rpartition('/')[2]}:{frame.lineno}"
