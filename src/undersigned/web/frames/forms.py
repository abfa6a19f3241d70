"""Pages for iframes, which work without JavaScript."""

from typing import Annotated, Any
from urllib.parse import urlencode

from litestar import get, post
from litestar.params import FromPath, QueryParameter
from litestar.response import Template

from undersigned.errors import DomainError
from undersigned.readers import organisations
from undersigned.signing.bodies import Signing, read
from undersigned.statements.published import Statement
from undersigned.web.embeds import wording
from undersigned.web.exchange import acts
from undersigned.web.exchange.caching import NO_STORE, TALLY_CACHE
from undersigned.web.exchange.edge import policy
from undersigned.web.exchange.forms import NO_TROUBLE, UNSENT, Trouble, sent, signing_of, trouble_of, typed
from undersigned.web.exchange.paging import WHOLE_MAX
from undersigned.web.exchange.site import AnyRequest, AtSite, Site
from undersigned.web.pictures.colours import known_accent
from undersigned.web.pictures.wishes import known_theme
from undersigned.words import countries, languages

# The fields as they stand in the form: the cursor goes to the first that needs a correction.
FIELDS = (
    "kind", "organisation_name", "organisation_country", "organisation_website", "name", "role", "email", "country",
    "objectives", "contributions",
)  # fmt: skip


@get("/{slug:str}/form")
async def show_form(site: AtSite, request: AnyRequest, slug: FromPath[str]) -> Template:
    return _form(site, request, site.statements.get(slug), {}, NO_TROUBLE)


@post("/{slug:str}/form", status_code=200)
async def submit_form(site: AtSite, request: AnyRequest, slug: FromPath[str]) -> Template:
    """What the form in an iframe sends, answered like the form of the statement's page."""
    values, statement = await sent(request), site.statements.get(slug)
    if UNSENT in values:
        return _form(site, request, statement, values, Trouble(turn=values.get("turn")))
    body = read(Signing, signing_of(values) | {"partner": request.query_params.get("partner")})
    try:
        await acts.submit_form(site, request, statement, body, values.get("turn"))
    except DomainError as error:
        return _form(site, request, statement, values, trouble_of(error, values))
    context = {"address": values["email"], "fields": typed(request)}
    return _frame(site, request, "sent", statement, context, NO_STORE)


@get("/{slug:str}/tally")
async def show_tally(site: AtSite, request: AnyRequest, slug: FromPath[str]) -> Template:
    statement = site.statements.get(slug)
    tally = site.tallies.get(slug).tally(languages.current())
    return _frame(site, request, "tally", statement, {"tally": tally}, {"Cache-Control": TALLY_CACHE})


@get("/{slug:str}/organisations")
async def show_organisations(
    site: AtSite,
    request: AnyRequest,
    slug: FromPath[str],
    after: Annotated[int, QueryParameter(ge=-1, le=WHOLE_MAX)] = -1,
) -> Template:
    statement = site.statements.get(slug)
    listed = await organisations.listed(site.db, statement.slug, after)
    following = organisations.following(listed)
    more = following is not None and urlencode({**request.query_params.dict(), "after": following}, doseq=True)
    return _frame(site, request, "organisations", statement, {"organisations": listed, "more": more})


def _form(site: Site, request: AnyRequest, statement: Statement, values: dict[str, Any], trouble: Trouble) -> Template:
    """The form, with what was typed and what stood in its way."""
    context = {
        "values": values,
        "errors": {name: trouble.errors[name] for name in sorted(trouble.errors, key=_place)},
        "trouble": trouble.sentence,
        "turn": trouble.turn,
        "countries": countries.names(languages.current()),
    }
    return _frame(site, request, "form", statement, context, trouble.headers, trouble.status)


def _place(field: str) -> int:
    return FIELDS.index(field) if field in FIELDS else len(FIELDS)


def _frame(
    site: Site,
    request: AnyRequest,
    name: str,
    statement: Statement,
    context: dict[str, Any],
    headers: dict[str, str] | None = None,
    status: int = 200,
) -> Template:
    said = wording.words(languages.current())
    context |= {
        "statement": statement,
        "note": said["note"],
        "words": said["sentences"],
        # What can't be met is passed over: a partner's slip never costs a signature.
        "theme": known_theme(request.query_params.get("theme")),
        "accent": known_accent(request.query_params.get("accent")),
    }
    may_frame = site.partners.frame_ancestors(statement, request.query_params.get("partner"))
    headers = {"Content-Security-Policy": policy(may_frame)} | (headers or {})
    return Template(f"embed/{name}.html", status_code=status, headers=headers, context=context)


handlers = [show_form, submit_form, show_tally, show_organisations]
