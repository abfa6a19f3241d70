"""Where a mail goes: an SMTP relay, or a Maildir on this machine."""

import asyncio
import mailbox
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import aiosmtplib
import msgspec

from undersigned.mail.connecting import let_in
from undersigned.mail.headers import checked
from undersigned.mail.messages import Mail
from undersigned.mail.refusals import Away, Closed, PutOff, Unsure, judged, status_of
from undersigned.settings import Settings

Send = Callable[[Mail], Awaitable[None]]
QUIT_S = 5


class Patience(msgspec.Struct, frozen=True):
    """How long a reply is waited for, in seconds (RFC 5321, 4.5.3.2): to a command, to DATA, and after the final dot."""

    command: float = 300
    data: float = 120
    dot: float = 600


@asynccontextmanager
async def opened(settings: Settings, patience: Patience | None = None) -> AsyncIterator[Send]:
    """A function that sends mails one after the other over one connection, for as long as the context lasts.

    It raises Refused, PutOff, Unclear, Unsure, Closed or Away; opening raises Away.
    """
    relay = settings.relay
    if not relay:
        yield _to_maildir(settings.data_path / "mail")
        return
    patience = patience or Patience()
    client = await let_in(relay, settings.site, patience.command)
    try:
        yield lambda mail: _converse(client, mail, patience)
    finally:
        if client.is_connected:
            with suppress(aiosmtplib.SMTPException, OSError):
                await client.quit(timeout=QUIT_S)
        client.close()


async def _converse(client: aiosmtplib.SMTP, mail: Mail, patience: Patience) -> None:
    """One mail's commands. The addresses go out letter for letter: the library's own methods would parse them again."""
    sender, recipient = f"FROM:<{checked(mail.sender)}>".encode(), f"TO:<{checked(mail.recipient)}>".encode()
    if mail.is_international and not client.supports_extension("smtputf8"):
        raise PutOff("the relay takes no international addresses", runs_out=False)
    reply = await _asked(client, b"MAIL", sender, *([b"SMTPUTF8", b"BODY=8BITMIME"] if mail.is_international else []))
    if reply.code != aiosmtplib.SMTPStatus.completed:
        await _reset(client)
        reason = f"MAIL {reply.code} {status_of(reply.code, reply.message)}".rstrip()
        if mail.is_international:
            raise PutOff(reason, runs_out=False)
        # Ours to mend, and no fault of the recipient's.
        said = "refuses the sender" if reply.code >= 500 else "takes no mail from us at the moment"
        raise Away(f"the relay {said}: {reason}", is_alarm=reply.code >= 500)
    reply = await _asked(client, b"RCPT", recipient)
    if reply.code not in (250, 251):
        await _reset(client)
        raise judged("RCPT", reply.code, reply.message)
    await _hand_over(client, mail.raw, patience)


async def _hand_over(client: aiosmtplib.SMTP, raw: bytes, patience: Patience) -> None:
    """The text of a mail. From its final dot on, silence doesn't mean that it wasn't taken."""
    reply = await _asked(client, b"DATA", patience_s=patience.data)
    if reply.code != aiosmtplib.SMTPStatus.start_input:
        await _reset(client)
        raise judged("DATA", reply.code, reply.message)
    protocol = client.protocol
    if protocol is None:
        raise Closed("it closed the connection")
    try:
        protocol.write(re.sub(rb"(?m)^\.", b"..", raw) + b".\r\n")
        reply = await protocol.read_response(timeout=patience.dot)
    except (aiosmtplib.SMTPException, OSError) as error:
        client.close()
        raise Unsure(f"lost after the final dot ({type(error).__name__})") from None
    if reply.code // 100 != 2:
        await _reset(client)
        raise judged("text", reply.code, reply.message)


async def _asked(client: aiosmtplib.SMTP, *command: bytes, patience_s: float | None = None) -> aiosmtplib.SMTPResponse:
    """The reply to a command. Raises Closed if there is none, or if it says that the connection ends."""
    try:
        reply = await client.execute_command(*command, timeout=patience_s or client.timeout)
    except (aiosmtplib.SMTPException, OSError) as error:
        client.close()
        raise Closed(type(error).__name__) from None
    if reply.code == aiosmtplib.SMTPStatus.domain_unavailable:
        client.close()
        raise Closed(f"{command[0].decode()} 421 {status_of(421, reply.message)}".rstrip())
    return reply


async def _reset(client: aiosmtplib.SMTP) -> None:
    with suppress(aiosmtplib.SMTPException, OSError):
        await client.rset()


def _to_maildir(directory: Path) -> Send:
    directory.parent.mkdir(parents=True, exist_ok=True)
    maildir = mailbox.Maildir(directory, create=True)

    async def send(mail: Mail) -> None:
        await asyncio.to_thread(maildir.add, mail.raw.replace(b"\r\n", b"\n"))

    return send
