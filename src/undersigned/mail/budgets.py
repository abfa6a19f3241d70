"""How many mails that anybody can ask for a mailbox, a mail domain, a network and everybody may get.

A spent budget delays. Nothing is dropped but what waits behind `UNSENT_MAX` other claims of its mailbox.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from uuid import UUID

from undersigned.database.connection import Database
from undersigned.database.queries.messages import Circumstances, DueMessage, Pot
from undersigned.identity import domains, keys
from undersigned.mail.marking import LEASE
from undersigned.settings import Settings

# A network that spends its part leaves room to the next one, of the same day.
MAILBOX_PER_DAY = 5
MAILBOX_PER_DAY_AND_NETWORK = 3
UNSENT_MAX = 20


class Rooms:
    """What is left of the budgets in one round, and when there will be room again."""

    def __init__(self) -> None:
        self._left: dict[object, int] = {}
        self._room_in: dict[object, dt.timedelta] = {}

    def set(self, key: object, limit: int, sent_count: int, room_in: dt.timedelta | None) -> None:
        self._left[key] = limit - sent_count
        if room_in:
            self._room_in[key] = room_in

    def take(
        self, mailbox_id: UUID, pot: Pot, network_key: UUID | None, domain_key: UUID | None
    ) -> dt.timedelta | None:
        """None if there is room for one more mail, which is then taken; else how long to wait."""
        box = (mailbox_id, pot)
        keys = [key for key in (box, (*box, network_key), domain_key, network_key, "all") if key in self._left]
        full = [key for key in keys if self._left[key] <= 0]
        if full:
            # Spread, so that what waited together doesn't come back together; but a mailbox's does, to take turns.
            spread = dt.timedelta(seconds=1 + mailbox_id.int % 30)
            return max(self._room_in.get(key, dt.timedelta(hours=1)) for key in full) + spread
        for key in keys:
            self._left[key] -= 1
        return None


def pot_of(message: DueMessage, facts: Circumstances) -> Pot | None:
    """Which of its mailbox's budgets a mail is taken from; None: nobody can ask for it at will.

    A claim's second mail is a renewal, and only who has the first one's link can ask for that.
    """
    if message.template == "confirm":
        return "owner" if facts.renewed else "claims"
    return "owner" if message.template in ("manage", "succeed") else None


def domain_of(settings: Settings, message: DueMessage, pot: Pot | None) -> UUID | None:
    """The key of the mail domain as this network asks there; None where anybody gets a mailbox, and neighbours are strangers."""
    host = message.address.rpartition("@")[2].lower()
    if pot is None or domains.has_open_mail(host):
        return None
    return keys.domain_id(settings.pepper, pot, domains.registrable(host) or host, message.network_key)


async def rooms(db: Database, settings: Settings, due: Sequence[tuple[DueMessage, Pot | None, UUID | None]]) -> Rooms:
    """The room that is left for the mails among `due` that have a pot."""
    q, left = db.q.messages, Rooms()
    asked_for = [(message, pot, domain_key) for message, pot, domain_key in due if pot]
    counted: dict[object, list[dt.timedelta]] = {}
    mailboxes = list({message.mailbox_id for message, _, _ in asked_for})
    for mail in await db.many(q.counted_for_mailboxes, mailboxes):
        box = (mail.mailbox_id, mail.pot)
        counted.setdefault(box, []).append(mail.counts_for)
        counted.setdefault((*box, mail.network_key), []).append(mail.counts_for)
    for message, pot, _ in asked_for:
        box = (message.mailbox_id, pot)
        for key, limit in ((box, MAILBOX_PER_DAY), ((*box, message.network_key), MAILBOX_PER_DAY_AND_NETWORK)):
            latest = sorted(counted.get(key, ()), reverse=True)
            left.set(key, limit, len(latest), latest[min(limit, len(latest)) - 1] if latest else dt.timedelta(days=1))
    domain_keys = {domain_key for _, _, domain_key in asked_for if domain_key}
    networks = {message.network_key for message, _, _ in asked_for if message.network_key}
    for query, limit, names in (
        (q.counted_for_domains, settings.mail_budget_domain, domain_keys),
        (q.counted_for_networks, settings.mail_budget_network, networks),
    ):
        if limit:
            found = {sent.key: sent for sent in await db.many(query, list(names))}
            for name in names:
                sent = found.get(name)
                left.set(name, limit, sent.sent_count if sent else 0, sent.room_in if sent else None)
    if settings.mail_budget_total:
        in_all = await db.one(q.counted_in_all)
        left.set("all", settings.mail_budget_total, in_all.sent_count, in_all.room_in)
    return left


async def crowd_out(db: Database, mailboxes: Iterable[UUID]) -> None:
    """Drops what waits behind `UNSENT_MAX` other claims of these mailboxes."""
    q = db.q.messages
    crowded = await db.many(q.crowded_out, list(set(mailboxes)), UNSENT_MAX, LEASE)
    ends = [(each.endorsement_id, each.id, "dropped", "too many wait", None, None) for each in crowded]
    await db.in_key_order(q.finish, ends)
    db.stations.note("mail", "dropped", len(ends))
