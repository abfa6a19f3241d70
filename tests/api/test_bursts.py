"""In a burst, programs prove work and forms wait for their turn, each pass lets one in; while it is quiet, nobody notices."""

import asyncio
import base64
import json
import re
import time
from html import unescape
from ipaddress import ip_network
from typing import Any

import httpx
import msgspec
import pytest

from tests.conftest import World
from tests.letters import person
from tests.unit.test_work import solved
from undersigned.signing.limits import INSTALLATION, LEVEL_MAX, Limits
from undersigned.signing.turns import KEPT_S
from undersigned.signing.work import TTL_S

ENDORSEMENTS = "/v1/statements/example/endorsements"
FORMS = ("/s/example", "/embed/example/form")
TYPED = {"kind": "individual", "name": "Ada who typed", "email": "ada@example.org", "country": "HU", "objectives": "b"}
ELSEWHERE = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}


class Clock:
    """The monotonic clock, which a test moves."""

    moved_s = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.moved_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def burst(world: World, clock: Clock) -> World:
    """A server to which as many just came as may in a minute, from one network."""
    limits = world.limit(clock, submit_burst_network=2)
    for number in range(3):
        assert (await world.submit(person(f"before{number}@example.org"))).status_code == 202
    assert limits.level(network(world)) == 1
    return world


def network(world: World, limits: Limits | None = None) -> Any:
    [key] = {key for key in (limits or world.site.limits)._bursts._empty_at if key != INSTALLATION}
    return key


async def claims(world: World) -> int:
    return int(await world.db.pool.fetchval("SELECT count(*) FROM submission WHERE address LIKE 'ada%'"))


def challenge_of(answer: httpx.Response) -> dict[str, Any]:
    assert (answer.status_code, answer.json()["type"]) == (428, "urn:undersigned:problem:proof_needed"), answer.text
    challenge: dict[str, Any] = answer.json()["challenge"]
    return challenge


def turn_of(answer: httpx.Response) -> str:
    assert answer.status_code == 429
    [turn] = re.findall(r'name="turn" value="([^"]+)"', answer.text)
    return str(turn)


async def press(world: World, path: str, turn: str | None = None, **headers: str) -> httpx.Response:
    return await world.client.post(path, data=TYPED | ({"turn": turn} if turn else {}), headers=headers)


# Work -----------------------------------------------------------------------------------------------------------------


async def test_while_it_is_quiet_nobody_is_asked_for_anything_and_no_proof_is_looked_at(world: World) -> None:
    world.limit(submit_burst_network=3, submit_burst_total=3)
    assert [(await world.submit(person(f"ada{n}@example.org"))).status_code for n in range(3)] == [202] * 3
    assert (await world.submit(person("ada@example.org", proof="not even looked at"))).status_code == 202


async def test_in_a_burst_a_submission_is_taken_for_a_proof_of_work_and_for_each_only_once(burst: World) -> None:
    answer = await burst.submit(person())
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["cache-control"] == "no-store"
    proof = solved(challenge_of(answer))
    assert await claims(burst) == 0
    assert (await burst.submit(person(proof=proof))).status_code == 202
    challenge_of(await burst.submit(person("ada.again@example.org", proof=proof)))
    assert await claims(burst) == 1
    assert burst.db.stations is not burst.site.db.stations
    assert burst.site.db.stations._noted["submission", "asked"] == 2


async def test_of_many_with_one_proof_at_once_one_is_let_in(burst: World) -> None:
    proof = solved(challenge_of(await burst.submit(person())))
    answers = await asyncio.gather(*(burst.submit(person(f"ada{n}@example.org", proof=proof)) for n in range(20)))
    assert sorted(answer.status_code for answer in answers) == [202] + [428] * 19
    assert await claims(burst) == 1


async def test_a_proof_that_is_too_old_or_of_another_statement_or_no_proof_is_asked_for_again(
    burst: World, clock: Clock
) -> None:
    old = solved(challenge_of(await burst.submit(person())))
    work = burst.site.work
    other = solved(work.asked("other", None, 1, burst.site.limits.now_s()).challenge)
    for proof in (other, "", "é", "W10=", "x" * 4000):
        challenge_of(await burst.submit(person(proof=proof)))
    clock.moved_s += TTL_S + 1
    # By now it is quiet again, and only what isn't JSON is asked.
    plain = json.dumps(person(proof=old)).encode()
    challenge_of(await burst.client.post(ENDORSEMENTS, content=plain, headers={"Content-Type": "text/plain"}))
    assert await claims(burst) == 0


