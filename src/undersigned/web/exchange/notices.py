"""Pages that say what happened, or ask one thing."""

from litestar.response import Redirect, Template

from undersigned.database.queries.partners import Partner
from undersigned.statements.published import Statement
from undersigned.web.exchange.caching import NO_STORE
from undersigned.web.exchange.problems import RETRY_AFTER_S
from undersigned.words import languages
from undersigned.words.languages import gettext as _


def notice(
    heading: str,
    *paragraphs: str,
    tone: str = "plain",
    actions: list[dict[str, str]] | None = None,
    statement: Statement | None = None,
    status: int = 200,
) -> Template:
    """A page that says what happened, or asks one thing."""
    again = {"Retry-After": str(RETRY_AFTER_S)} if status == 503 else {}
    return Template(
        "notice.html",
        status_code=status,
        headers=NO_STORE | again,
        context={
            "heading": heading,
            "paragraphs": list(paragraphs),
            "tone": tone,
            "actions": actions or [],
            "statement": statement,
            "private": True,
        },
    )


def button(label: str, url: str, style: str = "primary", method: str = "post") -> dict[str, str]:
    return {"label": label, "url": url, "style": style, "method": method}


def back_to(partner: Partner | None) -> list[dict[str, str]]:
    """The way back to the site that a signer came from, as it was registered; never to an address from a request."""
    return [button(_("Back to %(partner)s") % {"partner": partner.name}, partner.url, method="away")] if partner else []


def nothing_held() -> Template:
    return notice(
        _("Nothing is held"), _("The endorsement that this link was made for is withdrawn, or was not accepted.")
    )


def see(url: str) -> Redirect:
    """To a page of ours that can be asked for, in the language in use: after an act, and where somebody asks for an act."""
    return Redirect(languages.link(url), status_code=303, headers=NO_STORE)
