"""How many mails that anybody can ask for a mailbox, a network and everybody may get. A spent budget delays; it never drops."""

import datetime as dt
import random
from collections.abc import Sequence
from uuid import UUID

from undersigned.database.connection import Database, Record
from undersigned.settings import Settings

MAILBOX_PER_DAY = 3
BUDGETED = ("confirm", "manage", "succeed")


class Rooms:
    """What is left of the budgets in one round, and when there will be room again."""

    def __init__(self) -> None:
        self._left: dict[object, int] = {}
        self._room_in: dict[object, dt.timedelta] = {}

    def set(self, key: object, limit: int, row: Record | None) -> None:
        self._left[key] = limit - (row["sent_count"] if row else 0)
        if row and row["room_in"]:
            self._room_in[key] = row["room_in"]

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


async def rooms(db: Database, settings: Settings, due: Sequence[Record]) -> Rooms:
    """The room that is left for the confirmation mails among `due`."""
    q, left = db.q.messages, Rooms()
    confirms = [row for row in due if row["template"] in BUDGETED]
    mailboxes = list({row["mailbox_id"] for row in confirms})
    sent = {row["mailbox_id"]: row for row in await db.pool.fetch(q.sent_to_mailboxes, mailboxes, MAILBOX_PER_DAY)}
    for mailbox_id in mailboxes:
        left.set(mailbox_id, MAILBOX_PER_DAY, sent.get(mailbox_id))
    if settings.mail_budget_network:
        networks = list({row["network_key"] for row in confirms if row["network_key"]})
        sent = {row["network_key"]: row for row in await db.pool.fetch(q.sent_for_networks, networks)}
        for network_key in networks:
            left.set(network_key, settings.mail_budget_network, sent.get(network_key))
    if settings.mail_budget_total:
        left.set("all", settings.mail_budget_total, await db.pool.fetchrow(q.sent_in_all))
    return left
