"""Where a mail goes: an SMTP relay, or a Maildir on this machine."""

import asyncio
import mailbox
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from email import policy
from email.message import EmailMessage
from email.utils import parseaddr
from pathlib import Path
from urllib.parse import unquote, urlsplit

import aiosmtplib

from undersigned.settings import Settings

Send = Callable[[EmailMessage], Awaitable[None]]
TIMEOUT_S = 20
SOFT_CODES = range(400, 500)
# Without folding, which would encode a header such as List-Unsubscribe and keep mail programs from reading it (RFC 8058).
ON_THE_WIRE = policy.SMTP.clone(max_line_length=998)
IN_A_FILE = policy.default.clone(max_line_length=998)


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
    async def send(message: EmailMessage) -> None:
        sender, recipient = parseaddr(str(message["From"]))[1], parseaddr(str(message["To"]))[1]
        international = not (sender + recipient).isascii()
        if international and not client.supports_extension("smtputf8"):
            raise Refused("the relay takes no international addresses")
        raw = message.as_bytes(policy=ON_THE_WIRE.clone(utf8=international))
        options = ["SMTPUTF8", "BODY=8BITMIME"] if international else []
        try:
            await client.sendmail(sender, [recipient], raw, mail_options=options)
        except aiosmtplib.SMTPRecipientsRefused as error:
            codes = {refusal.code for refusal in error.recipients}
            raise (Deferred if any(code in SOFT_CODES for code in codes) else Refused)(
                f"recipient {min(codes)}"
            ) from None
        except aiosmtplib.SMTPSenderRefused as error:
            # Ours to mend, and no fault of the recipient's: nothing is lost meanwhile.
            raise Deferred(f"the sender is refused with {error.code}; check UNDERSIGNED_MAIL_FROM") from None
        except aiosmtplib.SMTPResponseException as error:
            raise (Deferred if error.code in SOFT_CODES or error.code < 0 else Refused)(f"reply {error.code}") from None
        except (aiosmtplib.SMTPException, OSError) as error:
            raise Deferred(type(error).__name__) from None

    return send


def _to_maildir(directory: Path) -> Send:
    directory.parent.mkdir(parents=True, exist_ok=True)
    maildir = mailbox.Maildir(directory, create=True)

    async def send(message: EmailMessage) -> None:
        await asyncio.to_thread(maildir.add, message.as_bytes(policy=IN_A_FILE))

    return send
