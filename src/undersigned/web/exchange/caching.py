"""What caches and browsers are told: for how long they may keep an answer, and whether the one they have is still the same."""

import hashlib
import re
from functools import lru_cache

from litestar import Response

from undersigned.web.exchange.site import AnyRequest

NO_STORE = {"Cache-Control": "no-store"}
# Browsers ask again each time and mostly hear 304; a CDN answers for 5 seconds, and while it asks for the next.
TALLY_CACHE = "public, max-age=0, s-maxage=5, stale-while-revalidate=10, stale-if-error=3600"
# A name that is hidden or withdrawn leaves the database at once, and every cache within half a minute.
LIST_CACHE = "public, max-age=0, s-maxage=30"
NAMES_HEADERS = {"Cache-Control": LIST_CACHE, "X-Robots-Tag": "noindex, nofollow, noarchive"}
TAGS_KEPT_MAX = 256
COMPRESSED = re.compile(r'[-;]+(gzip|br|zstd|deflate)"$')


@lru_cache(TAGS_KEPT_MAX)
def entity_tag(body: bytes) -> str:
    """A strong one (RFC 9110, 8.8.3). Those made last are kept, because what lies in memory is answered again and again."""
    return f'"{hashlib.sha256(body).hexdigest()[:20]}"'


def answer(
    request: AnyRequest,
    body: bytes,
    media_type: str,
    headers: dict[str, str],
    *,
    etag: str | None = None,
    encoding: str | None = None,
) -> Response[bytes]:
    """The body with its entity tag, which may be given, or 304 without it to who has it already (RFC 9110, 15.4.5)."""
    tag = etag or entity_tag(body)
    headers = headers | {"ETag": tag}
    if matches(request.headers.get("if-none-match"), tag):
        return Response(b"", status_code=304, headers=headers, media_type=media_type)
    encoded = {"Content-Encoding": encoding} if encoding else {}
    return Response(body, headers=headers | encoded, media_type=media_type)


def takes_gzip(accept_encoding: str | None) -> bool:
    """Whether a client wants gzip, by its `Accept-Encoding` (RFC 9110, 12.5.3)."""
    wanted = {}
    for part in (accept_encoding or "").lower().split(","):
        coding, _, weight = part.partition(";")
        wanted[coding.strip()] = not re.fullmatch(r"\s*q\s*=\s*0(\.0*)?\s*", weight)
    return wanted.get("gzip", wanted.get("*", False))


def matches(if_none_match: str | None, etag: str) -> bool:
    """Weak comparison of entity tags (RFC 9110, 13.1.2).

    A proxy that compresses makes strong tags weak, or says in them how it did, as Apache does: `"…-gzip"`.
    """
    tags = (COMPRESSED.sub('"', tag.strip().removeprefix("W/")) for tag in (if_none_match or "").split(","))
    return any(tag in (etag.removeprefix("W/"), "*") for tag in tags)
