"""Counts what readers and signers are answered, by what they asked for and how it went; never by whom."""

from collections.abc import Callable

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from undersigned.database.stations import Stations

# The first that fits counts; what is none of these is a page.
SURFACES = (
    ("/v1/admin/", "admin"),
    ("/v1/partners/", "partner"),
    ("/v1/", "api"),
    ("/log/", "log"),
    ("/witness/", "log"),
    ("/embed/", "embed"),
    ("/oembed", "embed"),
    ("/static/", "static"),
    ("/healthz", "health"),
    ("/readyz", "health"),
)
PICTURES = (".svg", ".png")


def surface_of(path: str) -> str:
    """What a path leads to, as one of a few words."""
    if path.endswith(PICTURES):
        return "picture"
    if path.startswith("/v1/") and path.endswith("/tally"):
        return "tally"
    return next((surface for start, surface in SURFACES if path.startswith(start)), "page")


def is_submission(method: str, path: str) -> bool:
    """Whether a request wants a claim to be taken: through the API, the form in a frame or the statement's page."""
    if method != "POST":
        return False
    parts = path.strip("/").split("/")
    return (
        parts[-1] == "endorsements"
        or (len(parts) == 3 and parts[0] == "embed")
        or (len(parts) == 2 and parts[0] == "s")
    )


def counted(app: ASGIApp, stations: Callable[[], Stations | None]) -> ASGIApp:
    """The app, whose answers are noted at `stations`, once there are any."""

    async def counting(scope: Scope, receive: Receive, send: Send) -> None:
        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start" and (noted := stations()) is not None:
                _note(noted, scope["method"], scope["path"], message["status"])  # type: ignore[typeddict-item]
            await send(message)

        await app(scope, receive, noting if scope["type"] == ScopeType.HTTP else send)

    return counting


def _note(stations: Stations, method: str, path: str, status: int) -> None:
    stations.note("reader", f"{surface_of(path)} {status // 100}xx")
    if status >= 400 and is_submission(method, path):
        stations.note("submission", "refused" if status < 500 else "failed")
