"""The public log over HTTP, as C2SP tlog-tiles has it: checkpoint, tiles, entry bundles; and its key and its verifier."""

from litestar import Response, Router, get
from litestar.params import FromPath

from undersigned.database.queries.log import Released
from undersigned.log import generations, merkle, reading
from undersigned.log.generations import GENERATION_MAX, Ended
from undersigned.settings import ROOT
from undersigned.web.exchange.problems import NotFound
from undersigned.web.exchange.site import AtSite, Site

VERIFIER = ROOT / "src" / "undersigned" / "log" / "verify.py"
# What was released of a tile never changes, and a wider one has another address.
FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}
BRIEFLY = {"Cache-Control": "public, max-age=0, s-maxage=1"}


@get(["/{slug:str}/checkpoint", "/{slug:str}/{generation:int}/checkpoint"])
async def checkpoint(site: AtSite, slug: FromPath[str], generation: FromPath[int | None] = None) -> Response[str]:
    """The newest released head, or the last one of an ended generation, as a signed note."""
    return Response((await _released(site, slug, generation)).checkpoint, media_type="text/plain", headers=BRIEFLY)


@get(["/{slug:str}/key", "/{slug:str}/{generation:int}/key"])
async def key(site: AtSite, slug: FromPath[str], generation: FromPath[int | None] = None) -> Response[str]:
    """The key that this log is signed with, in vkey form."""
    return Response((await _released(site, slug, generation)).vkey + "\n", media_type="text/plain", headers=BRIEFLY)


@get(["/{slug:str}/tile/{name:path}", "/{slug:str}/{generation:int}/tile/{name:path}"])
async def tile(
    site: AtSite, slug: FromPath[str], name: FromPath[str], generation: FromPath[int | None] = None
) -> Response[bytes]:
    """A tile or an entry bundle, whole or partial."""
    try:
        wanted = merkle.parse_path(f"tile/{str(name).lstrip('/')}")
    except ValueError:
        raise NotFound from None
    found = await reading.tile(site.db, await _released(site, slug, generation), wanted)
    if found is None:
        raise NotFound
    return Response(found, media_type="application/octet-stream", headers=FOR_EVER)


@get("/{slug:str}/{generation:int}/ended")
async def ended(site: AtSite, slug: FromPath[str], generation: FromPath[int]) -> Response[Ended]:
    """How an ended generation ended: its last tally, its last checkpoint, and which log followed."""
    found = await generations.ended(site.db, site.statements.get(slug).slug, _possible(generation) or 0)
    if found is None:
        raise NotFound
    return Response(found, headers=BRIEFLY)


@get("/verify.py", sync_to_thread=False)
def verifier() -> Response[bytes]:
    """The verifier: one file, for Python's standard library alone."""
    return Response(
        VERIFIER.read_bytes(), media_type="text/x-python", headers={"Cache-Control": "public, max-age=3600"}
    )


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


router = Router("/log", route_handlers=[checkpoint, key, tile, ended, verifier], include_in_schema=False)
