"""The pages of a statement: its text, both numbers and a form that works without JavaScript."""

from typing import Any

from litestar import Response, Router, get, post
from litestar.params import FromPath
from litestar.response import Template

from undersigned.errors import FieldError, InvalidFields
from undersigned.log import audits, check, reading
from undersigned.readers import records
from undersigned.signing import submissions
from undersigned.signing.bodies import Signing, read
from undersigned.tallies import charts
from undersigned.web.exchange.forms import attribution_of, by_name, form_values, signing_of
from undersigned.web.exchange.problems import STATUS
from undersigned.web.exchange.site import AnyRequest, AtSite, Site
from undersigned.words import countries, languages

BARS_MAX = 12
# A page holds nothing of whoever asks for it, so a CDN may keep it, for as long as the record in memory is kept.
PAGE_CACHE = "public, max-age=0, s-maxage=5, stale-while-revalidate=10"


@get("/")
async def index(site: AtSite) -> Template:
    """What can be endorsed here."""
    listed = [
        (statement, site.tallies.get(statement.slug).tally(languages.current())) for statement in site.statements.all()
    ]
    return Template("index.html", context={"statements": listed})


@get("/s/{slug:str}")
async def show_statement(site: AtSite, request: AnyRequest, slug: FromPath[str]) -> Response[str] | Template:
    """The page, from memory unless it has changed or carries a partner or a campaign into its form."""
    statement, attribution = site.statements.get(slug), attribution_of(request)
    if attribution:
        return await _statement_page(site, slug, attribution, [])
    shown = (statement, statement.state, site.tallies.get(slug), await site.records.get(site.db, slug))
    html = site.pages.get(slug, shown)
    if html is None:
        page = await _statement_page(site, slug, {}, [])
        html = request.app.template_engine.get_template("statement.html").render(**page.context)  # type: ignore[union-attr]
        site.pages.keep(slug, shown, html)
    return Response(html, media_type="text/html", headers={"Cache-Control": PAGE_CACHE})


@post("/s/{slug:str}", status_code=200)
async def submit_form(site: AtSite, request: AnyRequest, slug: FromPath[str]) -> Template:
    """What the form sends; answered by a page that says where to look, or by the form with what needs a correction."""
    values = form_values(await request.body())
    statement = site.statements.get(slug)
    site.admit(request, statement, form=True)
    network_key = site.network_key(request)
    try:
        site.submit_budget.spend(network_key)
        await submissions.submit(
            site.db, site.settings.pepper, statement, read(Signing, signing_of(values)), network_key, site.partners
        )
    except InvalidFields as error:
        return await _statement_page(site, slug, values, error.errors, STATUS[InvalidFields])
    return Template(
        "sent.html",
        context={"statement": statement, "address": values["email"], "private": True},
        headers={"Cache-Control": "no-store"},
    )


@get("/s/{slug:str}/privacy")
async def privacy(site: AtSite, slug: FromPath[str]) -> Template:
    return Template("privacy.html", context={"statement": site.statements.get(slug)})


@get("/s/{slug:str}/how-we-count")
async def how_we_count(site: AtSite, slug: FromPath[str]) -> Template:
    """How the numbers come about, the latest check, and how to check them oneself."""
    statement = site.statements.get(slug)
    log = await reading.released(site.db, slug)
    context = {
        "statement": statement,
        "tally": site.tallies.get(slug).tally(languages.current()),
        "check": await check.latest(site.db, slug),
        "checkpoint": log and log.checkpoint,
        "audit": next((audit for audit in await audits.published(site.db, slug) if audit.upper), None),
        "url": site.settings.url,
    }
    return Template("how-we-count.html", context=context)


async def _statement_page(
    site: Site, slug: str, values: dict[str, Any], faults: list[FieldError], status: int = 200
) -> Template:
    statement, language = site.statements.get(slug), languages.current()
    tally, record = site.tallies.get(slug).tally(language), await site.records.get(site.db, slug)
    mirrored = languages.direction(language) == "rtl"
    return Template(
        "statement.html",
        status_code=status,
        headers={"Cache-Control": PAGE_CACHE if status == 200 else "no-store"},
        context={
            "statement": statement,
            "tally": tally,
            "record": record,
            "history": charts.thinned(record.history),
            "growth": charts.line(records.points(record), mirrored=mirrored),
            "bars": charts.bars(tally.breakdown.countries, BARS_MAX, mirrored=mirrored) if tally.breakdown else [],
            "countries": countries.names(language),
            "values": values,
            "errors": by_name(faults, values),
        },
    )


router = Router(
    "/", route_handlers=[index, show_statement, submit_form, privacy, how_we_count], include_in_schema=False
)
