"""What a mail says, decided at the moment it is sent."""

import datetime as dt
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import msgspec
from babel.dates import format_date
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from undersigned.settings import Settings
from undersigned.tokens import ConfirmLink, OwnerLink, Signer, SuccessorLink

TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    undefined=StrictUndefined,
    autoescape=select_autoescape(("html",)),
    trim_blocks=True,
    lstrip_blocks=True,
)


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
    reason: str = ""
    bound: bytes | None = None
    expires_at: dt.datetime | None = None
    organisation: str = ""


def compose(settings: Settings, signer: Signer, letter: Letter, grace: dt.timedelta) -> EmailMessage:
    """The mail in text and HTML. `grace` is how long an expired claim is still kept.

    Mails before confirmation repeat nothing that the submitter typed, and no subject names the statement.
    """
    site = urlsplit(settings.url).hostname or "localhost"
    context: dict[str, Any] = {
        "site": site,
        "title": letter.about.title,
        "statement_url": f"{settings.url}/s/{letter.about.slug}",
        "privacy_url": f"{settings.url}/s/{letter.about.slug}/privacy",
        "privacy_contact": letter.about.privacy_contact,
        "stop_url": f"{settings.url}/stop/{signer.stop(letter.mailbox_id)}",
        "reason": letter.reason,
    }
    if letter.submission_id and letter.expires_at:
        token = signer.confirm(ConfirmLink(letter.endorsement_id, letter.submission_id))
        deleted_on = (letter.expires_at + grace).date()
        context |= {
            "confirm_url": f"{settings.url}/c/{token}",
            "deleted_on": format_date(deleted_on, "long", locale="en_GB"),
        }
    if letter.template == "succeed" and letter.submission_id:
        token = signer.succeed(SuccessorLink(letter.endorsement_id, letter.submission_id))
        context |= {"succeed_url": f"{settings.url}/h/{token}", "organisation": letter.organisation}
    if letter.bound:
        link = OwnerLink(letter.endorsement_id, letter.bound)
        context["withdraw_url"] = f"{settings.url}/w/{signer.withdraw(link)}"
        context["manage_url"] = f"{settings.url}/m/{signer.manage(link)}"
    subject, text = TEMPLATES.get_template(f"{letter.template}.txt").render(context).split("\n", 1)
    message = _envelope(settings, letter.address, subject.removeprefix("Subject: "), f"{letter.id}@{site}")
    if letter.template in ("confirm", "succeed"):
        message["List-Unsubscribe"] = f"<{context['stop_url']}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(text.strip() + "\n", cte="quoted-printable")
    html = TEMPLATES.get_template(f"{letter.template}.html").render(context | {"subject": message["Subject"]})
    message.add_alternative(html, subtype="html", cte="quoted-printable")
    return message


def trial(settings: Settings, address: str) -> EmailMessage:
    """The mail that `undersigned mail test` sends."""
    site = urlsplit(settings.url).hostname or "localhost"
    message = _envelope(settings, address, f"A test mail – {site}", f"{dt.datetime.now(dt.UTC).timestamp()}@{site}")
    message.set_content(f"If you read this, mail from {settings.url} arrives. Nothing else needs doing.\n")
    return message


def _envelope(settings: Settings, address: str, subject: str, message_id: str) -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = subject
    message["From"] = settings.mail_from or "undersigned@localhost"
    local, _, domain = address.rpartition("@")
    message["To"] = Address(username=local, domain=domain)
    message["Message-ID"] = f"<{message_id}>"
    message["Date"] = format_datetime(dt.datetime.now(dt.UTC))
    message["Auto-Submitted"] = "auto-generated"
    return message
