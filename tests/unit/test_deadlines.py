"""A body comes within its deadline, or the request is over."""

import asyncio
import logging

import pytest
from litestar.types import ReceiveMessage

from undersigned.errors import BodyTooSlow, RequestAborted
from undersigned.web.exchange import deadlines
from undersigned.web.exchange.deadlines import Body


def part(body: bytes, *, more: bool) -> ReceiveMessage:
    return {"type": "http.request", "body": body, "more_body": more}


GONE: ReceiveMessage = {"type": "http.disconnect"}


class Client:
    """Sends these messages, and then nothing for ever."""

    def __init__(self, *messages: ReceiveMessage) -> None:
        self._messages = list(messages)

    @property
    def left(self) -> int:
        return len(self._messages)

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
    receive = Body(Client(*came).receive)
    for _ in came:
        await receive()
    with pytest.raises(BodyTooSlow):
        await receive()


async def test_a_byte_now_and_then_buys_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    async def trickle() -> ReceiveMessage:
        await asyncio.sleep(0.01)
        return part(b" ", more=True)

    receive = Body(trickle)

    async def read_on() -> None:
        for _ in range(1000):
            await receive()

    with pytest.raises(BodyTooSlow):
        await read_on()


async def test_whoever_goes_away_in_the_middle_is_told_apart() -> None:
    receive = Body(Client(part(b"{", more=True), GONE).receive)
    await receive()
    with pytest.raises(RequestAborted):
        await receive()


async def test_what_comes_behind_the_body_has_no_deadline() -> None:
    receive = Body(Client(part(b"{}", more=False)).receive)
    await receive()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(receive(), 0.2)


async def test_thousands_of_them_are_one_line(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(deadlines, "TOLD_EVERY_S", 2)
    requests = [Body(Client().receive) for _ in range(1000)]
    with caplog.at_level(logging.WARNING):
        ended = await asyncio.gather(*(receive() for receive in requests), return_exceptions=True)
        await asyncio.sleep(2)
    assert {type(each) for each in ended} == {BodyTooSlow}
    [line] = [record.getMessage() for record in caplog.records if record.name == deadlines.__name__]
    assert line.endswith("1000.")


async def test_a_refused_body_is_read_to_its_end_and_no_further() -> None:
    sent = [part(b"x" * 1000, more=True) for _ in range(5)]
    client = Client(*sent, part(b"x", more=False))
    body = Body(client.receive)
    await body()
    await body.use_up()
    await body.use_up()  # there is nothing left to wait for
    assert client.left == 0


async def test_of_a_refused_body_without_an_end_a_mebibyte_is_read() -> None:
    client = Client(*(part(b"x" * 65536, more=True) for _ in range(100)))
    await Body(client.receive).use_up()
    assert client.left == 100 - 16


@pytest.mark.parametrize("came", [(part(b"{", more=True),), (part(b"{", more=True), GONE)], ids=["stops", "goes"])
async def test_a_refused_body_that_never_ends_is_answered_all_the_same(came: tuple[ReceiveMessage, ...]) -> None:
    client = Client(*came)
    await Body(client.receive).use_up()
    assert client.left == 0
