"""The pages behind a successor's link: what they would speak for, with their own consent. GET changes nothing here either."""

from typing import Any

from litestar import Router, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template

from undersigned.database.queries.successions import Offer
from undersigned.errors import InvalidFields, LinkExpired
from undersigned.signing import links, successions
from undersigned.signing.successions import Taken
from undersigned.web.exchange.caching import NO_STORE
from undersigned.web.exchange.forms import NO_TROUBLE, UNSENT, Trouble, consent_trouble, sent, trouble_of
from undersigned.web.exchange.notices import button, notice, see
from undersigned.web.exchange.site import AnyRequest, AtSite, Site
from undersigned.words import countries, languages
from undersigned.words.languages import gettext as _


@get("/h/{token:str}")
async def show_offer(site: AtSite, token: FromPath[str]) -> Template:
    """Shows the organisation and the statement, for the successor to accept or to say no."""
    offer = await successions.find(site.db, await links.offer(site.db, site.signer, token))
    if not isinstance(offer, Offer):
        return _settled(offer)
    return _page(site, token, offer, {"name": offer.name, "role": offer.role}, NO_TROUBLE)


@post("/h/{token:str}", status_code=200)
async def accept_offer(site: AtSite, request: AnyRequest, token: FromPath[str]) -> Template:
    """The successor's consent: puts them in the representative's place."""
    values, link = await sent(request), await links.offer(site.db, site.signer, token)
    offer = await successions.find(site.db, link)
    if not isinstance(offer, Offer):
        return _settled(offer)
    if UNSENT in values:
        return _page(site, token, offer, values, NO_TROUBLE)
    statement = site.statements.get(offer.statement)
    if unread := consent_trouble(statement, values):
        return _page(site, token, offer, values, unread)
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
        return _page(site, token, offer, values, trouble_of(error, values))
    except LinkExpired:
        return _gone()
    return notice(
        _("You speak for %(organisation)s now") % {"organisation": offer.organisation},
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
    if not await successions.decline(site.db, await links.offer(site.db, site.signer, token)):
        return notice(_("There is nothing left to delete"), _("This offer was taken up, deleted or forgotten before."))
    return notice(_("It is deleted"), _("Nothing has changed, and nothing about this offer is kept."), tone="good")


@get("/h/{token:str}/deny")
async def back_to_offer(token: FromPath[str]) -> Redirect:
    """Where "no" was answered, somebody asks for a page, in another language for example."""
    return see(f"/h/{token}")


def _settled(taken: Taken | None) -> Template:
    """The page for an offer that there is nothing more to decide about."""
    if taken is None:
        return _gone()
    return notice(
        _("It is done already"),
        _("You speak for %(organisation)s. The mail you got then has the links to see or undo it.")
        % {"organisation": taken.organisation},
        tone="good",
    )


def _gone() -> Template:
    return notice(
        _("This link is of no use any more"),
        _(
            "The offer was taken back, replaced or refused, or its time is over. Nothing has changed. The representative can "
            "send a new one."
        ),
        status=410,
    )


def _page(site: Site, token: str, offer: Offer, values: dict[str, Any], trouble: Trouble) -> Template:
    statement = site.statements.get(offer.statement)
    return Template(
        "succeed.html",
        status_code=trouble.status,
        headers=NO_STORE | trouble.headers,
        context={
            "statement": statement,
            "token": token,
            "organisation": offer.organisation,
            "website": offer.website,
            "country_name": countries.names(languages.current()).get(offer.country),
            "values": values,
            "errors": trouble.errors,
            "consent_sha256": statement.consent_sha256.hex(),
            "private": True,
        },
    )


router = Router("/", include_in_schema=False, route_handlers=[show_offer, accept_offer, decline_offer, back_to_offer])
