"""The outbox, the second station: due messages are read, judged by this moment's circumstances, leased, and delivered."""

import asyncio
import datetime as dt
import logging
from collections.abc import Sequence
from uuid import UUID

import msgspec

from undersigned.database.queries.messages import Circumstances, DueMessage, Pot
from undersigned.errors import DomainError, Unavailable
from undersigned.mail import budgets, delivery, trouble
from undersigned.mail.delivery import Outbox
from undersigned.mail.marking import LEASE, Sending
from undersigned.mail.messages import About, Letter

log = logging.getLogger(__name__)

ROUND_SIZE = 200
WAIT_FOR_ROOM_S = 0.5
KEPT = dt.timedelta(days=30)


async def run_once(box: Outbox) -> int:
    """Deals with up to 200 due messages: sends, drops, puts off, or gives up. Returns how many there were.

    While the relay is in trouble, one of them is tried now and then, by one of all workers, and the others wait.
    """
    if not delivery.room(box):
        await asyncio.sleep(WAIT_FOR_ROOM_S)
        return 0
    known = await trouble.of_now(box.db)
    if known and not await trouble.may_probe(box.db, known):
        return 0
    q = box.db.q.messages
    due = await box.db.many(q.due, ROUND_SIZE)
    if not due:
        return 0
    read = await box.db.in_key_order(q.circumstances, [(message.endorsement_id, message.id) for message in due])
    circumstances = {facts.id: facts for _, facts in read}
    pots = [budgets.pot_of(message, circumstances[message.id]) for message in due]
    counting = [
        (message, pot, budgets.domain_of(box.settings, message, pot)) for message, pot in zip(due, pots, strict=True)
    ]
    rooms = await budgets.rooms(box.db, box.settings, counting)
    ends, delays, letters, full = [], [], [], []
    for message, pot, domain_key in counting:
        facts = circumstances[message.id]
        template, why = _decide(message.template, facts)
        if template is None:
            ends.append((message.endorsement_id, message.id, "dropped", why, None, None))
        elif facts.age and facts.age > box.ttl + box.grace:
            # Longer than any claim is kept: whatever held it up, its address is kept no longer either.
            ends.append((message.endorsement_id, message.id, "failed", "waited too long", None, None))
        elif pot and (wait := rooms.take(message.mailbox_id, pot, message.network_key, domain_key)):
            delays.append((message.endorsement_id, message.id, message.due_at, wait))
            full.append(message.mailbox_id)
        elif about := await _about(box, message.statement):
            letters.append((message, _letter(about, message, facts, template, pot, domain_key)))
        else:
            why = "can't be composed: no such statement"
            ends.append((message.endorsement_id, message.id, "failed", why, None, None))
    await box.db.in_key_order(q.finish, ends)
    for _, _, status, *_ in ends:
        box.db.stations.note("mail", status)
    await box.db.in_key_order(q.postpone, delays)
    box.db.stations.note("mail", "delayed", len(delays))
    if known:
        letters = sorted(letters, key=lambda letter: letter[0].attempt_count)[:1]
    await delivery.send_all(box, await _lease(box, letters), is_probe=known is not None)
    if full:
        await budgets.crowd_out(box.db, full)
    return len(due)


async def _about(box: Outbox, slug: str) -> About | None:
    try:
        return await box.about(slug)
    except Unavailable:
        raise
    except DomainError as error:
        log.error("Mail about a statement can't be composed (%s).", type(error).__name__)
        return None


def _decide(template: str, facts: Circumstances) -> tuple[str | None, str]:
    """The template that is right by now, or None and why nothing is left to say."""
    if template == "counted":
        return ("counted", "") if facts.endorsed_by_this_mailbox else (None, "withdrawn")
    if template in ("rejected", "handed"):
        return template, ""
    if template == "manage" and facts.endorsed_by_this_mailbox:
        return "manage", ""
    if template == "manage":
        return (None, "told today") if facts.told_today or facts.suppressed else ("nothing", "")
    if facts.suppressed:
        return None, "suppressed"
    if template == "succeed":
        return ("succeed", "") if facts.offered else (None, "settled")
    if not facts.claimed or facts.claim_status == "held":
        return None, "settled"
    if facts.attempted and facts.expired:
        return None, "expired"
    if facts.superseded:
        return None, "superseded"
    return ("already" if facts.endorsed_by_this_mailbox else "confirm"), ""


def _letter(
    about: About, message: DueMessage, facts: Circumstances, template: str, pot: Pot | None, domain_key: UUID | None
) -> Letter:
    """The letter; one whose links open what is held goes to the address that was proven, whichever one was typed now."""
    owned = facts.endorsed_by_this_mailbox
    return Letter(
        template,
        about,
        message.id,
        message.endorsement_id,
        message.submission_id,
        message.mailbox_id,
        facts.proven_address if owned and facts.proven_address else message.address,
        message.locale,
        (message.detail or {}).get("reason", ""),
        facts.bound if owned else None,
        facts.expires_at,
        facts.organisation or "",
        pot,
        domain_key,
    )


async def _lease(box: Outbox, letters: Sequence[tuple[DueMessage, Letter]]) -> list[Sending]:
    """Those of the letters that this worker, and no other, is to send now.

    A claim's 7 days start at the first attempt to mail its link, so that a budget's delay costs nobody their time.
    """
    q = box.db.q
    read = {message.id: (message, letter) for message, letter in letters}
    leases = await box.db.in_key_order(
        q.messages.lease, [(message.endorsement_id, message.id, message.due_at, LEASE) for message, _ in letters]
    )
    leased = {lease.id: lease.leased_until for _, lease in leases if lease.leased_until}
    confirms = [read[message_id] for message_id in leased if read[message_id][1].template == "confirm"]
    links = [letter for message, letter in confirms if not message.attempt_count]
    extended = await box.db.in_key_order(
        q.submissions.extend, [(letter.endorsement_id, letter.submission_id, box.ttl) for letter in links]
    )
    expiries = {letter.submission_id: letter.expires_at for _, letter in confirms}
    expiries |= {key[1]: expires_at for key, expires_at in extended}
    sendings, gone = [], []
    for message_id, leased_until in leased.items():
        message, letter = read[message_id]
        letter = msgspec.structs.replace(letter, expires_at=expiries.get(letter.submission_id))
        if letter.template == "confirm" and letter.expires_at is None:
            gone.append((letter.endorsement_id, letter.id, "dropped", "settled", None, None))
        else:
            sendings.append(Sending(letter, leased_until, message.attempt_count))
    await box.db.in_key_order(q.messages.finish, gone)
    return sendings
