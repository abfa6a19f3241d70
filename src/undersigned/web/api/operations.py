"""For whoever runs it: is it alive, can it serve, and the contract as OpenAPI and as a page to read."""

from typing import Literal

import msgspec
from litestar import Response, get

from undersigned.process import readiness
from undersigned.settings import ROOT
from undersigned.web.exchange.problems import NotReady, declared
from undersigned.web.exchange.site import VERSION, AnyRequest, AtSite

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
    """Whether the database is reachable, its migrations current and its durable settings on, and no station late or stopped."""
    found = [*await readiness.problems(site.db), *readiness.of_memory(site.memory.age)]
    if found:
        raise NotReady(found)
    return Health()


@get("/openapi.json", include_in_schema=False, sync_to_thread=False)
def contract() -> Response[bytes]:
    return Response(CONTRACT.read_bytes(), media_type="application/json")


@get("/reference", include_in_schema=False, sync_to_thread=False)
def reference(site: AtSite, request: AnyRequest) -> Response[str]:
    """All that programs can ask, from memory: reading and showing the contract takes longer than any other answer."""
    html = site.pages.get("/reference", (VERSION,))
    if html is None:
        template = request.app.template_engine.get_template("reference.html")  # type: ignore[union-attr]
        html = template.render(openapi=msgspec.json.decode(CONTRACT.read_bytes()), version=VERSION)
        site.pages.keep("/reference", (VERSION,), html)
    return Response(html, media_type="text/html")
