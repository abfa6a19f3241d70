"""The page for endorsers who come back without their mail: it mails them a link to see, correct and withdraw."""

from typing import Any

from litestar import Router, get, post
from litestar.params import FromPath
from litestar.response import Template

from undersigned.errors import DomainError
from undersigned.signing.bodies import Managing, read
from undersigned.web.exchange import acts
from undersigned.web.exchange.caching import NO_STORE
from undersigned.web.exchange.forms import NO_TROUBLE, UNSENT, Trouble, managing_of, sent, trouble_of
from undersigned.web.exchange.site import AnyRequest, AtSite, Site
from undersigned.words import countries, languages


@get("/s/{slug:str}/manage")
async def ask(site: AtSite, slug: FromPath[str]) -> Template:
    """Asks which mailbox it was."""
    return _page(site, slug, {}, NO_TROUBLE)


@post("/s/{slug:str}/manage", status_code=200)
async def mail_link(site: AtSite, request: AnyRequest, slug: FromPath[str]) -> Template:
    """Mails the link, or that nothing is held; everybody sees the same page."""
    values, statement = await sent(request), site.statements.get(slug)
    if UNSENT in values:
        return _page(site, slug, values, NO_TROUBLE)
    try:
        await acts.request_link(site, request, statement, read(Managing, managing_of(values)))
    except DomainError as error:
        return _page(site, slug, values, trouble_of(error, values))
    context = {"statement": statement, "address": values["email"], "private": True}
    return Template("link-sent.html", context=context, headers=NO_STORE)


def _page(site: Site, slug: str, values: dict[str, Any], trouble: Trouble) -> Template:
    context = {
        "statement": site.statements.get(slug),
        "countries": countries.names(languages.current()),
        "values": values,
        "errors": trouble.errors,
        "trouble": trouble.sentence,
        "private": True,
    }
    return Template("find.html", status_code=trouble.status, context=context, headers=NO_STORE | trouble.headers)


router = Router("/", include_in_schema=False, route_handlers=[ask, mail_link])
