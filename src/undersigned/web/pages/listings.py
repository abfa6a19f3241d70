"""Who endorses a statement, as far as it is public: its organisations, and the names of those who asked to be shown."""

from typing import Annotated

from litestar import Router, get
from litestar.params import FromPath, QueryParameter
from litestar.response import Template

from undersigned.readers import organisations, public_names
from undersigned.web.exchange.caching import LIST_CACHE, NAMES_HEADERS
from undersigned.web.exchange.paging import WHOLE_MAX, Cursor
from undersigned.web.exchange.site import AtSite
from undersigned.words import countries, languages


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
    site: AtSite, slug: FromPath[str], after: Annotated[int, QueryParameter(ge=-1, le=WHOLE_MAX)] = -1
) -> Template:
    """All counted organisations, in the order of the log, 100 a page."""
    statement = site.statements.get(slug)
    listed = await organisations.listed(site.db, statement.slug, after)
    context = {
        "statement": statement,
        "organisations": listed,
        "next": organisations.following(listed),
        "after": after,
        "countries": countries.names(languages.current()),
    }
    return Template("organisations.html", headers={"Cache-Control": LIST_CACHE}, context=context)


router = Router("/", route_handlers=[show_names, show_organisations], include_in_schema=False)
