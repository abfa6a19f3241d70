"""The pages behind a successor's link: what they would speak for, with their own consent. GET changes nothing here either."""

from typing import Any

from litestar import Router, get, post
from litestar.params import FromPath
from litestar.response import Template

from undersigned.database.connection import Record
from undersigned.errors import InvalidFields, LinkExpired
from undersigned.signing import successions
from undersigned.web.exchange.caching import NO_STORE
from undersigned.web.exchange.forms import by_name, form_values
from undersigned.web.exchange.notices import button, notice
from undersigned.web.exchange.problems import STATUS
from undersigned.web.exchange.site import AnyRequest, AtSite, Site
from undersigned.words import countries, languages
from undersigned.words.languages import gettext as _


@get("/h/{token:str}")
async def show_offer(site: AtSite, token: FromPath[str]) -> Template:
    """Shows the organisation and the statement, for the successor to accept or to say no."""
    found = await successions.find(site.db, site.signer.read_succeed(token))
    return _settled(found) or _page(site, token, found, {"name": found["name"], "role": found["role"]}, {})


@post("/h/{token:str}", status_code=200)
async def accept_offer(site: AtSite, request: AnyRequest, token: FromPath[str]) -> Template:
    """The successor's consent: puts them in the representative's place."""
    values, link = form_values(await request.body()), site.signer.read_succeed(token)
    found = await successions.find(site.db, link)
    settled = _settled(found)
    if settled is not None:
        return settled
    statement = site.statements.get(found["statement"])
    if not statement.consent_was_read(values.get("consent"), values.get("consent_translation")):
        # The consent text changed while this page was open: what is agreed to must be what was read.
        return _page(
            site, token, found, values, {"consent": _("The text below is new. Please read it once more.")}, 409
        )
    try:
        made = await successions.accept(
            site.db,
            link,
            name=values.get("name", ""),
            role=values.get("role", ""),
            show_name="show_name" in values,
            translation_sha256=values.get("consent_translation"),
        )
    except InvalidFields as error:
        return _page(site, token, found, values, by_name(error.errors, values), STATUS[InvalidFields])
    except LinkExpired:
        return _gone()
    return notice(
        _("You speak for %(organisation)s now") % {"organisation": found["organisation"]},
        _(
            "What was held about your predecessor is deleted. The organisation stays counted, and its entry in the public log "
            "is the same. A mail with your own links is on its way."
        ),
        tone="good",
        statement=statement,
        actions=[button(_("See what is held"), f"/m/{site.signer.manage(made)}", method="get")],
    )


@post("/h/{token:str}/deny", status_code=200)
async def decline_offer(site: AtSite, token: FromPath[str]) -> Template:
    """ "This was not me": deletes the offer; the representative stays."""
    if not await successions.decline(site.db, site.signer.read_succeed(token)):
        return notice(_("There is nothing left to delete"), _("This offer was taken up, deleted or forgotten before."))
    return notice(_("It is deleted"), _("Nothing has changed, and nothing about this offer is kept."), tone="good")


def _settled(found: Record) -> Template | None:
    """The page for an offer that there is nothing more to decide about, or None."""
    if found["status"] == "taken":
        return notice(
            _("It is done already"),
            _("You speak for %(organisation)s. The mail you got then has the links to see or undo it.")
            % {"organisation": found["organisation"]},
            tone="good",
        )
    return _gone() if found["status"] == "absent" else None


def _gone() -> Template:
    return notice(
        _("This link is of no use any more"),
        _(
            "The offer was taken back, replaced or refused, or its time is over. Nothing has changed. The representative can "
            "send a new one."
        ),
        status=410,
    )


def _page(
    site: Site, token: str, found: Record, values: dict[str, Any], errors: dict[str, str], status: int = 200
) -> Template:
    statement = site.statements.get(found["statement"])
    return Template(
        "succeed.html",
        status_code=status,
        headers=NO_STORE,
        context={
            "statement": statement,
            "token": token,
            "organisation": found["organisation"],
            "website": found["website"],
            "country_name": countries.names(languages.current()).get(found["country"]),
            "values": values,
            "errors": errors,
            "consent_sha256": statement.consent_sha256.hex(),
            "private": True,
        },
    )


router = Router("/", include_in_schema=False, route_handlers=[show_offer, accept_offer, decline_offer])
