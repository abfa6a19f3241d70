"""Which methods an address takes: what an answer with 405 has to name (RFC 9110, 15.5.6), and Litestar doesn't."""

from litestar import Litestar
from litestar.routes import HTTPRoute
from litestar.types.internal_types import PathParameterDefinition


def allowed(app: Litestar, path: str) -> str:
    """The value of the `Allow` header for a path, such as `GET, HEAD, OPTIONS`."""
    parts = [part for part in path.split("/") if part]
    fitting = [route for route in app.routes if isinstance(route, HTTPRoute) and _fits(route, parts)]
    methods = {str(method) for route in fitting for method in route.methods} | {"OPTIONS"}
    return ", ".join(sorted(methods | ({"HEAD"} if "GET" in methods else set())))


def _fits(route: HTTPRoute, parts: list[str]) -> bool:
    components = route.path_components
    takes_the_rest = any(
        isinstance(each, PathParameterDefinition) and each.full.endswith(":path") for each in components
    )
    if len(components) != len(parts) and not (takes_the_rest and len(parts) > len(components)):
        return False
    return all(
        isinstance(each, PathParameterDefinition) or each == part for each, part in zip(components, parts, strict=False)
    )
