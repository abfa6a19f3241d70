"""How much one network may ask, and the installation; and how a burst grows and ends, by a clock that the test moves."""

from collections.abc import Callable
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import SECRET
from undersigned.errors import NoRoom, TooManyRequests
from undersigned.settings import Settings
from undersigned.signing import meters
from undersigned.signing.limits import LEVEL_MAX, TURNS_MOST_S, Limits
from undersigned.signing.meters import Meter

ONE, OTHER = UUID(int=11), UUID(int=12)
NONE = Settings(
    secret_keys=SECRET,
    pepper=SECRET,
    log_seed=SECRET,
    submit_budget_network=0,
    submit_budget_total=0,
    submit_burst_network=0,
    submit_burst_total=0,
)


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def limits(clock: Callable[[], float] | None = None, **limit: int) -> Limits:
    return Limits(msgspec.structs.replace(NONE, **limit), clock or Clock())


def spent(limits: Limits, key: UUID | None, times: int) -> int:
    """How many of so many requests are let through."""
    passed = 0
    for _ in range(times):
        try:
            limits.spend(key)
        except TooManyRequests:
            continue
        passed += 1
    return passed


@pytest.mark.parametrize("per_hour", [1, 2, 7, 60, 600])
def test_a_budget_can_be_spent_all_at_once_and_not_beyond(per_hour: int) -> None:
    assert spent(limits(submit_budget_network=per_hour), ONE, per_hour + 50) == per_hour


def test_a_spent_budget_fills_up_evenly_again() -> None:
    clock = Clock()
    budget = limits(clock, submit_budget_network=60)
    spent(budget, ONE, 100)
    for seconds, room in ((29, 0), (31, 1), (60, 1), (600, 10), (7200, 60)):
        clock.now += seconds
        assert spent(budget, ONE, 200) == room


def test_the_seconds_to_wait_are_neither_too_few_nor_many_too_many() -> None:
    clock = Clock()
    budget = limits(clock, submit_budget_network=60)
    spent(budget, ONE, 60)
    clock.now += 13
    with pytest.raises(TooManyRequests) as refused:
        budget.spend(ONE)
    wait = refused.value.retry_after_s
    assert 40 <= wait <= 60
    clock.now += wait
    budget.spend(ONE)


def test_refused_requests_cost_nothing() -> None:
    clock = Clock()
    budget = limits(clock, submit_budget_network=60)
    spent(budget, ONE, 10_000)
    clock.now += 61
    assert spent(budget, ONE, 10) == 1


def test_networks_have_budgets_of_their_own_and_those_that_nobody_can_tell_have_one() -> None:
    budget = limits(submit_budget_network=2)
    for key in (ONE, OTHER, None):
        assert spent(budget, key, 5) == 2


def test_no_budget_is_no_limit() -> None:
    assert spent(limits(), ONE, 10_000) == 10_000


def test_the_installation_has_a_budget_of_its_own_which_only_submissions_spend() -> None:
    clock = Clock()
    budget = limits(clock, submit_budget_total=3)
    assert spent(budget, ONE, 10) == 10
    for key in (ONE, OTHER, None):
        budget.must_have_left(key)
        budget.count(key)
    with pytest.raises(NoRoom):
        budget.must_have_left(UUID(int=13))
    clock.now += 1201
    budget.must_have_left(UUID(int=13))


def test_a_meter_remembers_a_bounded_number_of_keys_the_latest_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meters, "KEYS_MAX", 100)
    meter = Meter("budget", 7200, clock=Clock())
    for number in range(100):
        meter.add(UUID(int=number), 1)
    meter.add(UUID(int=0), 1)  # which makes it one of the latest
    meter.add(UUID(int=100), 1)
    assert [meter.fill_s(UUID(int=number)) for number in (0, 1, 2)] == [2, 0, 1]
    for number in range(1000, 2000):
        meter.add(UUID(int=number), 1)
    assert len(meter.take_untold()) == 100


@given(st.integers(1, 50), st.lists(st.floats(0, 5000), max_size=60))
def test_no_hour_lets_through_more_than_a_full_budget_and_what_refilled(per_hour: int, pauses: list[float]) -> None:
    clock = Clock()
    budget = limits(clock, submit_budget_network=per_hour)
    begun, passed = clock.now, 0
    for pause in pauses:
        clock.now += pause
        passed += spent(budget, ONE, 3)
        assert passed <= per_hour * (1 + (clock.now - begun) / 3600) + 0.5


