"""Bodies come within a deadline: a request whose body never ends would hold its place in a web worker for ever."""

import asyncio
import logging
from contextlib import suppress

from litestar.types import HTTPReceiveMessage, Receive, ReceiveMessage

from undersigned.errors import BodyTooSlow, RequestAborted

log = logging.getLogger(__name__)

# The largest body that is taken, 16 KiB, comes within this over 10 kbit/s.
BODY_WITHIN_S = 15
TOLD_EVERY_S = 10
# What proxies let through by default (nginx: client_max_body_size).
REFUSED_SIZE_MAX = 1024 * 1024


class _Late:
    """Says how many bodies did not come, in one line for all of ten seconds: whoever sends thousands must not fill the log."""

    def __init__(self) -> None:
        self._count = 0
        self._telling: asyncio.AbstractEventLoop | None = None

    def one_more(self) -> None:
        loop = asyncio.get_running_loop()
        if self._telling is not loop:
            self._count, self._telling = 0, loop
            loop.call_later(TOLD_EVERY_S, self._tell)
        self._count += 1

    def _tell(self) -> None:
        log.warning(
            "Requests whose body did not come within %d s, and which were ended: %d.", BODY_WITHIN_S, self._count
        )
        self._telling = None


_late = _Late()


class Body:
    """A request's body as `receive` gives it, all of it within BODY_WITHIN_S of the first time that it is asked for.

    To be called as `receive` is. It raises BodyTooSlow after that, and RequestAborted if the client goes away in the middle. What
    comes behind the body, the news that the client has gone, has no deadline.
    """

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._is_whole = False
        self._deadline = 0.0

    async def __call__(self) -> HTTPReceiveMessage | ReceiveMessage:
        if self._is_whole:
            return await self._receive()
        self._deadline = self._deadline or asyncio.get_running_loop().time() + BODY_WITHIN_S
        try:
            async with asyncio.timeout_at(self._deadline):
                message = await self._receive()
        except TimeoutError:
            _late.one_more()
            raise BodyTooSlow from None
        if message["type"] == "http.disconnect":
            raise RequestAborted
        self._is_whole = message["type"] == "http.request" and not message.get("more_body")
        return message

    async def use_up(self) -> None:
        """Reads on to the end, or through 1 MiB, of a body that is refused, before the answer goes out.

        A connection that is closed while a proxy still sends loses the answer on its way, and nginx then says 502.
        """
        size = 0
        with suppress(BodyTooSlow, RequestAborted):
            while not self._is_whole and size < REFUSED_SIZE_MAX:
                message = await self()
                size += len(message.get("body", b""))  # type: ignore[arg-type]