async def test_a_field_to_correct_is_said_before_anybody_works_and_costs_no_proof(burst: World) -> None:
    proof = solved(challenge_of(await burst.submit(person())))
    for wrong in (person("nobody"), person("nobody", proof=proof)):
        assert (await burst.submit(wrong)).status_code == 422
    assert (await burst.submit(person(proof=proof))).status_code == 202


def tries(challenge: dict[str, Any]) -> int:
    return int(json.loads(base64.b64decode(solved(challenge)))["solution"]["counter"])


async def test_a_burst_that_goes_on_asks_for_more_and_quiet_for_less_and_then_for_nothing(
    burst: World, clock: Clock
) -> None:
    first = challenge_of(await burst.submit(person()))
    for number in range(2):
        proof = solved(challenge_of(await burst.submit(person(f"more{number}@example.org"))))
        assert (await burst.submit(person(f"more{number}@example.org", proof=proof))).status_code == 202
    more = challenge_of(await burst.submit(person()))
    assert tries(first) < 2_000 <= tries(more)
    clock.moved_s += 60
    assert tries(challenge_of(await burst.submit(person()))) < 2_000
    clock.moved_s += 60
    assert (await burst.submit(person())).status_code == 202


async def test_a_flood_of_the_whole_installation_asks_everybody(world: World) -> None:
    world.limit(submit_burst_total=2)
    world.begin_anew(proxies=[ip_network("127.0.0.0/8")])

    async def come_from(address: str, email: str) -> int:
        headers = {"X-Forwarded-For": address}
        return (await world.client.post(ENDORSEMENTS, json=person(email), headers=headers)).status_code

    for number, address in enumerate(("192.0.2.1", "2001:db8::1", "203.0.113.1")):
        assert await come_from(address, f"n{number}@example.org") == 202
    for address in ("198.51.100.1", "2001:db8:9::1", "nonsense"):
        assert await come_from(address, "ada@example.org") == 428


async def test_when_all_that_the_installation_takes_in_an_hour_is_spent_nothing_more_is_taken(world: World) -> None:
    world.limit(submit_budget_total=1)
    world.begin_anew(settings=msgspec.structs.replace(world.settings, submit_budget_total=1))
    assert (await world.client.get("/readyz")).status_code == 200
    assert (await world.submit(person())).status_code == 202
    answer = await world.submit(person("ada2@example.org"))
    assert (answer.status_code, answer.json()["type"]) == (503, "urn:undersigned:problem:no_room")
    assert answer.headers["retry-after"] == "300"
    await world.site.limits.exchange(world.db)
    reason = "new submissions are refused: 1 came within an hour (UNDERSIGNED_SUBMIT_BUDGET_TOTAL)."
    assert (await world.client.get("/readyz")).json()["detail"] == reason
    link = await world.client.post("/v1/statements/example/manage-links", json={"email": "ada@example.org"})
    assert link.status_code == 202


@pytest.mark.parametrize(
    "declared", ["text/plain", "text/plain;charset=UTF-8", "application/x-www-form-urlencoded", None]
)
async def test_what_any_page_can_send_without_being_asked_first_always_proves_work(
    world: World, declared: str | None
) -> None:
    async def send(**more: str) -> httpx.Response:
        headers = ELSEWHERE | ({"Content-Type": declared} if declared else {})
        return await world.client.post(ENDORSEMENTS, content=json.dumps(person(**more)).encode(), headers=headers)

    proof = solved(challenge_of(await send()))
    assert await claims(world) == 0
    assert (await send(proof=proof)).status_code == 202
    challenge_of(await send(proof=proof))
    assert await claims(world) == 1


async def test_json_from_another_site_is_asked_for_nothing(world: World) -> None:
    answer = await world.client.post(ENDORSEMENTS, json=person(), headers=ELSEWHERE)
    assert answer.status_code == 202


