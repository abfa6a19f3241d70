"""For whoever runs it: is it alive, can it serve, and the contract as OpenAPI and as a page to read."""

from typing import Literal

import msgspec
from litestar import Response, get
from litestar.response import Template

from undersigned import database
from undersigned.settings import ROOT
from undersigned.web.problems import declared
from undersigned.web.site import VERSION, AtSite

CONTRACT = ROOT / "openapi" / "openapi.json"


class Health(msgspec.Struct, frozen=True):
    """`problems` says, in plain words, what keeps the server from serving."""

    status: Literal["ok", "not_ready"]
    problems: list[str] = []


@get("/healthz", tags=["Operations"], summary="Is the process alive?", sync_to_thread=False)
def healthz() -> Health:
    """Answers as long as the process can."""
    return Health("ok")


@get("/readyz", tags=["Operations"], summary="Can it serve?", responses=declared())
async def readyz(site: AtSite) -> Response[Health]:
    """Whether the database is reachable, its migrations are current and its durable settings are on; 503 if not."""
    found = await database.problems(site.db)
    health = Health("not_ready", found) if found else Health("ok")
    return Response(health, status_code=503 if found else 200, headers={"Cache-Control": "no-store"})


@get("/openapi.json", include_in_schema=False, sync_to_thread=False)
def contract() -> Response[bytes]:
    return Response(CONTRACT.read_bytes(), media_type="application/json")


@get("/reference", include_in_schema=False, sync_to_thread=False)
def reference() -> Template:
    return Template(
        "reference.html", context={"openapi": msgspec.json.decode(CONTRACT.read_bytes()), "version": VERSION}
    )
