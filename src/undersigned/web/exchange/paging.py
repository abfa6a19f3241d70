"""How pages of a list are asked for."""

from typing import Annotated

from litestar.params import QueryParameter

Cursor = Annotated[str | None, QueryParameter(description="The `next` of the page before", max_length=1200)]
