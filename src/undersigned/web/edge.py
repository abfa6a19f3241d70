"""What every answer gets on its way out: CORS where the contract is public, HEAD for every GET, and safe headers."""

from litestar.datastructures import MutableScopeHeaders
from litestar.enums import HttpMethod, ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

PUBLIC = ("/v1/", "/log/", "/embed/", "/openapi.json")
CORS = {
    "access-control-allow-origin": "*",
    "access-control-expose-headers": "ETag, Retry-After",
}
PREFLIGHT = CORS | {
    "access-control-allow-methods": "GET, HEAD, POST, OPTIONS",
    "access-control-allow-headers": "Content-Type, If-None-Match",
    "access-control-max-age": "86400",
}
SAFE = {
    "content-security-policy": "default-src 'none'; style-src 'self'; img-src 'self' data:; frame-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


def at_the_edge(app: ASGIApp) -> ASGIApp:
    """The app as the world meets it. Headers that a handler set itself are left as they are."""

    async def edge(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await app(scope, receive, send)
            return
        path, method = scope["path"], scope["method"]
        public = path.startswith(PUBLIC) and not path.startswith("/v1/admin/")
        if public and method == "OPTIONS":
            await _answer_preflight(send)
            return
        extra = SAFE | CORS if public else SAFE

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableScopeHeaders.from_message(message)
                for name, value in extra.items():
                    headers.setdefault(name, value)
            elif method == "HEAD" and message["type"] == "http.response.body":
                message["body"] = b""
            await send(message)

        if method == "HEAD":
            scope["method"] = HttpMethod.GET
        await app(scope, receive, send_with_headers)

    return edge


async def _answer_preflight(send: Send) -> None:
    headers = [(name.encode(), value.encode()) for name, value in PREFLIGHT.items()]
    await send({"type": "http.response.start", "status": 204, "headers": headers})
    await send({"type": "http.response.body", "body": b"", "more_body": False})
