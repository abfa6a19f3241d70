"""The outbox, the second station: due messages are leased, composed, sent outside any transaction, and marked.

At least once: a worker that dies between sending and marking sends again, under the same Message-ID.
"""

import asyncio
import datetime as dt
import logging
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

import msgspec

from undersigned.database.connection import Database, Record
from undersigned.identity.tokens import Signer
from undersigned.mail import budgets, messages, transport
from undersigned.mail.messages import About, Letter
from undersigned.settings import Settings

log = logging.getLogger(__name__)

ROUND_SIZE = 200
CONNECTIONS = 4
LEASE = dt.timedelta(minutes=10)
BACK_OFF_S = 30
BACK_OFF_MAX_S = 6 * 3600
KEPT = dt.timedelta(days=30)


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


async def run_once(box: Outbox) -> int:
    """Deals with up to 100 due messages: sends, drops, or puts off. Returns how many there were."""
    q = box.db.q.messages
    due = await box.db.pool.fetch(q.due, ROUND_SIZE)
    if not due:
        return 0
    read = await box.db.in_key_order(q.circumstances, [(row["endorsement_id"], row["id"]) for row in due])
    circumstances = {row["id"]: row for _, row in read}
    rooms = await budgets.rooms(box.db, box.settings, due)
    drops, delays, letters = [], [], []
    for row in due:
        fact = circumstances[row["id"]]
        template, why = _decide(row["template"], fact)
        if template is None:
            drops.append((row["endorsement_id"], row["id"], "dropped", why))
        elif row["template"] in budgets.BUDGETED and (wait := rooms.take(row["mailbox_id"], row["network_key"])):
            delays.append((row["endorsement_id"], row["id"], row["due_at"], wait))
        else:
            about = await box.about(row["statement"])
            letters.append((row, _letter(about, row, fact, template)))
    await box.db.in_key_order(q.finish, drops)
    box.db.stations.note("mail", "dropped", len(drops))
    await box.db.in_key_order(q.postpone, delays)
    box.db.stations.note("mail", "delayed", len(delays))
    await _send_all(box, await _lease(box, letters))
    return len(due)


def _decide(template: str, fact: Record) -> tuple[str | None, str]:
    """The template that is right by now, or None and why nothing is left to say."""
    if template == "counted":
        return ("counted", "") if fact["endorsed_by_this_mailbox"] else (None, "withdrawn")
    if template in ("rejected", "handed"):
        return template, ""
    if template == "manage" and fact["endorsed_by_this_mailbox"]:
        return "manage", ""
    if template == "manage":
        return (None, "told today") if fact["told_today"] or fact["suppressed"] else ("nothing", "")
    if fact["suppressed"]:
        return None, "suppressed"
    if template == "succeed":
        return ("succeed", "") if fact["offered"] else (None, "settled")
    if not fact["claimed"] or fact["claim_status"] == "held":
        return None, "settled"
    if fact["attempted"] and fact["expired"]:
        return None, "expired"
    if fact["superseded"]:
        return None, "superseded"
    return ("already" if fact["endorsed_by_this_mailbox"] else "confirm"), ""


def _letter(about: About, row: Record, fact: Record, template: str) -> Letter:
    return Letter(
        template,
        about,
        row["id"],
        row["endorsement_id"],
        row["submission_id"],
        row["mailbox_id"],
        row["address"],
        row["locale"],
        (row["detail"] or {}).get("reason", ""),
        fact["bound"] if fact["endorsed_by_this_mailbox"] else None,
        fact["expires_at"],
        fact["organisation"] or "",
    )


async def _lease(box: Outbox, letters: Sequence[tuple[Record, Letter]]) -> list[Sending]:
    """Those of the letters that this worker, and no other, is to send now.

    A claim's 7 days start at the first attempt to mail its link, so that a budget's delay costs nobody their time.
    """
    q = box.db.q
    rows = {row["id"]: (row, letter) for row, letter in letters}
    leases = await box.db.in_key_order(
        q.messages.lease, [(row["endorsement_id"], row["id"], row["due_at"], LEASE) for row, _ in letters]
    )
    leased = {row["id"]: row["leased_until"] for _, row in leases if row["leased_until"]}
    confirms = [rows[message_id] for message_id in leased if rows[message_id][1].template == "confirm"]
    links = [letter for row, letter in confirms if not row["attempt_count"]]
    extended = await box.db.in_key_order(
        q.submissions.extend, [(letter.endorsement_id, letter.submission_id, box.ttl) for letter in links]
    )
    expiries = {letter.submission_id: letter.expires_at for _, letter in confirms}
    expiries |= {key[1]: expires_at for key, expires_at in extended}
    sendings, gone = [], []
    for message_id, leased_until in leased.items():
        row, letter = rows[message_id]
        letter = msgspec.structs.replace(letter, expires_at=expiries.get(letter.submission_id))
        if letter.template == "confirm" and letter.expires_at is None:
            gone.append((letter.endorsement_id, letter.id, "dropped", "settled"))
        else:
            sendings.append(Sending(letter, leased_until, row["attempt_count"]))
    await box.db.in_key_order(q.messages.finish, gone)
    return sendings


async def _send_all(box: Outbox, sendings: list[Sending]) -> None:
    """Sends over a few connections at once; what isn't reached in half the lease is left to become due again."""
    stop_at = time.monotonic() + LEASE.total_seconds() / 2
    shares = [sendings[start::CONNECTIONS] for start in range(min(CONNECTIONS, len(sendings)))]
    await asyncio.gather(*(_send_share(box, share, stop_at) for share in shares))


async def _send_share(box: Outbox, share: list[Sending], stop_at: float) -> None:
    try:
        async with transport.opened(box.settings) as send:
            for sending in share:
                if time.monotonic() < stop_at:
                    await _send_one(box, send, sending)
    except transport.Deferred as error:
        log.warning("The relay can't be reached (%s); %d messages wait.", error, len(share))
        for sending in share:
            await _put_off(box, sending)


async def _send_one(box: Outbox, send: transport.Send, sending: Sending) -> None:
    letter = sending.letter
    try:
        await send(messages.compose(box.settings, box.signer, letter, box.grace))
    except transport.Deferred as error:
        log.info("The relay put a message off (%s).", error)
        await _put_off(box, sending)
    except transport.Refused as error:
        log.warning("The relay refused a message for good (%s).", error)
        await _finish(box, letter.endorsement_id, letter.id, "failed", str(error))
    else:
        await _finish(box, letter.endorsement_id, letter.id, "sent", letter.template)


async def _finish(box: Outbox, endorsement_id: UUID, message_id: UUID, status: str, outcome: str) -> None:
    box.db.stations.note("mail", status)
    await box.db.batched(box.db.q.messages.finish, endorsement_id, message_id, status, outcome)


async def _put_off(box: Outbox, sending: Sending) -> None:
    """Exponential back-off with full jitter, from half a minute to six hours."""
    box.db.stations.note("mail", "deferred")
    ceiling = min(BACK_OFF_S * 2**sending.attempt_count, BACK_OFF_MAX_S)
    wait = dt.timedelta(seconds=ceiling * random.uniform(0.5, 1))  # noqa: S311
    letter = sending.letter
    await box.db.batched(box.db.q.messages.postpone, letter.endorsement_id, letter.id, sending.leased_until, wait)
