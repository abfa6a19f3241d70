"""The names of those who asked to be shown, for programs."""

from litestar import Response, get
from litestar.params import FromPath

from undersigned import errors
from undersigned.readers import public_names
from undersigned.readers.public_names import Names
from undersigned.web.exchange.caching import NAMES_HEADERS
from undersigned.web.exchange.paging import Cursor
from undersigned.web.exchange.problems import declared
from undersigned.web.exchange.site import AtSite


@get("/{slug:str}/names", summary="List the names", responses=declared(errors.StatementNotFound))
async def list_names(site: AtSite, slug: FromPath[str], after: Cursor = None) -> Response[Names]:
    """The names that are shown at their owners' wish, alphabetically, 200 a page; never with a time, a country or an entry."""
    slug = site.statements.get(slug).slug
    page = await public_names.page(site.db, site.settings.pepper, slug, after=after)
    return Response(page, headers=NAMES_HEADERS)
