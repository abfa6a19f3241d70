"""The pages of a statement: its text, both numbers and a form that works without JavaScript."""

from typing import Any
from urllib.parse import urlencode

from litestar import Response, Router, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template
from markupsafe import Markup

from undersigned.database.queries.records import Record
from undersigned.database.trouble import DatabaseAway
from undersigned.errors import DomainError
from undersigned.readers import records
from undersigned.readers.keeping import Kept
from undersigned.signing.bodies import Signing, read
from undersigned.statements.published import Statement
from undersigned.tallies import charts
from undersigned.tallies.snapshots import Tally
from undersigned.web.exchange import acts, problems
from undersigned.web.exchange.caching import NO_STORE
from undersigned.web.exchange.forms import (
    NO_TROUBLE,
    SOURCE,
    UNSENT,
    Trouble,
    attribution_of,
    carried,
    is_blank,
    sent,
    signing_of,
    trouble_of,
    typed,
)
from undersigned.web.exchange.notices import see
from undersigned.web.exchange.site import AnyRequest, AtSite, Site
from undersigned.words import countries, languages

BARS_MAX = 12
# A page holds nothing of whoever asks for it, so a CDN may keep it, for as long as the record in memory is kept.
PAGE_CACHE = {"Cache-Control": "public, max-age=0, s-maxage=5, stale-while-revalidate=10"}
# Text that somebody wrote is escaped where it is shown, so that nobody else writes this into a page.
CARRIED_HERE = Markup("<!-- carried -->")
UNREAD: Kept[Record | None] = Kept(None)


@get("/")
async def index(site: AtSite) -> Template:
    """What can be endorsed here."""
    listed = [(statement, _tally(site, statement.slug)) for statement in site.statements.all()]
    return Template("index.html", context={"statements": listed})


@get("/s/{slug:str}")
async def show_statement(site: AtSite, request: AnyRequest, slug: FromPath[str]) -> Response[str]:
    """The page, from memory unless it has changed; what its address carries into the form is put in last."""
    statement, record = site.statements.get(slug), await _record(site, slug)
    shown = (statement, statement.state, site.tallies.find(slug), record)
    html = site.pages.get(slug, shown)
    if html is None:
        page = _page(site, statement, record, {}, NO_TROUBLE)
        template = request.app.template_engine.get_template("statement.html")  # type: ignore[union-attr]
        html = template.render(**page.context | {"carried": CARRIED_HERE})
        site.pages.keep(slug, shown, html)
    html = html.replace(CARRIED_HERE, carried(attribution_of(request)))
    return Response(html, media_type="text/html", headers=PAGE_CACHE)


@post("/s/{slug:str}", status_code=200)
async def submit_form(site: AtSite, request: AnyRequest, slug: FromPath[str]) -> Template | Redirect:
    """What the form sends; answered by a page that says where to look, or by the form with what stood in its way."""
    values, statement = await sent(request), site.statements.get(slug)
    if UNSENT in values:
        return (
            _anew(slug, values)
            if is_blank(values)
            else _page(site, statement, await _record(site, slug), values, Trouble(turn=values.get("turn")))
        )
    try:
        await acts.submit_form(site, request, statement, read(Signing, signing_of(values)), values.get("turn"))
    except DomainError as error:
        return _page(site, statement, await _record(site, slug), values, trouble_of(error, values))
    context = {"statement": statement, "address": values["email"], "private": True, "fields": typed(request)}
    return Template("sent.html", context=context, headers=NO_STORE)


@get("/s/{slug:str}/privacy")
async def privacy(site: AtSite, slug: FromPath[str]) -> Template:
    return Template("privacy.html", context={"statement": site.statements.get(slug)})


@get("/s/{slug:str}/how-we-count")
async def how_we_count(site: AtSite, slug: FromPath[str]) -> Template:
    """How the numbers come about, the latest check, and how to check them oneself."""
    statement = site.statements.get(slug)
    proof = await site.proofs.get(site.db, slug)
    context = {
        "statement": statement,
        "tally": _tally(site, slug),
        "proof": proof.value,
        "as_of": proof.as_of,
        "url": site.settings.url,
    }
    return Template("how-we-count.html", context=context)


async def _record(site: Site, slug: str) -> Kept[Record] | Kept[Record | None]:
    """What stands below a statement; None if it can't be read and nobody has read it here: text, numbers and form go on."""
    try:
        return await site.records.get(site.db, slug)
    except DatabaseAway as error:
        problems.note(error)
        return UNREAD


def _anew(slug: str, values: dict[str, Any]) -> Redirect:
    """To the page as anybody gets it, from its top, with what its address carried."""
    came = {name: values[name] for name in ("partner", *SOURCE) if values.get(name)}
    return see(f"/s/{slug}{'?' if came else ''}{urlencode(came)}#")


def _tally(site: Site, slug: str) -> Tally | None:
    """The numbers; None while no released head proves any that this web worker has seen: the text and the form go on."""
    snapshot = site.tallies.find(slug)
    return snapshot.tally(languages.current()) if snapshot else None


def _page(
    site: Site,
    statement: Statement,
    record: Kept[Record] | Kept[Record | None],
    values: dict[str, Any],
    trouble: Trouble,
) -> Template:
    language = languages.current()
    tally = _tally(site, statement.slug)
    by_country = tally.breakdown.countries if tally and tally.breakdown else {}
    mirrored = languages.direction(language) == "rtl"
    history, points = (record.value.history, records.points(record.value)) if record.value else ([], [])
    return Template(
        "statement.html",
        status_code=trouble.status,
        headers=(NO_STORE if values else PAGE_CACHE) | trouble.headers,
        context={
            "statement": statement,
            "tally": tally,
            "record": record.value,
            "as_of": record.as_of,
            "history": charts.thinned(history),
            "growth": charts.line(points, mirrored=mirrored),
            "bars": charts.bars(by_country, BARS_MAX, mirrored=mirrored),
            "countries": countries.names(language),
            "values": values,
            "carried": carried(values | {"turn": trouble.turn}),
            "errors": trouble.errors,
            "trouble": trouble.sentence,
        },
    )


router = Router(
    "/", route_handlers=[index, show_statement, submit_form, privacy, how_we_count], include_in_schema=False
)
