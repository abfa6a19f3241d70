"""How parts of a list or of a log are asked for: numbers that every client can write, and every column can hold."""

from typing import Annotated

from litestar.params import QueryParameter

Cursor = Annotated[str | None, QueryParameter(description="The `next` of the page before", max_length=1200)]
# Whole numbers beyond this one are not the same in every program that reads JSON (RFC 8259, 6).
WHOLE_MAX = 2**53 - 1
