"""Proof of work: what is asked is what is checked, for one statement and for ten minutes, and not a bit of it can be changed."""

import base64
import json
from typing import Any

import pytest
from altcha import Challenge, Payload, solve_challenge
from hypothesis import given
from hypothesis import strategies as st

from undersigned.signing.work import TRIES, TTL_S, Work

OLD, NEW, OTHER = (letter * 32 for letter in "onx")
NOW = 1_800_000_000.0


def solved(challenge: dict[str, Any]) -> str:
    """What a browser would send back."""
    parsed = Challenge.from_dict(challenge)
    solution = solve_challenge(parsed)
    assert solution
    return Payload(parsed, solution).to_base64()


@pytest.fixture(scope="module")
def payload() -> str:
    return solved(Work([OLD]).asked("example", None, 1, NOW).challenge)


def changed(payload: str, change: Any) -> str:
    told = json.loads(base64.b64decode(payload))
    change(told)
    return base64.b64encode(json.dumps(told).encode()).decode()


@pytest.mark.parametrize("level", [1, 2, 3])
def test_each_level_takes_twice_the_work_of_the_one_before_and_nobody_is_lucky(level: int) -> None:
    given = json.loads(base64.b64decode(solved(Work([OLD]).asked("example", None, level, NOW).challenge)))
    assert TRIES * 2 ** (level - 2) <= given["solution"]["counter"] < TRIES * 2 ** (level - 1)


def test_a_solution_is_taken_for_ten_minutes_and_for_its_statement_alone(payload: str) -> None:
    work = Work([OLD])
    taken = work.read("example", None, payload, NOW)
    assert taken
    assert taken.expires_at.timestamp() == NOW + TTL_S
    assert work.read("example", None, payload, NOW + TTL_S) == taken
    assert work.read("example", None, payload, NOW + TTL_S + 1) is None
    assert work.read("other", None, payload, NOW) is None


def test_a_key_that_was_replaced_still_reads_and_a_strangers_does_not(payload: str) -> None:
    assert Work([OLD, NEW]).read("example", None, payload, NOW)
    assert Work([NEW, OTHER]).read("example", None, payload, NOW) is None
    challenge = Work([OLD, NEW]).asked("example", None, 1, NOW).challenge
    assert Work([OLD]).read("example", None, solved(challenge), NOW) is None


CHANGES: dict[str, Any] = {
    "longer": lambda told: told["challenge"]["parameters"]["data"].update(until=NOW + 10 * TTL_S),
    "for another statement": lambda told: told["challenge"]["parameters"]["data"].update(statement="other"),
    "under another nonce": lambda told: told["challenge"]["parameters"].update(nonce="00" * 16),
    "easier": lambda told: told["challenge"]["parameters"].update(keyPrefix="00"),
    "dearer": lambda told: told["challenge"]["parameters"].update(cost=10**9),
    "unsigned": lambda told: told["challenge"].pop("signature"),
    "without its key": lambda told: told["challenge"]["parameters"].pop("keySignature"),
    "with another key": lambda told: told["solution"].update(derivedKey="00" * 32),
    "without a solution": lambda told: told.pop("solution"),
    "with nothing": lambda told: told.clear(),
    "with a list": lambda told: told.update(challenge=[]),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_was_changed_is_no_solution(payload: str, change: Any) -> None:
    assert Work([OLD]).read("example", None, changed(payload, change), NOW) is None


@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda data: base64.b64encode(data).decode()))
def test_what_is_no_payload_is_no_solution(given: str) -> None:
    assert Work([OLD]).read("example", None, given, NOW) is None


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists, max_leaves=5))
def test_whatever_stands_in_a_payload_nothing_breaks(value: Any) -> None:
    for told in (
        value,
        {"challenge": value, "solution": value},
        {"challenge": {"parameters": value, "signature": value}, "solution": {"counter": value, "derivedKey": value}},
        {
            "challenge": {
                "parameters": dict.fromkeys(
                    ("algorithm", "nonce", "salt", "cost", "keyPrefix", "data", "expiresAt"), value
                ),
                "signature": value,
            },
            "solution": {"counter": value, "derivedKey": value},
        },
    ):
        payload = base64.b64encode(json.dumps(told).encode()).decode()
        assert Work([OLD]).read("example", None, payload, NOW) is None
