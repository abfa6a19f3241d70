"""Waiting for what happens elsewhere, in another task, connection or process, at its own time."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any


async def until(happened: Callable[[], Any]) -> Any:
    """What this returns once it is something, asked again and again for a minute. Raises TimeoutError."""
    for _ in range(3000):
        found = happened()
        if isinstance(found, Awaitable):
            found = await found
        if found:
            return found
        await asyncio.sleep(0.02)
    raise TimeoutError
