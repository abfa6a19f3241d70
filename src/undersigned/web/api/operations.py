"""For whoever runs it: is it alive, can it serve, and the contract as OpenAPI and as a page to read."""

from typing import Literal

import msgspec
from litestar import Response, get
from litestar.response import Template

from undersigned.process import readiness, room
from undersigned.settings import ROOT
from undersigned.web.exchange.problems import NotReady, declared
from undersigned.web.exchange.site import VERSION, AtSite

CONTRACT = ROOT / "openapi" / "openapi.json"


class Health(msgspec.Struct, frozen=True):
    """All is well; what isn't is a problem."""

    status: Literal["ok"] = "ok"


@get("/healthz", tags=["Operations"], summary="Is the process alive?", sync_to_thread=False)
def healthz() -> Health:
    """Answers as long as the process can."""
    return Health()


@get("/readyz", tags=["Operations"], summary="Can it serve?", responses=declared(NotReady))
async def readyz(site: AtSite) -> Health:
    """Whether the database is reachable, its migrations current, its durable settings on, no station late, and room for more."""
    found = [
        *await readiness.problems(site.db),
        *await room.problems(site.db, site.settings),
        *readiness.of_memory(site.memory.age),
    ]
    if found:
        raise NotReady(found)
    return Health()


@get("/openapi.json", include_in_schema=False, sync_to_thread=False)
def contract() -> Response[bytes]:
    return Response(CONTRACT.read_bytes(), media_type="application/json")


@get("/reference", include_in_schema=False, sync_to_thread=False)
def reference() -> Template:
    return Template(
        "reference.html", context={"openapi": msgspec.json.decode(CONTRACT.read_bytes()), "version": VERSION}
    )
