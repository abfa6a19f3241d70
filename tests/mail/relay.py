"""A real SMTP relay on loopback, which keeps what it takes and answers as it was told."""

from collections import Counter
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default as policy

from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.conftest import World
from undersigned.mail import outbox
from undersigned.process.worker import make_outbox


@dataclass
class Relay:
    """An SMTP relay that keeps what it takes, and answers a recipient as it was told."""

    port: int
    taken: list[EmailMessage] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    replies: dict[str, str] = field(default_factory=dict)
    sender_reply: str = ""

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return self.sender_reply or "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.replies:
            return self.replies[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        self.raw.append(envelope.content)
        self.recipients += envelope.rcpt_tos
        mail = BytesParser(policy=policy).parsebytes(envelope.content)
        assert isinstance(mail, EmailMessage)
        self.taken.append(mail)
        return "250 Taken"


async def send_round(world: World) -> int:
    return await outbox.run_once(make_outbox(world.db, world.settings))


async def outcomes(world: World) -> dict[str, int]:
    return dict(Counter(row["status"] for row in await world.db.pool.fetch("SELECT status FROM message")))
