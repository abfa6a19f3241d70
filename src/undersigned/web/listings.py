"""Who endorses a statement, as far as it is public: its organisations, and the names of those who asked to be shown."""

from typing import Annotated

from litestar import Response, Router, get
from litestar.params import FromPath, QueryParameter
from litestar.response import Template

from undersigned import errors
from undersigned.readers import organisations, public_names
from undersigned.readers.public_names import Names
from undersigned.web.problems import declared
from undersigned.web.site import AtSite
from undersigned.words import countries, languages

# A name that is hidden or withdrawn leaves the database at once, and every cache within half a minute.
NAMES_HEADERS = {
    "Cache-Control": "public, max-age=0, s-maxage=30",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
}
LIST_CACHE = "public, max-age=0, s-maxage=30"
Cursor = Annotated[str | None, QueryParameter(description="The `next` of the page before", max_length=1200)]


@get("/{slug:str}/names", summary="List the names", responses=declared(errors.StatementNotFound))
async def list_names(site: AtSite, slug: FromPath[str], after: Cursor = None) -> Response[Names]:
    """The names that are shown at their owners' wish, alphabetically, 200 a page; never with a time, a country or an entry."""
    slug = site.statements.get(slug).slug
    page = await public_names.page(site.db, site.settings.pepper, slug, after=after)
    return Response(page, headers=NAMES_HEADERS)


@get("/s/{slug:str}/names", include_in_schema=False)
async def show_names(
    site: AtSite,
    slug: FromPath[str],
    after: Cursor = None,
    letter: Annotated[str, QueryParameter(max_length=4)] = "",
) -> Template:
    """The same for people, with letters to begin at."""
    statement = site.statements.get(slug)
    shown = await public_names.page(site.db, site.settings.pepper, statement.slug, after=after, letter=letter)
    context = {
        "statement": statement,
        "shown": shown,
        "letters": await public_names.initials(site.db, statement.slug),
        "letter": letter,
        "private": True,
    }
    return Template("names.html", headers=NAMES_HEADERS, context=context)


@get("/s/{slug:str}/organisations", include_in_schema=False)
async def show_organisations(
    site: AtSite, slug: FromPath[str], after: Annotated[int, QueryParameter(ge=-1, le=2**62)] = -1
) -> Template:
    """All counted organisations, in the order of the log, 100 a page."""
    statement = site.statements.get(slug)
    listed = await organisations.listed(site.db, statement.slug, after)
    context = {
        "statement": statement,
        "organisations": listed,
        "next": listed[-1].log_index if len(listed) == organisations.PAGE_SIZE else None,
        "after": after,
        "countries": countries.names(languages.current()),
        "tally": site.tallies.get(slug).tally(languages.current()),
    }
    return Template("organisations.html", headers={"Cache-Control": LIST_CACHE}, context=context)


router = Router("/", route_handlers=[show_names, show_organisations], include_in_schema=False)
