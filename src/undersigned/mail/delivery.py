"""Delivery: what this worker leased is composed, sent outside any transaction, and marked; each letter stands alone.

At least once: a worker that dies between sending and marking sends again, under the same Message-ID.
"""

import asyncio
import datetime as dt
import logging
import random
import time
import traceback
from collections.abc import Awaitable, Callable

import msgspec

from undersigned.database.connection import Database
from undersigned.identity.tokens import Signer
from undersigned.mail import messages, transport
from undersigned.mail.messages import About, Letter, Mail
from undersigned.settings import Settings

log = logging.getLogger(__name__)

CONNECTIONS = 4
LEASE = dt.timedelta(minutes=10)
BACK_OFF_S = 30
BACK_OFF_MAX_S = 6 * 3600
# RFC 5321, 4.5.4.1: give up after four or five days.
GIVE_UP_AFTER = dt.timedelta(days=5)


class Outbox(msgspec.Struct, frozen=True):
    """What sending needs. `ttl` and `grace` are a claim's times, from whoever knows about claims."""

    db: Database
    settings: Settings
    signer: Signer
    about: Callable[[str], Awaitable[About]]
    ttl: dt.timedelta
    grace: dt.timedelta


class Sending(msgspec.Struct, frozen=True):
    """A letter whose message this worker has leased."""

    letter: Letter
    leased_until: dt.datetime
    attempt_count: int


async def send_all(box: Outbox, sendings: list[Sending]) -> None:
    """Sends over a few connections at once; what isn't reached in half the lease is left to become due again.

    Every connection comes to its end before what went wrong with the database on one of them is raised.
    """
    stop_at = time.monotonic() + LEASE.total_seconds() / 2
    shares = [sendings[start::CONNECTIONS] for start in range(min(CONNECTIONS, len(sendings)))]
    ends = await asyncio.gather(*(_send_share(box, share, stop_at) for share in shares), return_exceptions=True)
    for error in ends:
        if error is not None:
            raise error


async def _send_share(box: Outbox, share: list[Sending], stop_at: float) -> None:
    try:
        async with transport.opened(box.settings) as send:
            for sending in share:
                if time.monotonic() < stop_at:
                    await _send_one(box, send, sending)
    except transport.Deferred as error:
        log.warning("The relay can't be reached (%s); %d messages wait.", error, len(share))
        for sending in share:
            await _put_off(box, sending, f"the relay can't be reached: {error}", offered=False)


async def _send_one(box: Outbox, send: transport.Send, sending: Sending) -> None:
    composed = await _composed(box, sending.letter)
    if composed is None:
        return
    try:
        await send(composed)
    except transport.Deferred as error:
        log.info("The relay put a message off (%s).", error)
        await _put_off(box, sending, str(error), offered=True)
    except transport.Refused as error:
        log.warning("The relay refused a message for good (%s).", error)
        await _finish(box, sending.letter, "failed", str(error))
    except Exception as error:
        log.error("A message can't be sent (%s).", told(error))
        await _put_off(box, sending, f"can't be sent: {told(error)}", offered=True)
    else:
        await _finish(box, sending.letter, "sent", sending.letter.template)


async def _composed(box: Outbox, letter: Letter) -> Mail | None:
    """The mail, or None after marking it failed: what can't be written now can't be written later."""
    try:
        mail = messages.compose(box.settings, box.signer, letter, box.grace)
        if not mail.is_to(letter.address):
            raise ValueError("a mail names another recipient than its row")
        return mail
    except Exception as error:
        log.error("A message (%s) can't be composed (%s).", letter.template, told(error))
        await _finish(box, letter, "failed", f"can't be composed: {told(error)}")
        return None


def told(error: Exception) -> str:
    """Which type of exception came from which line; not its message, which may quote a person."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {frame.filename.rpartition('/')[2]}:{frame.lineno}"


async def _finish(box: Outbox, letter: Letter, status: str, outcome: str) -> None:
    box.db.stations.note("mail", status)
    await box.db.batched(box.db.q.messages.finish, letter.endorsement_id, letter.id, status, outcome)


async def _put_off(box: Outbox, sending: Sending, why: str, *, offered: bool) -> None:
    """Exponential back-off with full jitter, from half a minute to six hours; failed for good five days after the first offer."""
    ceiling = min(BACK_OFF_S * 2**sending.attempt_count, BACK_OFF_MAX_S)
    wait = dt.timedelta(seconds=ceiling * random.uniform(0.5, 1))  # noqa: S311
    letter = sending.letter
    status = await box.db.batched(
        box.db.q.messages.put_off,
        letter.endorsement_id,
        letter.id,
        sending.leased_until,
        wait,
        why,
        offered,
        GIVE_UP_AFTER,
    )
    box.db.stations.note("mail", "failed" if status == "failed" else "deferred")
    if status == "failed":
        log.warning("A message is given up after five days (%s).", why)
