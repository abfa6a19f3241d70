"""The public log over HTTP, as C2SP tlog-tiles has it: checkpoint, tiles, entry bundles; and its key and its verifier."""

import datetime as dt
import gzip
import re
from typing import Any

import msgspec
from litestar import Response, Router, get
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from litestar.params import FromPath

from undersigned.database.queries.log import Released
from undersigned.log import generations, merkle, reading, witnessing
from undersigned.log.generations import GENERATION_MAX, Ended
from undersigned.settings import ROOT
from undersigned.web.exchange.caching import takes_gzip
from undersigned.web.exchange.problems import NotFound
from undersigned.web.exchange.site import AnyRequest, AtSite, Site

VERIFIER = ROOT / "src" / "undersigned" / "log" / "verify.py"
# What was released of a tile never changes, and a wider one has another address.
FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}
OCTETS = "application/octet-stream"
ADDRESS = re.compile(
    rb"/log/(verify\.py|[a-z0-9-]+(/(0|[1-9][0-9]*))?/(checkpoint|keys?|ended|tile(/[a-z0-9.]+)+)"
    rb"|[a-z0-9-]+/(cosigned|witnesses))"
)
BRIEFLY = {"Cache-Control": "public, max-age=0, s-maxage=1"}


@get(["/{slug:str}/checkpoint", "/{slug:str}/{generation:int}/checkpoint"])
async def checkpoint(site: AtSite, slug: FromPath[str], generation: FromPath[int | None] = None) -> Response[str]:
    """The newest released head, or the last one of an ended generation, as a signed note."""
    return Response((await _released(site, slug, generation)).checkpoint, media_type="text/plain", headers=BRIEFLY)


@get(["/{slug:str}/key", "/{slug:str}/{generation:int}/key"])
async def key(site: AtSite, slug: FromPath[str], generation: FromPath[int | None] = None) -> Response[str]:
    """The key that this log is signed with, in vkey form."""
    return Response((await _released(site, slug, generation)).vkey + "\n", media_type="text/plain", headers=BRIEFLY)


@get(["/{slug:str}/keys", "/{slug:str}/{generation:int}/keys"])
async def keys(site: AtSite, slug: FromPath[str], generation: FromPath[int | None] = None) -> Response[str]:
    """All keys that this log is signed with, each in vkey form on a line of its own: Ed25519 first, and ML-DSA-44."""
    log = await _released(site, slug, generation)
    lines = [f"{vkey}\n" for vkey in (log.vkey, log.ml_dsa_vkey) if vkey]
    return Response("".join(lines), media_type="text/plain", headers=BRIEFLY)


@get(["/{slug:str}/tile/{name:path}", "/{slug:str}/{generation:int}/tile/{name:path}"])
async def tile(
    site: AtSite, request: AnyRequest, slug: FromPath[str], name: FromPath[str], generation: FromPath[int | None] = None
) -> Response[bytes]:
    """A tile, or an entry bundle, which is compressed for whoever takes that; whole or partial."""
    try:
        wanted = merkle.parse_path(f"tile/{str(name).lstrip('/')}")
    except ValueError:
        raise NotFound from None
    found = await reading.tile(site.db, await _released(site, slug, generation), wanted)
    if found is None:
        raise NotFound
    if wanted.level is None:
        return _compressed(found, takes_gzip(request.headers.get("accept-encoding")))
    return Response(found, media_type=OCTETS, headers=FOR_EVER)


@get("/{slug:str}/{generation:int}/ended")
async def ended(site: AtSite, slug: FromPath[str], generation: FromPath[int]) -> Response[Ended]:
    """How an ended generation ended: its last tally, its last checkpoint, and which log followed."""
    found = await generations.ended(site.db, site.statements.get(slug).slug, _possible(generation) or 0)
    if found is None:
        raise NotFound
    return Response(found, headers=BRIEFLY)


class WitnessSeen(msgspec.Struct, frozen=True):
    """A witness by its key (vkey): how many entries it saw, when it last cosigned, and what was wrong since, if anything."""

    vkey: str
    size: int
    cosigned_at: dt.datetime | None
    trouble: str | None


@get("/{slug:str}/cosigned")
async def cosigned(site: AtSite, slug: FromPath[str]) -> Response[str]:
    """The newest head that a quorum of witnesses cosigned: a checkpoint as at its own address, with their lines behind ours."""
    found = await witnessing.cosigned(site.db, site.statements.get(slug).slug)
    if found is None:
        raise NotFound
    return Response(found.checkpoint, media_type="text/plain", headers=BRIEFLY)


@get("/{slug:str}/witnesses")
async def witnesses(site: AtSite, slug: FromPath[str]) -> Response[list[WitnessSeen]]:
    """The witnesses that this log is shown to; nobody has to believe this list, which a policy of one's own is for."""
    log = await _released(site, slug, None)
    seen = await witnessing.seen_by(site.db, log.statement)
    listed = [
        WitnessSeen(each.vkey, each.size, each.cosigned_at, each.trouble)
        for each in seen
        if each.generation == log.generation
    ]
    return Response(listed, headers=BRIEFLY)


@get("/verify.py", sync_to_thread=False)
def verifier() -> Response[bytes]:
    """The verifier: one file, for Python's standard library alone."""
    return Response(
        VERIFIER.read_bytes(), media_type="text/x-python", headers={"Cache-Control": "public, max-age=3600"}
    )


def _compressed(body: bytes, wanted: bool) -> Response[bytes]:
    headers = FOR_EVER | {"Vary": "Accept-Encoding"}
    if wanted and len(smaller := gzip.compress(body, mtime=0)) < len(body):
        return Response(smaller, media_type=OCTETS, headers=headers | {"Content-Encoding": "gzip"})
    return Response(body, media_type=OCTETS, headers=headers)


def one_address(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Lets each resource be found at one address only, as caches and mirrors take them for. Raises NotFound at any other.

    Without it, doubled and trailing slashes, percent-encoded letters and other ways to write a number would name the same.
    """
    if not ADDRESS.fullmatch(connection.scope["raw_path"].partition(b"?")[0]):
        raise NotFound


async def _released(site: Site, slug: str, generation: int | None) -> Released:
    log = await reading.released(site.db, site.statements.get(slug).slug, _possible(generation))
    if log is None:
        raise NotFound
    return log


def _possible(generation: int | None) -> int | None:
    """A generation that a log can have. Raises NotFound."""
    if generation is not None and not 0 <= generation <= GENERATION_MAX:
        raise NotFound
    return generation


router = Router(
    "/log",
    route_handlers=[checkpoint, cosigned, witnesses, key, keys, tile, ended, verifier],
    guards=[one_address],
    include_in_schema=False,
)
