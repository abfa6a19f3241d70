"""What a mail says, decided at the moment it is sent."""

import datetime as dt
import re
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from undersigned.identity.tokens import ConfirmLink, OwnerLink, Signer, SuccessorLink
from undersigned.settings import Settings
from undersigned.words import languages

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
    languages.share(made)
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


def compose(settings: Settings, signer: Signer, letter: Letter, grace: dt.timedelta) -> EmailMessage:
    """The mail in text and HTML, in the letter's language. `grace` is how long an expired claim is still kept.

    Mails before confirmation repeat nothing that the submitter typed, and no subject names the statement.
    """
    with languages.speaking(letter.locale, asked_for=True):
        return _compose(settings, letter, _context(settings, signer, letter, grace))


def _context(settings: Settings, signer: Signer, letter: Letter, grace: dt.timedelta) -> dict[str, Any]:
    """What the templates may say. Its links go on in the letter's language."""

    def url(path: str) -> str:
        return settings.url + languages.link(path)

    context: dict[str, Any] = {
        "site": _site(settings),
        "title": letter.about.title,
        "statement_url": url(f"/s/{letter.about.slug}"),
        "privacy_url": url(f"/s/{letter.about.slug}/privacy"),
        "privacy_contact": letter.about.privacy_contact,
        "stop_url": url(f"/stop/{signer.stop(letter.mailbox_id)}"),
        # A reviewer's own words have no translation; a reason of the program's has one.
        "reason": languages.gettext(letter.reason) if letter.reason else "",
        "organisation": letter.organisation,
    }
    if letter.submission_id and letter.expires_at:
        token = signer.confirm(ConfirmLink(letter.endorsement_id, letter.submission_id))
        context["confirm_url"] = url(f"/c/{token}")
        context["deleted_on"] = languages.day((letter.expires_at + grace).date())
    if letter.template == "succeed" and letter.submission_id:
        token = signer.succeed(SuccessorLink(letter.endorsement_id, letter.submission_id))
        context["succeed_url"] = url(f"/h/{token}")
    if letter.bound:
        link = OwnerLink(letter.endorsement_id, letter.bound)
        context["withdraw_url"] = url(f"/w/{signer.withdraw(link)}")
        context["manage_url"] = url(f"/m/{signer.manage(link)}")
    return context


def _compose(settings: Settings, letter: Letter, context: dict[str, Any]) -> EmailMessage:
    name = f"{letter.template}.mail"
    subject, text = TEXT.get_template(name).render(context).split("\n", 1)
    message = _envelope(settings, letter.address, subject, f"{letter.id}@{context['site']}")
    if letter.template in ("confirm", "succeed"):
        message["List-Unsubscribe"] = f"<{context['stop_url']}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(re.sub(r"\n{3,}", "\n\n", text.strip()) + "\n", cte="quoted-printable")
    message.add_alternative(HTML.get_template(name).render(context), subtype="html", cte="quoted-printable")
    message["Content-Language"] = languages.current()
    return message


def trial(settings: Settings, address: str) -> EmailMessage:
    """The mail that `undersigned mail test` sends."""
    site = _site(settings)
    message = _envelope(settings, address, f"A test mail – {site}", f"{dt.datetime.now(dt.UTC).timestamp()}@{site}")
    message.set_content(f"If you read this, mail from {settings.url} arrives. Nothing else needs doing.\n")
    return message


def _site(settings: Settings) -> str:
    return urlsplit(settings.url).hostname or "localhost"


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
