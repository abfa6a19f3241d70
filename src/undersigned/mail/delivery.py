"""Delivery: what this worker leased goes out over a few connections, each letter alone, outside any transaction, and is marked.

At least once: a worker that dies between sending and marking sends again, under the same Message-ID.
"""

import asyncio
import datetime as dt
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable

import msgspec

from undersigned.database.connection import Database
from undersigned.identity.tokens import Signer
from undersigned.mail import transport, trouble
from undersigned.mail.marking import LEASE, Sending, composed, finish, leased_on, lost, put_off, release, told
from undersigned.mail.messages import About
from undersigned.mail.refusals import Away, Closed, PutOff, Refused, Unclear, Unsure
from undersigned.mail.trouble import Alike
from undersigned.settings import Settings

log = logging.getLogger(__name__)

# A connection that is busy with one mail for longer than this goes on beside the next rounds.
PATIENCE_S = 2
TURNED_AWAY = dt.timedelta(seconds=5)


class Senders:
    """What outlasts a round: who is still busy with a mail, and which refusals came one after the other."""

    def __init__(self) -> None:
        self.busy: set[asyncio.Task[None]] = set()
        self.alike = Alike()


class Outbox(msgspec.Struct, frozen=True):
    """What sending needs. `ttl` and `grace` are a claim's times, from whoever knows about claims."""

    db: Database
    settings: Settings
    signer: Signer
    about: Callable[[str], Awaitable[About]]
    ttl: dt.timedelta
    grace: dt.timedelta
    patience: transport.Patience = transport.Patience()
    senders: Senders = msgspec.field(default_factory=Senders)


def room(box: Outbox) -> int:
    """How many connections are free. Raises what became of those that ended badly since the last round."""
    ended = {task for task in box.senders.busy if task.done()}
    box.senders.busy -= ended
    for task in ended:
        task.result()
    relay = box.settings.relay
    return (relay.connections if relay else 1) - len(box.senders.busy)


async def send_all(box: Outbox, sendings: list[Sending], *, is_probe: bool) -> None:
    """Sends over as many connections as are free. A slow one holds up nothing but the one mail that it is busy with.

    Returns when all is sent, or when only slow ones are left, which `room` then counts. What isn't reached in half the lease
    is left to become due again.
    """
    if not sendings:
        return
    round_ = _Round(box, sendings, is_probe=is_probe)
    last_waiting = time.monotonic()
    while (busy := [task for task in round_.tasks if not task.done()]) and time.monotonic() < round_.stop_at:
        if round_.queue:
            last_waiting = time.monotonic()
        elif time.monotonic() - last_waiting > PATIENCE_S:
            break
        await asyncio.wait(busy, timeout=0.5, return_when=asyncio.FIRST_COMPLETED)
    room(box)


class _Round:
    """One round's letters, and the connections that take them one by one from the same queue."""

    def __init__(self, box: Outbox, sendings: list[Sending], *, is_probe: bool) -> None:
        self.box = box
        self.queue = deque(sendings)
        self.is_probe = is_probe
        self.stop_at = time.monotonic() + LEASE.total_seconds() / 2
        self.tasks: list[asyncio.Task[None]] = []
        self._room = min(room(box), len(sendings))
        self._working = 0
        self._turned_away = 0
        self._is_stopped = False
        self._call()

    def _call(self) -> None:
        task = asyncio.create_task(self._connection())
        self.tasks.append(task)
        self.box.senders.busy.add(task)
        self._working += 1

    def _goes_on(self) -> bool:
        return bool(self.queue) and not self._is_stopped and time.monotonic() < self.stop_at

    async def _connection(self) -> None:
        try:
            while self._goes_on():
                await self._one_connection()
        except Away as error:
            await self._turn_away(error)
        finally:
            self._working -= 1
            if not self._working:
                leftover, self.queue = list(self.queue), deque()
                await release(
                    self.box.db,
                    leftover,
                    TURNED_AWAY if self._turned_away and not self._is_stopped else dt.timedelta(0),
                )

    async def _one_connection(self) -> None:
        """Sends until the queue is empty or the relay closes the connection. Raises Away."""
        count = 0
        try:
            async with transport.opened(self.box.settings, self.box.patience) as send:
                # The first that is let in calls the others: a relay that is away, or a wrong password, is tried once.
                while len(self.tasks) < self._room:
                    self._call()
                while self._goes_on():
                    await self._deliver(send, self.queue.popleft())
                    count += 1
        except Closed as error:
            if not count:
                raise Away(f"the relay closes the connection: {error}") from None

    async def _turn_away(self, error: Away) -> None:
        """A relay that takes fewer connections than we open turns some away; one that turns all away is in trouble."""
        self._turned_away += 1
        others = len(self.box.senders.busy) - self._turned_away
        if others > 0 and not error.is_alarm:
            log.info("The relay takes fewer connections (%s): say so with connections= in the SMTP URL.", error)
            return
        self._is_stopped = True
        await trouble.pause(self.box.db, str(error), is_login=error.is_login)

    async def _deliver(self, send: transport.Send, sending: Sending) -> None:
        """Offers one letter and marks what became of it. Raises Closed or Away, with the letter waiting again."""
        db = self.box.db
        mail = await composed(db, self.box.settings, self.box.signer, self.box.grace, sending.letter)
        if mail is None:
            return
        try:
            await leased_on(db, sending, send(mail))
        except Away:
            self.queue.appendleft(sending)
            raise
        except Closed as error:
            if sending.was_closed_on:  # twice in a round: it may be this mail that the relay can't stand
                await put_off(db, sending, f"closed: {error}", runs_out=False)
            else:
                sending.was_closed_on = True
                self.queue.appendleft(sending)
            raise
        except Unsure as error:
            await lost(db, sending, str(error))
            await self._count_alike(f"lost: {error}", sending)
        except Unclear as error:
            await put_off(db, sending, str(error), runs_out=False)
            await self._count_alike(str(error), sending)
        except PutOff as error:
            log.info("The relay put a message off (%s).", error)
            await put_off(db, sending, str(error), runs_out=error.runs_out)
            await self._got_through()
        except Refused as error:
            log.warning("The relay refused a recipient for good (%s).", error)
            await finish(db, sending.letter, "failed", str(error), counts=True)
            await self._got_through()
        except Exception as error:
            log.error("A message can't be sent (%s).", told(error))
            await put_off(db, sending, f"can't be sent: {told(error)}", runs_out=True)
        else:
            await finish(db, sending.letter, "sent", sending.letter.template, counts=True)
            self.box.senders.alike.clear()
            await self._got_through()

    async def _got_through(self) -> None:
        if self.is_probe:
            self.is_probe = False
            await trouble.resume(self.box.db)

    async def _count_alike(self, reason: str, sending: Sending) -> None:
        log.warning("A message waits, because the relay's answer isn't about its recipient (%s).", reason)
        if self.box.senders.alike.add(reason, sending.letter.address.rpartition("@")[2]) and not self._is_stopped:
            self._is_stopped = True
            await trouble.pause(self.box.db, f"the relay refuses all alike: {reason}")
