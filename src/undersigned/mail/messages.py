"""What a mail says, decided at the moment it is sent."""

import binascii
import datetime as dt
import re
import uuid
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from undersigned.database.queries.messages import Pot
from undersigned.identity import mailboxes, names
from undersigned.identity.tokens import ConfirmLink, OwnerLink, Signer, SuccessorLink
from undersigned.mail import dkim, headers
from undersigned.settings import Settings
from undersigned.words import languages, templates

TEMPLATES = Path(__file__).parent / "templates"


def _environment(form: str) -> Environment:
    """What makes every mail of its one template, in this form: `text` or `html`."""
    made = Environment(
        loader=FileSystemLoader([TEMPLATES / form, TEMPLATES]),
        undefined=StrictUndefined,
        autoescape=form == "html",  # noqa: S701 -- plain text has nothing to escape
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.share(made)
    return made


TEXT, HTML = _environment("text"), _environment("html")


class About(msgspec.Struct, frozen=True):
    """The statement a mail is about."""

    slug: str
    title: str
    privacy_contact: str


class Letter(msgspec.Struct, frozen=True):
    """A mail to be written: which template, to whom, about what."""

    template: str
    about: About
    id: UUID
    endorsement_id: UUID
    submission_id: UUID | None
    mailbox_id: UUID
    address: str
    locale: str = "en"
    reason: str = ""
    bound: bytes | None = None
    expires_at: dt.datetime | None = None
    organisation: str = ""
    pot: Pot | None = None
    domain_key: UUID | None = None


class Mail(msgspec.Struct, frozen=True):
    """A mail as it goes over the wire. `sender` and `recipient` are what its headers say, letter for letter."""

    sender: str
    recipient: str
    raw: bytes

    @property
    def is_international(self) -> bool:
        """Whether only a relay that knows international addresses (RFC 6531) can take it."""
        return not (self.sender + self.recipient).isascii()

    def is_to(self, address: str) -> bool:
        """Whether the envelope and the one header that names a recipient name this one, to the byte."""
        head = self.raw.partition(b"\r\n\r\n")[0].split(b"\r\n")
        named = [line for line in head if line[:3].lower() in (b"to:", b"cc:") or line[:4].lower() == b"bcc:"]
        return self.recipient == address and named == [b"To: " + address.encode()]


def compose(settings: Settings, signer: Signer, letter: Letter, grace: dt.timedelta) -> Mail:
    """The mail in text and HTML, in the letter's language. `grace` is how long an expired claim is still kept.

    Mails before confirmation repeat nothing that the submitter typed, and no subject names the statement. Raises ValueError
    if the letter holds what no header may.
    """
    with languages.speaking(letter.locale, asked_for=True):
        return _compose(settings, letter, _context(settings, signer, letter, grace))


def _context(settings: Settings, signer: Signer, letter: Letter, grace: dt.timedelta) -> dict[str, Any]:
    """What the templates may say. Its links go on in the letter's language, which a token has in it."""

    def url(path: str) -> str:
        return settings.url + languages.link(path)

    def mailed(path: str) -> str:
        return settings.url + path

    context: dict[str, Any] = {
        "site": settings.site,
        "title": letter.about.title,
        "statement_url": url(f"/s/{letter.about.slug}"),
        "privacy_url": url(f"/s/{letter.about.slug}/privacy"),
        "privacy_contact": letter.about.privacy_contact,
        "stop_url": mailed(f"/n/{signer.stop(letter.mailbox_id)}"),
        # A reviewer's own words have no translation; a reason of the program's has one.
        "reason": languages.gettext(letter.reason) if letter.reason else "",
        # Whoever named an organisation must not write to strangers by its name.
        "organisation": "" if names.calls_elsewhere(letter.organisation) else letter.organisation,
    }
    if letter.submission_id and letter.expires_at:
        token = signer.confirm(ConfirmLink(letter.endorsement_id, letter.submission_id))
        context["confirm_url"] = mailed(f"/c/{token}")
        context["deleted_on"] = languages.day((letter.expires_at + grace).date())
    if letter.template == "succeed" and letter.submission_id:
        token = signer.succeed(SuccessorLink(letter.endorsement_id, letter.submission_id))
        context["succeed_url"] = mailed(f"/h/{token}")
    if letter.bound:
        link = OwnerLink(letter.endorsement_id, letter.bound)
        context["withdraw_url"] = mailed(f"/w/{signer.withdraw(link)}")
        context["manage_url"] = mailed(f"/m/{signer.manage(link)}")
    return context


def _compose(settings: Settings, letter: Letter, context: dict[str, Any]) -> Mail:
    name = f"{letter.template}.mail"
    subject, text = TEXT.get_template(name).render(context).split("\n", 1)
    extra = [
        headers.bare("Content-Language", languages.current()),
        *_reply_to(letter.about.privacy_contact),
        headers.bare("X-Auto-Response-Suppress", "All"),
        headers.bare("Feedback-ID", f"{letter.template}:undersigned:{settings.sender.address.rpartition('@')[2]}"),
    ]
    if context["stop_url"] in text:
        extra.append(headers.bare("List-Unsubscribe", f"<{context['stop_url']}>"))
        extra.append(headers.bare("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))
    # Nothing that is quoted-printable holds "=_" (RFC 2045, 6.7), so no part can end early.
    boundary = f"=_{letter.id.hex}"
    parts = [
        ("plain", re.sub(r"\n{3,}", "\n\n", text.strip()) + "\n"),
        ("html", HTML.get_template(name).render(context)),
    ]
    body = b"".join(f"--{boundary}\r\n".encode() + _part(subtype, text) for subtype, text in parts)
    extra.append(headers.folded("Content-Type", "multipart/alternative;", f'boundary="{boundary}"'))
    return _mail(
        settings, letter.address, subject, letter.id, b"".join([*extra, b"\r\n", body, f"--{boundary}--\r\n".encode()])
    )


def _reply_to(contact: str) -> list[bytes]:
    """Answers go to whoever reads them; a contact that not every relay could carry is only named in the text."""
    try:
        address = mailboxes.mailbox(contact).address
    except ValueError:
        return []
    return [headers.address("Reply-To", address)] if address.isascii() else []


def _part(subtype: str, text: str) -> bytes:
    """A text with its own headers, in quoted-printable."""
    lines = re.sub(r"\r\n?|\n", "\r\n", text)
    return (
        f"Content-Type: text/{subtype}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n".encode()
        + binascii.b2a_qp(lines.encode())
        + b"\r\n"
    )


def trial(settings: Settings, address: str) -> Mail:
    """The mail that `undersigned mail test` sends. Raises ValueError if `address` is none."""
    text = f"If you read this, mail from {settings.url} arrives. Nothing else needs doing.\n"
    return _mail(settings, address, f"A test mail – {settings.site}", uuid.uuid4(), _part("plain", text))


def _mail(settings: Settings, address: str, subject: str, message_id: UUID, rest: bytes) -> Mail:
    sender = settings.sender
    head = [
        headers.words("Subject", subject),
        headers.mailbox("From", sender.name, sender.address),
        headers.address("To", address),
        headers.bare("Message-ID", f"<{message_id}@{settings.site}>"),
        headers.bare("Date", format_datetime(dt.datetime.now(dt.UTC))),
        headers.bare("Auto-Submitted", "auto-generated"),
        headers.bare("MIME-Version", "1.0"),
    ]
    raw, key = b"".join([*head, rest]), dkim.key_of(settings)
    return Mail(sender.address, address, dkim.signed(raw, key) if key else raw)
