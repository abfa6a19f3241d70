"""A real SMTP relay on loopback, which keeps what it takes and answers as it was told; and a worker's round."""

import asyncio
import ssl
from collections import Counter
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default as policy

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.conftest import World
from undersigned.mail import outbox
from undersigned.process.worker import make_outbox


@dataclass
class Relay:
    """An SMTP relay. `replies` are for recipients; the other replies, where they are set, are for everybody."""

    port: int
    taken: list[EmailMessage] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    replies: dict[str, str] = field(default_factory=dict)
    sender_reply: str = ""
    recipient_reply: str = ""
    text_reply: str = ""
    greeted: list[str] = field(default_factory=list)
    offered: list[str] = field(default_factory=list)
    connection_count: int = 0
    open_count: int = 0
    quit_count: int = 0
    asked: Counter[object] = field(default_factory=Counter)
    mails_per_connection: int = 1000
    connections_max: int = 1000
    password: str = ""
    login_reply: str = ""
    passwords: list[str] = field(default_factory=list)
    slow: dict[str, float] = field(default_factory=dict)
    losing: set[str] = field(default_factory=set)
    secured: list[bool] = field(default_factory=list)

    async def handle_EHLO(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        self.greeted.append(hostname)
        return responses

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.asked[session.peer] += 1
        if self.asked[session.peer] > self.mails_per_connection:
            return "421 4.7.0 Enough on this connection"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return self.sender_reply or "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.offered.append(address)
        if reply := self.replies.get(address) or self.recipient_reply:
            return reply
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        if self.text_reply:
            return self.text_reply
        await asyncio.sleep(self.slow.get(envelope.rcpt_tos[0], 0))
        self.raw.append(envelope.content)
        self.recipients += envelope.rcpt_tos
        self.secured.append(session.ssl is not None)
        mail = BytesParser(policy=policy).parsebytes(envelope.content)
        assert isinstance(mail, EmailMessage)
        self.taken.append(mail)
        if self.losing & set(envelope.rcpt_tos):
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()
        return "250 Taken"

    async def handle_QUIT(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.quit_count += 1
        return "221 Bye"

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, given: LoginPassword
    ) -> AuthResult:
        self.passwords.append(given.password.decode())
        if self.login_reply:
            return AuthResult(success=False, handled=False, message=self.login_reply)
        return AuthResult(success=given.password.decode() == self.password, handled=False)


class Listening(SMTP):
    """Takes addresses letter for letter (the library's own server decodes those that look encoded), and counts connections."""

    relay: Relay

    def _getaddr(self, arg: str) -> tuple[str | None, str | None]:
        inner, closed, rest = arg.strip().removeprefix("<").partition(">")
        return (inner, rest.strip()) if arg.strip().startswith("<") and closed else (None, None)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        is_new = not self.session or not self.session.ssl
        if is_new and not isinstance(transport.get_extra_info("ssl_object"), ssl.SSLObject):
            self.relay.connection_count += 1
            if self.relay.open_count >= self.relay.connections_max:
                transport.write(b"421 4.7.0 Too many connections\r\n")
                transport.close()
                return
            self.relay.open_count += 1
            self.counted = True
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        if getattr(self, "counted", False):
            self.relay.open_count -= 1
            self.counted = False
        if self.transport is not None:
            super().connection_lost(error)


async def send_round(world: World) -> int:
    return await outbox.run_once(make_outbox(world.db, world.settings))


async def outcomes(world: World) -> dict[str, int]:
    return dict(Counter(row["status"] for row in await world.db.pool.fetch("SELECT status FROM message")))


async def waits(world: World) -> list[tuple[str, str | None, int]]:
    """What every message that isn't sent says: its status, why, and how often it was offered."""
    rows = await world.db.pool.fetch("SELECT * FROM message WHERE status <> 'sent' ORDER BY created_at, id")
    return [(row["status"], row["outcome"], row["attempt_count"]) for row in rows]


async def make_due(world: World) -> None:
    """Lets the time pass after which everything that waits is tried again."""
    await world.db.pool.execute("UPDATE message SET due_at = now() WHERE status = 'due'")
    await world.db.pool.execute("UPDATE mail_trouble SET probe_at = now()")
