"""For whoever runs it: is it alive, can it serve, and the contract as OpenAPI and as a page to read."""

from typing import Literal

import msgspec
from litestar import Response, get

from undersigned.errors import LinkExpired, LinkInvalid
from undersigned.process import readiness, room
from undersigned.settings import ROOT
from undersigned.signing import forwarding
from undersigned.web.exchange.caching import NO_STORE
from undersigned.web.exchange.problems import NotReady, declared
from undersigned.web.exchange.site import VERSION, AnyRequest, AtSite, Site

CONTRACT = ROOT / "openapi" / "openapi.json"


class Health(msgspec.Struct, frozen=True):
    """All is well; what isn't is a problem."""

    status: Literal["ok"] = "ok"


@get("/healthz", tags=["Operations"], summary="Is the process alive?", sync_to_thread=False)
def healthz(site: AtSite, request: AnyRequest) -> Response[Health]:
    """Answers as long as the process can."""
    return Response(Health(), headers=_seen(site, request))


def _seen(site: Site, request: AnyRequest) -> dict[str, str]:
    """How a request arrived, for `doctor`; nobody else can sign the question, and all get the same answer without it."""
    token = request.headers.get(forwarding.QUESTION)
    if token is None:
        return {}
    try:
        probe = site.signer.read_probe(token)
    except (LinkInvalid, LinkExpired):
        return {}
    peer, forwarded_for = site.hops(request)
    seen = forwarding.seen(peer, forwarded_for, site.proxies, probe)
    return NO_STORE | {forwarding.ANSWER: f"{seen} HTTP/{request.scope['http_version']}"}


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
def reference(site: AtSite, request: AnyRequest) -> Response[str]:
    """All that programs can ask, from memory: reading and showing the contract takes longer than any other answer."""
    html = site.pages.get("/reference", (VERSION,))
    if html is None:
        template = request.app.template_engine.get_template("reference.html")  # type: ignore[union-attr]
        html = template.render(openapi=msgspec.json.decode(CONTRACT.read_bytes()), version=VERSION)
        site.pages.keep("/reference", (VERSION,), html)
    return Response(html, media_type="text/html")
