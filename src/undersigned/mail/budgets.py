"""How many mails that anybody can ask for a mailbox, a network and everybody may get. A spent budget delays; it never drops."""

import datetime as dt
import random
from collections.abc import Sequence
from uuid import UUID

from undersigned.database.connection import Database
from undersigned.database.queries.messages import DueMessage, SentForNetwork, SentInAll, SentToMailbox
from undersigned.settings import Settings

MAILBOX_PER_DAY = 3
BUDGETED = ("confirm", "manage", "succeed")


class Rooms:
    """What is left of the budgets in one round, and when there will be room again."""

    def __init__(self) -> None:
        self._left: dict[object, int] = {}
        self._room_in: dict[object, dt.timedelta] = {}

    def set(self, key: object, limit: int, sent: SentToMailbox | SentForNetwork | SentInAll | None) -> None:
        self._left[key] = limit - (sent.sent_count if sent else 0)
        if sent and sent.room_in:
            self._room_in[key] = sent.room_in

    def take(self, mailbox_id: UUID, network_key: UUID | None) -> dt.timedelta | None:
        """None if there is room for one more mail, which is then taken; else how long to wait."""
        keys = [key for key in (mailbox_id, network_key, "all") if key in self._left]
        full = [key for key in keys if self._left[key] <= 0]
        if full:
            # Spread, so that what waited together doesn't come back together.
            spread = dt.timedelta(seconds=random.uniform(1, 30))  # noqa: S311
            return max(self._room_in.get(key, dt.timedelta(hours=1)) for key in full) + spread
        for key in keys:
            self._left[key] -= 1
        return None


async def rooms(db: Database, settings: Settings, due: Sequence[DueMessage]) -> Rooms:
    """The room that is left for the confirmation mails among `due`."""
    q, left = db.q.messages, Rooms()
    asked_for = [message for message in due if message.template in BUDGETED]
    mailboxes = list({message.mailbox_id for message in asked_for})
    to_mailboxes = {sent.mailbox_id: sent for sent in await db.many(q.sent_to_mailboxes, mailboxes, MAILBOX_PER_DAY)}
    for mailbox_id in mailboxes:
        left.set(mailbox_id, MAILBOX_PER_DAY, to_mailboxes.get(mailbox_id))
    if settings.mail_budget_network:
        networks = list({message.network_key for message in asked_for if message.network_key})
        for_networks = {sent.network_key: sent for sent in await db.many(q.sent_for_networks, networks)}
        for network_key in networks:
            left.set(network_key, settings.mail_budget_network, for_networks.get(network_key))
    if settings.mail_budget_total:
        in_all = await db.one(q.sent_in_all)
        left.set("all", settings.mail_budget_total, in_all)
    return left
