"""What partners embed: the scripts with their words, and pages for iframes, which work without JavaScript."""

import re
from typing import Annotated, Any
from urllib.parse import urlencode

from litestar import Response, Router, get, post
from litestar.params import FromPath, QueryParameter
from litestar.response import Template

from undersigned import countries, languages, organisations, submissions
from undersigned.errors import DomainError, InvalidFields
from undersigned.models import Signing, read
from undersigned.statements import Statement
from undersigned.web import scripts, wording
from undersigned.web.edge import policy
from undersigned.web.pages import form_values, signing_of
from undersigned.web.problems import STATUS, NotFound
from undersigned.web.public import TALLY_CACHE, matches
from undersigned.web.scripts import Asset
from undersigned.web.site import AnyRequest, AtSite, Site

IMMUTABLE = "public, max-age=31536000, immutable"
CHANNEL = "public, max-age=3600, stale-while-revalidate=86400"
PARTNER = re.compile(r"[a-z0-9-]{1,64}")
ACCENT = re.compile(r"[0-9a-fA-F]{6}")
THEMES = ("light", "dark", "auto")
# As they stand in the form.
FIELDS = (
    "kind",
    "organisation/name",
    "organisation/country",
    "organisation/website",
    "name",
    "role",
    "email",
    "country",
    "objectives",
    "organisation/contributions",
)
# The relative luminance at which black and white have the same contrast, 4.58 (WCAG 2.2, 1.4.3).
LUMINANCE_MIDDLE = 0.179


# Scripts and their words ---------------------------------------------------------------------------------------------------


@get("/{release:str}/{name:str}")
async def read_script(request: AnyRequest, release: FromPath[str], name: FromPath[str]) -> Response[bytes]:
    """A script of the channel, or of a release and then for ever the same. Raises NotFound."""
    found = scripts.find(release, name)
    if found is None:
        raise NotFound
    asset, is_immutable = found
    return _answer(request, asset, IMMUTABLE if is_immutable else CHANNEL)


@get("/{release:str}/words/{name:str}")
async def read_words(site: AtSite, request: AnyRequest, release: FromPath[str], name: FromPath[str]) -> Response[bytes]:
    originals = tuple(sorted({statement.locale for statement in site.statements.all()}))
    return _answer(request, scripts.words(_language(release, name), originals), CHANNEL)


@get("/{release:str}/countries/{name:str}")
async def read_countries(request: AnyRequest, release: FromPath[str], name: FromPath[str]) -> Response[bytes]:
    return _answer(request, scripts.country_names(_language(release, name)), CHANNEL)


def _language(release: str, name: str) -> str:
    """The language of `hy.json`, English for one that nobody speaks here. Only the channel has words: they are data."""
    if release != scripts.CHANNEL or not name.endswith(".json"):
        raise NotFound
    return languages.choose(name.removesuffix(".json"))


def _answer(request: AnyRequest, asset: Asset, cache: str) -> Response[bytes]:
    headers = {"ETag": asset.etag, "Cache-Control": cache, "Vary": "Accept-Encoding"}
    if matches(request.headers.get("if-none-match"), asset.etag):
        return Response(b"", status_code=304, headers=headers)
    if "gzip" in request.headers.get("accept-encoding", ""):
        # Weak, because the same bytes are told in two ways (RFC 9110, 8.8.1).
        headers |= {"Content-Encoding": "gzip", "ETag": f"W/{asset.etag}"}
        return Response(asset.compressed, headers=headers, media_type=asset.media_type)
    return Response(asset.body, headers=headers, media_type=asset.media_type)


@get("/theme.css")
async def read_theme(accent: Annotated[str, QueryParameter(pattern="^[0-9a-fA-F]{6}$(?!\n)")]) -> Response[str]:
    """A partner's colour for a page in an iframe, with the better legible of black and white on it."""
    css = f":root {{ --undersigned-accent: #{accent}; --undersigned-on-accent: {_legible_on(accent)}; }}\n"
    return Response(css, headers={"Cache-Control": IMMUTABLE}, media_type="text/css")


