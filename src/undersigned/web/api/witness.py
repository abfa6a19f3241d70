"""This installation as a witness, over HTTP: C2SP tlog-witness."""

import re
from http import HTTPStatus

from litestar import Response, Router, get, post
from litestar.params import FromPath

from undersigned.log import attesting
from undersigned.log.attesting import Declined
from undersigned.log.witnessing import SIZE_TYPE
from undersigned.web.exchange.problems import NotFound
from undersigned.web.exchange.site import AnyRequest, AtSite

BRIEFLY = {"Cache-Control": "public, max-age=0, s-maxage=1"}


@post("/add-checkpoint")
async def add_checkpoint(site: AtSite, request: AnyRequest) -> Response[str]:
    """Cosigns a head that grew out of the last one; what it declines it says in a line."""
    us = attesting.attester(site.settings.log_seed, site.settings.url)
    try:
        line = await attesting.add_checkpoint(site.db, us, await request.body())
    except Declined as declined:
        if declined.size is not None:
            return Response(f"{declined.size}\n", media_type=SIZE_TYPE, status_code=declined.status)
        return Response(f"{declined}\n", media_type="text/plain", status_code=declined.status)
    return Response(line, media_type="text/plain", status_code=HTTPStatus.OK)


@get("/{origin_sha256:str}/checkpoint")
async def monitored(site: AtSite, origin_sha256: FromPath[str]) -> Response[str]:
    """The newest head that was cosigned of a log, by the SHA-256 of its origin in hex."""
    if not re.fullmatch("[0-9a-f]{64}", origin_sha256):
        raise NotFound
    found = await attesting.monitored(site.db, bytes.fromhex(origin_sha256))
    if found is None:
        raise NotFound
    return Response(found, media_type="text/plain", headers=BRIEFLY)


router = Router("/witness", route_handlers=[add_checkpoint, monitored], include_in_schema=False)
