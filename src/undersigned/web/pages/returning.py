"""The page for endorsers who come back without their mail: it mails them a link to see, correct and withdraw."""

from typing import Any

from litestar import Router, get, post
from litestar.params import FromPath
from litestar.response import Template

from undersigned.errors import FieldError, InvalidFields
from undersigned.signing import owners
from undersigned.signing.bodies import Managing, read
from undersigned.web.exchange.caching import NO_STORE
from undersigned.web.exchange.forms import by_name, form_values, managing_of
from undersigned.web.exchange.problems import STATUS
from undersigned.web.exchange.site import AnyRequest, AtSite, Site
from undersigned.words import countries, languages


@get("/s/{slug:str}/manage")
async def ask(site: AtSite, slug: FromPath[str]) -> Template:
    """Asks which mailbox it was."""
    return _page(site, slug, {}, [])


@post("/s/{slug:str}/manage", status_code=200)
async def mail_link(site: AtSite, request: AnyRequest, slug: FromPath[str]) -> Template:
    """Mails the link, or that nothing is held; everybody sees the same page."""
    values, statement = form_values(await request.body()), site.statements.get(slug)
    network_key = site.network_key(request)
    site.submit_budget.spend(network_key)
    try:
        asked = read(Managing, managing_of(values)).value
        await owners.request_link(site.db, site.settings.pepper, statement, asked, network_key)
    except InvalidFields as error:
        return _page(site, slug, values, error.errors, STATUS[InvalidFields])
    context = {"statement": statement, "address": asked.email, "private": True}
    return Template("link-sent.html", context=context, headers=NO_STORE)


def _page(site: Site, slug: str, values: dict[str, Any], faults: list[FieldError], status: int = 200) -> Template:
    context = {
        "statement": site.statements.get(slug),
        "countries": countries.names(languages.current()),
        "values": values,
        "errors": by_name(faults, values),
        "private": True,
    }
    return Template("find.html", status_code=status, context=context, headers=NO_STORE)


router = Router("/", include_in_schema=False, route_handlers=[ask, mail_link])