def _legible_on(colour: str) -> str:
    """`#000` or `#fff`, whichever has the higher contrast (WCAG 2.2, relative luminance)."""
    shares = [int(colour[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    red, green, blue = (share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares)
    return "#000" if 0.2126 * red + 0.7152 * green + 0.0722 * blue > LUMINANCE_MIDDLE else "#fff"


# Pages in iframes ----------------------------------------------------------------------------------------------------------


@get("/{slug:str}/form")
async def show_form(site: AtSite, request: AnyRequest, slug: FromPath[str]) -> Template:
    return _form(site, request, site.statements.get(slug), {})


@post("/{slug:str}/form", status_code=200)
async def submit_form(site: AtSite, request: AnyRequest, slug: FromPath[str]) -> Template:
    """What the form in an iframe sends, answered like the form of the statement's page."""
    values = form_values(await request.body())
    statement = site.statements.get(slug)
    network_key = site.network_key(request)
    partner = _asked(request, "partner", PARTNER)
    body = signing_of(values) | {"partner": partner}
    try:
        site.admit(request, statement, form=True)
        site.submit_budget.spend(network_key)
        await submissions.submit(
            site.db, site.settings.pepper, statement, read(Signing, body), network_key, site.partners
        )
    except DomainError as error:
        return _form(site, request, statement, values, error)
    return _frame(site, request, "sent", statement, {"address": values["email"]}, cache="no-store")


@get("/{slug:str}/tally")
async def show_tally(site: AtSite, request: AnyRequest, slug: FromPath[str]) -> Template:
    statement = site.statements.get(slug)
    tally = site.tallies.get(slug).tally(languages.current())
    return _frame(site, request, "tally", statement, {"tally": tally}, cache=TALLY_CACHE)


@get("/{slug:str}/organisations")
async def show_organisations(
    site: AtSite,
    request: AnyRequest,
    slug: FromPath[str],
    after: Annotated[int, QueryParameter(ge=-1, le=2**62)] = -1,
) -> Template:
    statement = site.statements.get(slug)
    rows = await organisations.counted(site.db, statement, after)
    following = rows[-1]["log_index"] if len(rows) == organisations.PAGE_SIZE else None
    more = following is not None and urlencode({**request.query_params.dict(), "after": following}, doseq=True)
    return _frame(site, request, "organisations", statement, {"organisations": rows, "more": more})


def _form(
    site: Site, request: AnyRequest, statement: Statement, values: dict[str, Any], error: DomainError | None = None
) -> Template:
    """The form, with what was typed and what stood in its way."""
    said = wording.words(languages.current())["sentences"]
    errors: dict[str, str] = {}
    for fault in error.errors if isinstance(error, InvalidFields) else []:
        field = re.sub(r"/\d+$", "", fault.pointer[1:])
        # No country chosen is no country known.
        code = fault.code if values.get(field.replace("/", "_")) else "required"
        errors.setdefault(field, said.get(f"error_{code}", said["error"]))
    # The first of them on the page is where the cursor goes.
    errors = {field: errors[field] for field in sorted(errors, key=lambda field: (*FIELDS, field).index(field))}
    context = {
        "values": values,
        "errors": errors,
        "trouble": said.get(error.code, said["failed"]) if error and not errors else None,
        "countries": countries.names(languages.current()),
    }
    if error is None:
        return _frame(site, request, "form", statement, context)
    return _frame(site, request, "form", statement, context, status=STATUS[type(error)], cache="no-store")


def _frame(
    site: Site,
    request: AnyRequest,
    name: str,
    statement: Statement,
    context: dict[str, Any],
    *,
    status: int = 200,
    cache: str | None = None,
) -> Template:
    said = wording.words(languages.current())
    theme = request.query_params.get("theme")
    context |= {
        "statement": statement,
        "note": said["note"],
        "words": said["sentences"],
        "theme": theme if theme in THEMES else "auto",
        "accent": _asked(request, "accent", ACCENT),
    }
    headers = {"Content-Security-Policy": policy(site.partners.frame_ancestors(statement))} | (
        {"Cache-Control": cache} if cache else {}
    )
    return Template(f"embed/{name}.html", status_code=status, headers=headers, context=context)


def _asked(request: AnyRequest, name: str, pattern: re.Pattern[str]) -> str | None:
    """What the address asks for, or None if it isn't as it should be: a partner's slip never costs a signature."""
    value = request.query_params.get(name) or ""
    return value if pattern.fullmatch(value) else None


router = Router(
    "/embed",
    route_handlers=[
        read_words,
        read_countries,
        read_theme,
        read_script,
        show_form,
        submit_form,
        show_tally,
        show_organisations,
    ],
    include_in_schema=False,
)
