"""What every request gets on its way in, its language; and every answer on its way out: CORS, HEAD for GET, safe headers."""

import re
from urllib.parse import parse_qs

from litestar.enums import HttpMethod, ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from undersigned.identity import tokens
from undersigned.web.exchange.deadlines import Body
from undersigned.words import languages

PRIVATE = ("/v1/admin/", "/v1/partners/")
# The largest body that is taken.
BODY_SIZE_MAX = 16 * 1024
MAILED = re.compile(r"/[chmnw]/([^/]+)")
PUBLIC = ("/v1/", "/log/", "/embed/", "/oembed", "/openapi.json")
Headers = list[tuple[bytes, bytes]]
CORS: Headers = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"ETag, Retry-After"),
]
PREFLIGHT: Headers = [
    *CORS,
    (b"access-control-allow-methods", b"GET, HEAD, POST, OPTIONS"),
    # Whatever the monitoring of the page around adds (`traceparent`, `baggage`), and never Authorization (Fetch, 4.9).
    (b"access-control-allow-headers", b"*"),
    (b"access-control-max-age", b"86400"),
]

UNCLEAR_HOST = (
    b'{"type":"urn:undersigned:problem:malformed_request","title":"Malformed request","status":400,'
    b'"detail":"The request names more than one host."}'
)


def policy(frame_ancestors: str | None = "'none'") -> str:
    """The Content-Security-Policy of our pages: nothing inline, nothing from elsewhere, and who may show them in a frame.

    None lets everybody: `*` would leave out files and previews in sandboxes, whose origin is no host (CSP Level 3, 6.7.2.8).
    """
    framing = f"; frame-ancestors {frame_ancestors}" if frame_ancestors else ""
    return (
        "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self' data:; "
        f"frame-src 'self'; form-action 'self'; base-uri 'none'{framing}"
    )


SAFE: Headers = [
    (b"content-security-policy", policy().encode()),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
]
SAFE_AND_OPEN = SAFE + CORS
# A page that isolates itself loads only what says that it may be loaded, and frames only what isolates itself too (HTML, 7.1.4).
ISOLATED: Headers = [
    (b"cross-origin-resource-policy", b"cross-origin"),
    (b"cross-origin-embedder-policy", b"require-corp"),
]
# What is made to be embedded; a frame may say that something went wrong.
SAFE_AND_EMBEDDABLE: Headers = [(b"content-security-policy", policy(None).encode()), *SAFE_AND_OPEN[1:], *ISOLATED]
# The frame of an oEmbed answer and what it loads: within WordPress's sandbox everything is another origin's.
SAFE_AND_ISOLATED = SAFE + ISOLATED
OF_CARDS = re.compile(r"/s/[^/]+/card(?:\.png)?|/static/[^/]+|/v1/statements/[^/]+/badge\.svg")


def at_the_edge(app: ASGIApp) -> ASGIApp:
    """The app as the world meets it. Headers that a handler set itself are left as they are."""

    async def edge(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await app(scope, receive, send)
            return
        path, method = scope["path"], scope["method"]
        plain = re.sub("/+", "/", path)
        public = plain.startswith(PUBLIC) and not plain.startswith(PRIVATE)
        if not _names_one_host(scope):
            await _answer(
                send, 400, UNCLEAR_HOST, [(b"content-type", b"application/problem+json"), (b"connection", b"close")]
            )
            return
        if public and method == "OPTIONS":
            await _answer(send, 204, b"", PREFLIGHT)
            return
        extra = _extra(plain, public=public)

        body = Body(receive)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                if message["status"] == 413 or _announces_too_much(scope):
                    await body.use_up()
                headers = list(message["headers"])
                if any(name == b"content-type" and value.startswith(b"text/html") for name, value in headers):
                    headers.append((b"content-language", languages.current().encode()))
                    headers.append((b"vary", b"Accept-Language"))
                own = {name.lower() for name, _ in headers}
                message["headers"] = headers + [header for header in extra if header[0] not in own]
            elif method == "HEAD" and message["type"] == "http.response.body":
                message["body"] = b""
            await send(message)

        if method == "HEAD":
            scope["method"] = HttpMethod.GET
        wish = languages.known(parse_qs(scope.get("query_string", b"").decode("latin-1")).get("lang", [""])[-1])
        if wish is None and (mailed := MAILED.match(plain)):
            wish = tokens.language_of(mailed[1])
        with languages.speaking(wish or languages.negotiate(_accepted(scope)), asked_for=wish is not None):
            await app(scope, body, send_with_headers)

    return edge


def _extra(path: str, *, public: bool) -> Headers:
    """What goes with every answer from here, errors included."""
    if path.startswith("/embed/"):
        return SAFE_AND_EMBEDDABLE
    if OF_CARDS.fullmatch(path):
        return SAFE_AND_ISOLATED + CORS if public else SAFE_AND_ISOLATED
    return SAFE_AND_OPEN if public else SAFE


def _accepted(scope: Scope) -> str:
    return ",".join(value.decode("latin-1") for name, value in scope.get("headers", ()) if name == b"accept-language")


def _announces_too_much(scope: Scope) -> bool:
    """Whether the body is longer than any that is read, whatever the answer is about."""
    length = next((value for name, value in scope.get("headers", ()) if name == b"content-length"), b"0")
    return len(length) > 9 or (length.isdigit() and int(length) > BODY_SIZE_MAX)


def _names_one_host(scope: Scope) -> bool:
    """Whether a request names its host once at most: a proxy may believe one of several, and we another (RFC 9112, 3.2)."""
    return sum(name == b"host" for name, _ in scope.get("headers", ())) <= 1


async def _answer(send: Send, status: int, body: bytes, headers: Headers) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
