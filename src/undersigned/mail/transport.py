"""Where a mail goes: an SMTP relay, or a Maildir on this machine."""

import asyncio
import mailbox
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

import aiosmtplib

from undersigned.mail.headers import checked
from undersigned.mail.messages import Mail
from undersigned.settings import Settings

Send = Callable[[Mail], Awaitable[None]]
TIMEOUT_S = 20
SOFT_CODES = range(400, 500)


class Refused(Exception):
    """The relay refused this mail for good; its reply code is in the message, never the address."""


class Deferred(Exception):
    """The mail can't be taken at the moment; try again later."""


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Send]:
    """A function that sends mails one after the other, for as long as the context lasts.

    It raises Refused or Deferred; so does opening, with Deferred, when the relay can't be reached.
    """
    if not settings.smtp_url:
        yield _to_maildir(settings.data_path / "mail")
        return
    client = _client(settings.smtp_url)
    try:
        await client.connect()
    except (aiosmtplib.SMTPException, OSError) as error:
        raise Deferred(type(error).__name__) from None
    try:
        yield _through(client)
    finally:
        client.close()


def _client(url: str) -> aiosmtplib.SMTP:
    """`smtp://user:password@host:port` (STARTTLS where offered, demanded before a password) or `smtps://…`."""
    parts = urlsplit(url)
    host = parts.hostname or "localhost"
    password = unquote(parts.password) if parts.password else None
    demands_tls = password is not None and host not in ("localhost", "127.0.0.1", "::1")
    return aiosmtplib.SMTP(
        hostname=host,
        port=parts.port,
        username=unquote(parts.username) if parts.username else None,
        password=password,
        use_tls=parts.scheme == "smtps",
        start_tls=True if demands_tls and parts.scheme != "smtps" else None,
        tls_context=ssl.create_default_context(),
        timeout=TIMEOUT_S,
    )


def _through(client: aiosmtplib.SMTP) -> Send:
    async def send(mail: Mail) -> None:
        if mail.is_international and not client.supports_extension("smtputf8"):
            raise Refused("the relay takes no international addresses")
        options = [b"SMTPUTF8", b"BODY=8BITMIME"] if mail.is_international else []
        try:
            await _converse(client, mail, options)
        except (aiosmtplib.SMTPException, OSError) as error:
            raise Deferred(type(error).__name__) from None

    return send


async def _converse(client: aiosmtplib.SMTP, mail: Mail, options: list[bytes]) -> None:
    """One mail's commands. The addresses go out letter for letter: the library's own methods would parse them again."""
    sender, recipient = f"FROM:<{checked(mail.sender)}>".encode(), f"TO:<{checked(mail.recipient)}>".encode()
    reply = await client.execute_command(b"MAIL", sender, *options)
    if reply.code != aiosmtplib.SMTPStatus.completed:
        # Ours to mend, and no fault of the recipient's: nothing is lost meanwhile.
        await _reset(client)
        raise Deferred(f"the sender is refused with {reply.code}; check UNDERSIGNED_MAIL_FROM")
    reply = await client.execute_command(b"RCPT", recipient)
    if reply.code not in (250, 251):
        await _reset(client)
        raise (Deferred if reply.code in SOFT_CODES else Refused)(f"recipient {reply.code}")
    try:
        await client.data(mail.raw)
    except aiosmtplib.SMTPDataError as error:
        await _reset(client)
        raise (Deferred if error.code in SOFT_CODES or error.code < 0 else Refused)(f"reply {error.code}") from None


async def _reset(client: aiosmtplib.SMTP) -> None:
    if client.is_connected:
        await client.rset()


def _to_maildir(directory: Path) -> Send:
    directory.parent.mkdir(parents=True, exist_ok=True)
    maildir = mailbox.Maildir(directory, create=True)

    async def send(mail: Mail) -> None:
        await asyncio.to_thread(maildir.add, mail.raw.replace(b"\r\n", b"\n"))

    return send