# Turns ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", FORMS)
async def test_without_scripts_a_form_waits_for_its_turn_and_everything_typed_is_there(
    burst: World, clock: Clock, path: str
) -> None:
    answer = await press(burst, path, Accept="text/html")
    turn, page = turn_of(answer), unescape(answer.text)
    wait_s = int(answer.headers["retry-after"])
    assert 5 <= wait_s <= 6
    assert (
        f"Many are signing at this moment, and everybody gets a turn. Nothing you typed is lost: the button works in {wait_s}"
        in page
    )
    for value in (TYPED["name"], TYPED["email"]):
        assert f'value="{value}"' in page
    assert re.search('value="HU" selected', page)
    assert re.search('value="b"[^>]* checked', page)
    early = await press(burst, path, turn)
    assert turn_of(early) == turn
    assert await claims(burst) == 0
    clock.moved_s += int(early.headers["retry-after"])
    assert (await press(burst, path, turn)).status_code == 200
    assert await claims(burst) == 1
    again = await press(burst, path, turn)
    assert turn_of(again) != turn
    assert await claims(burst) == 1


async def test_the_turns_of_a_network_come_one_after_the_other_however_many_it_asks_for_at_once(
    burst: World, clock: Clock
) -> None:
    answers = await asyncio.gather(*(press(burst, path) for path in FORMS * 10))
    turns = [(turn_of(answer), int(answer.headers["retry-after"])) for answer in answers]
    clock.moved_s += 10
    begun = [await press(burst, "/s/example", turn) for turn, _ in sorted(turns, key=lambda each: each[1])]
    let_in = [answer.status_code for answer in begun].count(200)
    assert 5 <= let_in <= 7
    assert max(wait for _, wait in turns) in (38, 39)


async def test_of_many_with_one_turn_at_once_one_is_let_in(burst: World, clock: Clock) -> None:
    turn = turn_of(await press(burst, "/s/example"))
    clock.moved_s += 6
    answers = await asyncio.gather(*(press(burst, path, turn) for path in FORMS * 10))
    assert sorted(answer.status_code for answer in answers) == [200] + [429] * 19
    assert await claims(burst) == 1


async def test_a_turn_of_another_network_or_statement_or_a_changed_one_is_none_and_one_that_is_too_old_neither(
    burst: World, clock: Clock
) -> None:
    turn = turn_of(await press(burst, "/s/example"))
    turns, now_s, key = burst.site.turns, burst.site.limits.now_s(), network(burst)
    other = turns.asked("other", key, 1, now_s).turn
    stranger = turns.asked("example", None, 1, now_s).turn
    clock.moved_s += 30
    changed = turn.replace(turn[0], "B" if turn[0] == "A" else "A", 1)
    for given in (other, stranger, changed, "é", "x.y.z"):
        assert turn_of(await press(burst, "/s/example", given, **ELSEWHERE)) not in (given, turn)
    clock.moved_s += KEPT_S + 10
    answer = await press(burst, "/s/example", turn, **ELSEWHERE)
    assert turn_of(answer) != turn
    assert await claims(burst) == 0


@pytest.mark.parametrize("path", FORMS)
async def test_while_fields_are_corrected_the_turn_is_kept(burst: World, clock: Clock, path: str) -> None:
    turn = turn_of(await press(burst, path))
    clock.moved_s += 6
    wrong = await burst.client.post(path, data=TYPED | {"email": "nobody", "turn": turn})
    assert wrong.status_code == 422
    assert f'name="turn" value="{turn}"' in wrong.text
    assert (await press(burst, path, turn)).status_code == 200


@pytest.mark.parametrize("path", FORMS)
async def test_a_form_that_another_site_sends_always_waits_and_ours_does_not(
    world: World, clock: Clock, path: str
) -> None:
    world.limit(clock)
    for ours in ({"Origin": "null", "Sec-Fetch-Site": "same-origin"}, {"Origin": "http://127.0.0.1:8000"}, {}):
        assert (await press(world, path, **ours)).status_code == 200
    turn = turn_of(await press(world, path, **ELSEWHERE))
    clock.moved_s += 6
    assert (await press(world, path, turn, **ELSEWHERE)).status_code == 200


async def test_a_queue_that_is_too_long_is_said_to_be(burst: World) -> None:
    turns, limits, key = burst.site.turns, burst.site.limits, network(burst)
    for _ in range(10):
        turns.asked("example", key, LEVEL_MAX, limits.now_s())
    answer = await press(burst, "/s/example", Accept="text/html")
    assert answer.status_code == 429
    assert "Too much came from your network at once" in answer.text
