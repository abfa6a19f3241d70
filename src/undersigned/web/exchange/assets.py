"""Files that are served from memory: styles and scripts of our own pages, and what partners' pages load."""

import base64
import gzip
import hashlib
from functools import cache

import msgspec
from litestar import Response, get
from litestar.params import FromPath

from undersigned.web.exchange import caching
from undersigned.web.exchange.problems import NotFound
from undersigned.web.exchange.site import HERE, AnyRequest

# Pages ask for them under their version, so a new one is loaded at once.
# Where a page asks for a module as for a script of old, it hears something else.
VARY = "Accept-Encoding, Sec-Fetch-Mode"
BRIEFLY = "public, max-age=3600"
MEDIA_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


class Asset(msgspec.Struct, frozen=True):
    """A file in memory, as it is and compressed, with its entity tag and what a page may pin it with (SRI)."""

    media_type: str
    body: bytes
    compressed: bytes
    etag: str
    integrity: str


def asset(media_type: str, body: bytes) -> Asset:
    return Asset(
        media_type,
        body,
        gzip.compress(body, 9, mtime=0),
        caching.entity_tag(body),
        f"sha384-{base64.b64encode(hashlib.sha384(body).digest()).decode()}",
    )


def answer(request: AnyRequest, asset: Asset, cache: str) -> Response[bytes]:
    """The file, compressed if the client can take it, or that it is unchanged."""
    headers = {"Cache-Control": cache, "Vary": VARY}
    if caching.takes_gzip(request.headers.get("accept-encoding")):
        # Weak, because the same bytes are told in two ways (RFC 9110, 8.8.1).
        tag = f"W/{asset.etag}"
        return caching.answer(request, asset.compressed, asset.media_type, headers, etag=tag, encoding="gzip")
    return caching.answer(request, asset.body, asset.media_type, headers, etag=asset.etag)


@cache
def of_pages() -> dict[str, Asset]:
    """All that our own pages load, by name. A name in a request is looked up here and never on the disk."""
    files = (file for file in (HERE / "static").iterdir() if file.suffix in MEDIA_TYPES)
    return {file.name: asset(MEDIA_TYPES[file.suffix], file.read_bytes()) for file in files}


@get("/static/{name:str}", include_in_schema=False)
async def read_static(request: AnyRequest, name: FromPath[str]) -> Response[bytes]:
    """A style sheet, script or picture of our pages. Raises NotFound."""
    found = of_pages().get(name)
    if found is None:
        raise NotFound
    return answer(request, found, BRIEFLY)
