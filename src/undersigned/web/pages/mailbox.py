"""The mailbox of somebody trying things out: the Maildir on this machine, shown only while serving on loopback."""

import html
import mailbox
import re
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default as policy
from typing import Any
from urllib.parse import urlsplit

from litestar import Response, Router, get
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from litestar.params import FromPath
from litestar.response import Template

from undersigned.settings import is_loopback
from undersigned.web.exchange.problems import NotFound
from undersigned.web.exchange.site import AtSite, Site

LINK = re.compile(r"https?://\S+")
SHOWN_MAX = 100
FORWARDED = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip")
MAIL_CSP = (
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; "
    "sandbox allow-popups allow-popups-to-escape-sandbox"
)


@get("/")
async def show_mailbox(site: AtSite) -> Template:
    """The newest mails."""
    maildir = _maildir(site)
    newest = sorted(maildir.iterkeys(), key=_age, reverse=True)[:SHOWN_MAX]
    return Template(
        "mailbox.html",
        headers={"Cache-Control": "no-store"},
        context={"mails": [_shown(key, _read(maildir, key)) for key in newest]},
    )


@get("/{key:str}")
async def show_mail(site: AtSite, key: FromPath[str]) -> Template:
    message = _read(_maildir(site), key)
    body = message.get_body(("plain",))
    text = body.get_content() if body else ""
    text_html = LINK.sub(lambda found: f'<a href="{found[0]}">{found[0]}</a>', html.escape(text))
    return Template(
        "mail.html",
        headers={"Cache-Control": "no-store"},
        context={"mail": _shown(key, message) | {"text": text}, "text_html": text_html},
    )


@get("/{key:str}/html")
async def show_mail_html(site: AtSite, key: FromPath[str]) -> Response[str]:
    body = _read(_maildir(site), key).get_body(("html",))
    return Response(
        body.get_content() if body else "",
        media_type="text/html",
        headers={"Content-Security-Policy": MAIL_CSP},
    )


def _maildir(site: Site) -> mailbox.Maildir:
    return mailbox.Maildir(site.settings.data_path / "mail", create=True)


def _age(key: str) -> list[int]:
    """Seconds and microseconds, which a Maildir's keys begin with, unpadded."""
    return [int(number) for number in re.findall(r"\d+", key)[:2]]


def _read(maildir: mailbox.Maildir, key: str) -> EmailMessage:
    try:
        message = BytesParser(policy=policy).parsebytes(maildir.get_bytes(key))
    except (KeyError, OSError, ValueError):
        raise NotFound from None
    assert isinstance(message, EmailMessage)  # noqa: S101 -- the policy makes it one
    return message


def _shown(key: str, message: EmailMessage) -> dict[str, Any]:
    # The recipient as it stands there: the library would decode an address that only looks as if it were encoded.
    written = {name.lower(): str(value) for name, value in message.raw_items()}
    to = written.get("to", "").encode("ascii", "surrogateescape").decode(errors="replace")
    return {"key": key, "to": to, **{name: str(message[name] or "") for name in ("subject", "from", "date")}}


def only_from_here(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Refuses a request that comes from elsewhere: under another name, since a page there could have its visitor's browser ask
    (DNS rebinding), or through a proxy, however close to us that runs.
    """
    if any(header in connection.headers for header in FORWARDED):
        raise NotFound
    try:
        named = urlsplit(f"//{connection.headers.get('host', '')}").hostname or ""
    except ValueError:
        raise NotFound from None
    if not is_loopback(named):
        raise NotFound


router = Router(
    "/mailbox",
    guards=[only_from_here],
    route_handlers=[show_mailbox, show_mail, show_mail_html],
    include_in_schema=False,
)
