"""A request as handlers get it."""

from typing import Any

from litestar import Request
from litestar.exceptions import SerializationException


class Asked(Request[Any, Any, Any]):
    """Litestar's request, to which a JSON string that isn't UTF-8 is malformed like any other JSON (RFC 8259, 8.1)."""

    async def json(self) -> Any:
        try:
            return await super().json()
        except UnicodeDecodeError as error:
            raise SerializationException("The body isn't UTF-8.") from error
