"""Whatever number stands in an address, it is answered: no number is too large for a client, a column or us."""

import json

import pytest

from tests.conftest import World
from undersigned.settings import ROOT

NUMBERS = [2**31 - 1, 2**31, 2**32, 2**53 - 1, 2**53, 2**62, 2**63, 2**64, 10**40, -1]
ADDRESSES = (
    "/log/example/{}/checkpoint",
    "/log/example/{}/key",
    "/log/example/{}/ended",
    "/log/example/{}/tile/0/000",
    "/v1/statements/example/organisations?after={}",
    "/v1/statements/example/changes?since={}",
    "/s/example/organisations?after={}",
    "/s/example/report?organisation={}",
    "/embed/example/organisations?after={}",
    "/oembed?url=http://127.0.0.1:8000/s/example&maxwidth={}",
)


@pytest.mark.parametrize("address", ADDRESSES)
async def test_no_number_in_an_address_is_an_error_of_ours(world: World, address: str) -> None:
    answers = {number: (await world.client.get(address.format(number))).status_code for number in NUMBERS}
    assert {number: status for number, status in answers.items() if status >= 500} == {}


def test_the_contract_has_no_whole_number_that_a_client_reads_wrongly() -> None:
    contract = (ROOT / "openapi" / "openapi.json").read_text()
    found: list[int] = []

    def look(value: object) -> None:
        if isinstance(value, dict):
            found.extend(
                each for name, each in value.items() if name in ("maximum", "minimum", "default") and type(each) is int
            )
            for each in value.values():
                look(each)
        elif isinstance(value, list):
            for each in value:
                look(each)

    look(json.loads(contract))
    assert found
    assert [number for number in found if abs(number) > 2**53 - 1] == []


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/v1/statements/example/tally", "GET, HEAD, OPTIONS"),
        ("GET", "/v1/confirmations", "OPTIONS, POST"),
        ("PUT", "/s/example", "GET, HEAD, OPTIONS, POST"),
        ("POST", "/log/example/tile/0/x001/000", "GET, HEAD, OPTIONS"),
        ("PATCH", "/", "GET, HEAD, OPTIONS"),
    ],
)
async def test_an_address_that_takes_no_such_request_says_which_it_takes(
    world: World, method: str, path: str, allowed: str
) -> None:
    answer = await world.client.request(method, path)
    assert (answer.status_code, answer.headers["allow"]) == (405, allowed)


@pytest.mark.parametrize(
    "header", ["Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP"]
)
async def test_the_mailbox_of_somebody_trying_things_out_is_closed_to_whatever_a_proxy_brings(
    world: World, header: str
) -> None:
    assert (await world.client.get("/mailbox")).status_code == 200
    assert (await world.client.get("/mailbox", headers={header: "127.0.0.1"})).status_code == 404
