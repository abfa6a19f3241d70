"""What a partner reads with its own key; never open to other origins, so that no page can be made to read it."""

from litestar import Response, get
from litestar.params import FromPath

from undersigned import errors
from undersigned.readers import partners
from undersigned.readers.partners import PartnerTally
from undersigned.web.exchange.problems import declared
from undersigned.web.exchange.site import AnyRequest, AtSite


@get(
    "/v1/partners/{partner:str}/statements/{slug:str}/tally",
    tags=["Partners"],
    summary="Read a partner's own tally",
    security=[{"key": []}],
    responses=declared(errors.KeyRefused, errors.StatementNotFound),
)
async def tally(
    site: AtSite, request: AnyRequest, partner: FromPath[str], slug: FromPath[str]
) -> Response[PartnerTally]:
    """The individuals that came through a partner. Renewed at most daily and with ten new ones, and never under ten."""
    known = site.partners.authorise(partner, request.headers.get("authorization"))
    found = await partners.tally(site.db, known, site.statements.get(slug))
    return Response(found, headers={"Cache-Control": "no-store"})
