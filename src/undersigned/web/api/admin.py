"""What admins read with a bearer key; never open to other origins."""

from typing import Annotated

from litestar import get
from litestar.params import FromPath, QueryParameter
from litestar.response import Stream

from undersigned import errors
from undersigned.admins import keys
from undersigned.readers import exports
from undersigned.readers.exports import Format
from undersigned.web.exchange.downloads import Download
from undersigned.web.exchange.problems import declared
from undersigned.web.exchange.site import AnyRequest, AtSite


@get(
    "/v1/admin/statements/{slug:str}/endorsements",
    tags=["Admins"],
    summary="Export verified endorsements",
    security=[{"key": []}],
    responses=declared(errors.KeyRefused, errors.StatementNotFound),
)
async def export(
    site: AtSite,
    request: AnyRequest,
    slug: FromPath[str],
    form: Annotated[
        Format, QueryParameter(name="format", description="CSV (RFC 4180) or one JSON object a line")
    ] = "csv",
) -> Stream:
    """Every counted endorsement that the log holds, in its order, each with its log index; streamed.

    The header `Undersigned-Rows` announces how many they are, `Undersigned-Checkpoint` the log's newest checkpoint (base64). In
    NDJSON the first record says the same (`export`, `rows`, `checkpoint`), and the last one again (`end`), with the `sha256` of
    all bytes before it. A file without that last record was cut; `verify.py export` says so.
    """
    actor = await keys.authorise(site.db, request.headers.get("authorization"), "export")
    statement = site.statements.get(slug)
    return Download(
        lambda: exports.opened(site.db, statement.slug, form, actor), f"{slug}.{form}", exports.MEDIA_TYPES[form]
    )
