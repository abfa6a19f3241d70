"""What caches and browsers are told: for how long, and whether what they have is still the same."""

import hashlib

# Browsers ask again each time and mostly hear 304; a CDN answers for 5 seconds, and while it asks for the next.
TALLY_CACHE = "public, max-age=0, s-maxage=5, stale-while-revalidate=10, stale-if-error=3600"


def matches(if_none_match: str | None, etag: str) -> bool:
    """Weak comparison of entity tags (RFC 9110, 13.1.2): a proxy that compresses makes strong tags weak."""
    tags = (if_none_match or "").split(",")
    return any(tag.strip().removeprefix("W/") in (etag, "*") for tag in tags)


def entity_tag(body: bytes) -> str:
    """A strong one (RFC 9110, 8.8.3)."""
    return f'"{hashlib.sha256(body).hexdigest()[:20]}"'


NO_STORE = {"Cache-Control": "no-store"}

# A name that is hidden or withdrawn leaves the database at once, and every cache within half a minute.
NAMES_HEADERS = {
    "Cache-Control": "public, max-age=0, s-maxage=30",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
}
LIST_CACHE = "public, max-age=0, s-maxage=30"
