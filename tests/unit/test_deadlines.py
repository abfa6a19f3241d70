"""A body comes within its deadline, or the request is over."""

import asyncio
import logging

import pytest
from litestar.types import ReceiveMessage

from undersigned.errors import BodyTooSlow, RequestAborted
from undersigned.web.exchange import deadlines
from undersigned.web.exchange.deadlines import in_time


def part(body: bytes, *, more: bool) -> ReceiveMessage:
    return {"type": "http.request", "body": body, "more_body": more}


GONE: ReceiveMessage = {"type": "http.disconnect"}


class Client:
    """Sends these messages, and then nothing for ever."""

    def __init__(self, *messages: ReceiveMessage) -> None:
        self._messages = list(messages)

    async def receive(self) -> ReceiveMessage:
        if self._messages:
            return self._messages.pop(0)
        await asyncio.Event().wait()
        raise AssertionError


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadlines, "BODY_WITHIN_S", 0.05)


@pytest.mark.parametrize("came", [(), (part(b"{", more=True),)], ids=["nothing", "a part"])
async def test_a_body_that_never_ends_ends_the_request(came: tuple[ReceiveMessage, ...]) -> None:
    receive = in_time(Client(*came).receive)
    for _ in came:
        await receive()
    with pytest.raises(BodyTooSlow):
        await receive()


async def test_a_byte_now_and_then_buys_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    async def trickle() -> ReceiveMessage:
        await asyncio.sleep(0.01)
        return part(b" ", more=True)

    receive = in_time(trickle)

    async def read_on() -> None:
        for _ in range(1000):
            await receive()

    with pytest.raises(BodyTooSlow):
        await read_on()


async def test_whoever_goes_away_in_the_middle_is_told_apart() -> None:
    receive = in_time(Client(part(b"{", more=True), GONE).receive)
    await receive()
    with pytest.raises(RequestAborted):
        await receive()


async def test_what_comes_behind_the_body_has_no_deadline() -> None:
    receive = in_time(Client(part(b"{}", more=False)).receive)
    await receive()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(receive(), 0.2)


async def test_thousands_of_them_are_one_line(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(deadlines, "TOLD_EVERY_S", 2)
    requests = [in_time(Client().receive) for _ in range(1000)]
    with caplog.at_level(logging.WARNING):
        ended = await asyncio.gather(*(receive() for receive in requests), return_exceptions=True)
        await asyncio.sleep(2)
    assert {type(each) for each in ended} == {BodyTooSlow}
    [line] = [record.getMessage() for record in caplog.records if record.name == deadlines.__name__]
    assert line.endswith("1000.")