# Bursts ---------------------------------------------------------------------------------------------------------------


def submit(limits: Limits, key: UUID | None, times: int) -> None:
    for _ in range(times):
        limits.count(key)


@pytest.mark.parametrize("limit", ["submit_burst_network", "submit_burst_total"])
def test_a_minutes_worth_at_once_asks_for_nothing_and_each_further_one_for_more(limit: str) -> None:
    burst = limits(None, **{limit: 30})
    levels = []
    for _ in range(LEVEL_MAX + 3):
        submit(burst, ONE, 29)
        levels.append(burst.level(ONE))
        submit(burst, ONE, 1)
    assert levels == [0, 1, 2, 3, 4, 5, 6, 6, 6]
    assert burst.level(OTHER) == (0 if limit == "submit_burst_network" else LEVEL_MAX)


def test_a_burst_ends_by_itself_and_no_later_because_it_was_larger() -> None:
    for size in (300, 30_000):
        clock = Clock()
        burst = limits(clock, submit_burst_network=30)
        submit(burst, ONE, size)
        levels = []
        for _ in range(8):
            levels.append(burst.level(ONE))
            clock.now += 60
        assert levels == [6, 5, 4, 3, 2, 1, 0, 0], size


def test_as_many_as_may_come_in_a_minute_come_for_ever_and_are_asked_for_nothing() -> None:
    clock = Clock()
    burst = limits(clock, submit_burst_network=30, submit_burst_total=30)
    for _ in range(3000):
        clock.now += 2
        assert burst.level(ONE) == 0
        burst.count(ONE)


def test_a_queue_lets_each_wait_for_those_before_it_and_ends() -> None:
    clock = Clock()
    queue = limits(clock)
    assert [queue.queue(ONE, 2) for _ in range(4)] == [0, 2, 4, 6]
    assert queue.queue(OTHER, 2) == 0
    clock.now += 5
    assert queue.queue(ONE, 2) == 3
    while queue._turns.fill_s(ONE) <= TURNS_MOST_S:
        queue.queue(ONE, 2)
    with pytest.raises(TooManyRequests) as refused:
        queue.queue(ONE, 2)
    clock.now += refused.value.retry_after_s
    assert queue.queue(ONE, 2) <= TURNS_MOST_S


# Told to others -------------------------------------------------------------------------------------------------------


def test_what_was_counted_is_told_once_and_what_ran_out_meanwhile_is_not() -> None:
    clock = Clock()
    meter = Meter("budget", 7200, clock=clock)
    meter.add(ONE, 60)
    meter.add(OTHER, 10)
    clock.now += 20
    assert meter.take_untold() == {ONE: 40}
    assert meter.take_untold() == {}


def test_of_who_asks_once_in_a_while_nobody_hears_and_of_who_asks_much_everybody() -> None:
    clock = Clock()
    meter = Meter("budget", 7200, 225, clock)
    meter.add(ONE, 100)
    meter.add(OTHER, 6)
    assert meter.take_untold() == {}
    meter.learn(ONE, clock.now + 50)
    assert meter.fill_s(ONE) == 150
    clock.now += 10
    meter.add(ONE, 150)
    assert meter.take_untold() == {ONE: 250}
    assert meter.take_untold() == {}


def test_what_could_not_be_told_waits_and_what_was_counted_meanwhile_adds_to_it() -> None:
    meter = Meter("budget", 7200, clock=Clock())
    meter.add(ONE, 60)
    taken = meter.take_untold()
    meter.add(ONE, 5)
    meter.give_back(taken)
    assert meter.fill_s(ONE) == 65
    assert meter.take_untold() == {ONE: 65}


def test_what_all_say_is_taken_over_with_what_was_counted_here_while_they_were_asked() -> None:
    clock = Clock()
    meter = Meter("budget", 7200, clock=clock)
    meter.add(ONE, 60)
    meter.take_untold()
    meter.add(ONE, 5)
    meter.learn(ONE, clock.now + 100)
    assert meter.fill_s(ONE) == 105
    meter.learn(OTHER, clock.now - 1)
    assert meter.fill_s(OTHER) == 0


def test_settings_without_limits_count_nothing() -> None:
    none = limits()
    submit(none, ONE, 100)
    assert all(not meter.take_untold() for meter in none._meters)
    assert none.level(ONE) == 0
