"""The edge: CORS where the contract is public and nowhere else, HEAD like GET, and safe headers on everything."""

import asyncio
from typing import Any, cast

import pytest
from litestar.types import Message, Receive, Scope, Send

from undersigned.web.exchange.caching import matches, takes_gzip
from undersigned.web.exchange.edge import at_the_edge


def ask(method: str, path: str, headers: dict[str, str] | None = None) -> tuple[int, dict[str, str], bytes, str | None]:
    """Status, headers and body of an answer from a small app behind the edge, and the method that the app saw."""
    seen: list[str] = []
    sent: list[Message] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(cast("Any", scope)["method"])
        raw = [(name.encode(), value.encode()) for name, value in (headers or {}).items()]
        await send(cast("Any", {"type": "http.response.start", "status": 200, "headers": raw}))
        for piece in (b"one ", b"two"):
            await send(cast("Any", {"type": "http.response.body", "body": piece, "more_body": piece != b"two"}))

    async def receive() -> Any:
        raise AssertionError("nothing here reads a body")

    async def send(message: Message) -> None:
        sent.append(message)

    scope = cast("Any", {"type": "http", "method": method, "path": path, "headers": []})

    async def run() -> None:
        await at_the_edge(app)(scope, receive, send)

    asyncio.run(run())
    start = cast("Any", sent[0])
    got = {name.decode().lower(): value.decode() for name, value in start["headers"]}
    body = b"".join(cast("Any", message).get("body", b"") for message in sent[1:])
    return start["status"], got, body, seen[0] if seen else None


PUBLIC = [
    "/v1/statements/example/tally",
    "/v1/confirmations",
    "/v1/nothing",
    "/log/example/checkpoint",
    "/openapi.json",
    "/embed/v1/undersigned.js",
    "/oembed",
]
PRIVATE = [
    "/",
    "/s/example",
    "/c/token",
    "/w/token",
    "/mailbox",
    "/v1/admin/statements/example/endorsements",
    "/v1/partners/readers/statements/example/tally",
    "/readyz",
]


@pytest.mark.parametrize("path", PUBLIC)
def test_the_public_contract_is_open_to_every_origin(path: str) -> None:
    _, headers, _, _ = ask("GET", path)
    assert headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in headers


@pytest.mark.parametrize("path", PRIVATE)
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_nothing_else_is(path: str, method: str) -> None:
    _, headers, _, seen = ask(method, path)
    assert not [name for name in headers if name.startswith("access-control")]
    assert seen == method


@pytest.mark.parametrize("path", PUBLIC)
def test_a_preflight_names_methods_and_headers_and_asks_nobody(path: str) -> None:
    status, headers, body, seen = ask("OPTIONS", path)
    assert (status, body, seen) == (204, b"", None)
    assert headers["access-control-allow-methods"] == "GET, HEAD, POST, OPTIONS"
    # Any but Authorization, which the star leaves out: a page's monitoring adds some of its own.
    assert headers["access-control-allow-headers"] == "*"


@pytest.mark.parametrize("path", [*PUBLIC, *PRIVATE])
def test_every_answer_has_safe_headers(path: str) -> None:
    _, headers, _, _ = ask("GET", path)
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none';")
    assert "'unsafe-inline'" not in policy
    assert "script-src 'self';" in policy
    assert "'unsafe-eval'" not in policy
    assert policy.endswith("base-uri 'none'" if path.startswith("/embed/") else "; frame-ancestors 'none'")
    assert (headers["referrer-policy"], headers["x-content-type-options"]) == ("no-referrer", "nosniff")


@pytest.mark.parametrize(
    ("path", "isolated"),
    [
        ("/embed/v1/tally.js", True),
        ("/embed/example/form", True),
        ("/s/example/card", True),
        ("/s/example/card.png", True),
        ("/static/card.css", True),
        ("/v1/statements/example/badge.svg", True),
        ("/s/example", False),
        ("/s/example/card/x", False),
        ("/", False),
        ("/m/token", False),
    ],
)
def test_what_is_made_to_be_embedded_may_be_loaded_and_framed_by_isolated_pages_and_nothing_else(
    path: str, isolated: bool
) -> None:
    headers = ask("GET", path)[1]
    assert headers.get("cross-origin-resource-policy") == ("cross-origin" if isolated else None)
    assert headers.get("cross-origin-embedder-policy") == ("require-corp" if isolated else None)


def test_a_header_that_a_handler_set_is_left_as_it_is() -> None:
    _, headers, _, _ = ask("GET", "/mailbox/x/html", {"content-security-policy": "sandbox"})
    assert headers["content-security-policy"] == "sandbox"


def test_head_is_answered_like_get_without_a_body() -> None:
    status, headers, body, seen = ask("HEAD", "/s/example", {"content-length": "7", "etag": '"x"'})
    assert (status, body, seen) == (200, b"", "GET")
    assert (headers["content-length"], headers["etag"]) == ("7", '"x"')
    assert ask("GET", "/s/example")[2] == b"one two"


@pytest.mark.parametrize(
    ("asked", "taken"),
    [
        (None, False), ("", False), ("identity", False), ("gzip", True), ("gzip, identity", True), ("br, GZIP;q=0.5", True),
        ("gzip;q=0", False), ("gzip; q=0.000, *", False), ("*", True), ("*;q=0", False), ("gzip;q=0.001", True),
        ("gzipped", False),
    ],
)  # fmt: skip
def test_gzip_goes_to_whoever_wants_it(asked: str | None, taken: bool) -> None:
    assert takes_gzip(asked) is taken


@pytest.mark.parametrize(
    "asked",
    ['"x"', 'W/"x"', '"a", "x"', '"a",W/"x"', "*", ' "x" ', '"x-gzip"', 'W/"x-gzip"', '"x-br"', '"x--gzip"'],
)
def test_a_tag_that_matches_is_found(asked: str) -> None:
    assert matches(asked, '"x"')


@pytest.mark.parametrize(
    "asked", [None, "", '"y"', "x", 'W/"y"', '"xx"', '"x', "**", '"a" "x"', '"y-gzip"', '"x-gzipped"']
)
def test_a_tag_that_does_not_match_is_not(asked: str | None) -> None:
    assert not matches(asked, '"x"')
