"""Whose network a request comes from, whatever it says itself; and how much one network may ask."""

import ipaddress
from ipaddress import IPv4Network, IPv6Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from undersigned.errors import TooManyRequests
from undersigned.signing import guard
from undersigned.signing.guard import Budget, client_address, network_of

PROXIES: list[IPv4Network | IPv6Network] = [
    ipaddress.ip_network("10.0.0.0/8"),
    ipaddress.ip_network("fd00::/8"),
]


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_without_trusted_proxies_the_peer_is_the_client_whatever_it_forwards() -> None:
    assert client_address("198.51.100.7", "192.0.2.1", []) == "198.51.100.7"
    assert client_address("10.0.0.1", "192.0.2.1", []) == "10.0.0.1"


def test_a_stranger_can_not_forward() -> None:
    assert client_address("198.51.100.7", "192.0.2.1", PROXIES) == "198.51.100.7"


def test_behind_a_trusted_proxy_its_last_word_counts() -> None:
    assert client_address("10.0.0.1", "192.0.2.1", PROXIES) == "192.0.2.1"
    assert client_address("fd00::1", "2001:db8::1", PROXIES) == "2001:db8::1"


def test_what_the_client_forged_before_the_proxies_word_is_not_believed() -> None:
    assert client_address("10.0.0.1", "203.0.113.9, 192.0.2.1", PROXIES) == "192.0.2.1"
    assert client_address("10.0.0.1", "10.0.0.9, 192.0.2.1", PROXIES) == "192.0.2.1"
    assert client_address("10.0.0.1", "nonsense, 192.0.2.1", PROXIES) == "192.0.2.1"


def test_a_chain_of_trusted_proxies_is_followed_back_to_the_client() -> None:
    assert client_address("10.0.0.1", "203.0.113.9, 192.0.2.1, 10.1.2.3 ,fd00::2", PROXIES) == "192.0.2.1"


@pytest.mark.parametrize("forwarded", ["", " ", "unknown", "_hidden", "192.0.2.1;x", "<script>", ",", "192.0.2.1,"])
def test_a_proxy_that_forwards_no_address_is_the_client(forwarded: str) -> None:
    assert client_address("10.0.0.1", forwarded, PROXIES) == "10.0.0.1"


def test_only_proxies_in_a_chain_leave_the_peer() -> None:
    assert client_address("10.0.0.1", "10.0.0.2, 10.0.0.3", PROXIES) == "10.0.0.1"


@given(st.text(max_size=60), st.sampled_from(["192.0.2.1", "2001:db8::1", "203.0.113.200"]))
def test_no_forged_header_moves_what_the_proxy_saw(forged: str, seen: str) -> None:
    assert client_address("10.0.0.1", f"{forged},{seen}", PROXIES) == seen


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1::/48"),
        ("::ffff:192.0.2.77", "192.0.2.0/24"),
        ("::1", "::/48"),
        ("", ""),
        ("localhost", ""),
        ("192.0.2.256", ""),
        ("192.0.2.1:80", "192.0.2.0/24"),
        ("[2001:db8::1]:80", "2001:db8::/48"),
        ("/run/socket", ""),
    ],
)
def test_a_network_is_a_24_of_ipv4_or_a_48_of_ipv6(address: str, network: str) -> None:
    assert network_of(address) == network


def test_neighbours_share_a_network_and_strangers_do_not() -> None:
    assert network_of("192.0.2.1") == network_of("192.0.2.254") != network_of("192.0.3.1")
    assert network_of("2001:db8:1::1") == network_of("2001:db8:1:ffff::") != network_of("2001:db8:2::")


# Budgets --------------------------------------------------------------------------------------------------------------


def spent(budget: Budget, key: object, times: int) -> int:
    """How many of so many requests are let through."""
    passed = 0
    for _ in range(times):
        try:
            budget.spend(key)
        except TooManyRequests:
            continue
        passed += 1
    return passed


@pytest.mark.parametrize("per_hour", [1, 2, 7, 60, 600])
def test_a_budget_can_be_spent_all_at_once_and_not_beyond(per_hour: int) -> None:
    assert spent(Budget(per_hour, Clock()), "n", per_hour + 50) == per_hour


def test_a_spent_budget_fills_up_evenly_again() -> None:
    clock = Clock()
    budget = Budget(60, clock)
    spent(budget, "n", 100)
    for seconds, room in ((29, 0), (31, 1), (60, 1), (600, 10), (7200, 60)):
        clock.now += seconds
        assert spent(budget, "n", 200) == room


def test_the_seconds_to_wait_are_neither_too_few_nor_many_too_many() -> None:
    clock = Clock()
    budget = Budget(60, clock)
    spent(budget, "n", 60)
    clock.now += 13
    with pytest.raises(TooManyRequests) as refused:
        budget.spend("n")
    wait = refused.value.retry_after_s
    assert 40 <= wait <= 60
    clock.now += wait
    budget.spend("n")


def test_refused_requests_cost_nothing() -> None:
    clock = Clock()
    budget = Budget(60, clock)
    spent(budget, "n", 10_000)
    clock.now += 61
    assert spent(budget, "n", 10) == 1


def test_networks_have_budgets_of_their_own() -> None:
    budget = Budget(2, Clock())
    assert spent(budget, "one", 5) == 2
    assert spent(budget, "other", 5) == 2
    assert spent(budget, None, 5) == 2


def test_no_budget_is_no_limit() -> None:
    assert spent(Budget(0, Clock()), "n", 10_000) == 10_000


def test_a_budget_remembers_a_bounded_number_of_networks_the_latest_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "NETWORKS_MAX", 100)
    budget = Budget(1, Clock())
    budget.spend("first")
    for number in range(99):
        budget.spend(number)
    assert spent(budget, "first", 1) == 0  # which also makes it one of the latest
    budget.spend("one more")
    assert spent(budget, "first", 1) == 0
    assert spent(budget, 0, 1) == 1
    for number in range(1000):
        budget.spend(f"n{number}")
    assert len(budget._full_at) == 100


@given(st.integers(1, 50), st.lists(st.floats(0, 5000), max_size=60))
def test_no_hour_lets_through_more_than_a_full_budget_and_what_refilled(per_hour: int, pauses: list[float]) -> None:
    clock = Clock()
    budget = Budget(per_hour, clock)
    begun, passed = clock.now, 0
    for pause in pauses:
        clock.now += pause
        passed += spent(budget, "n", 3)
        assert passed <= per_hour * (1 + (clock.now - begun) / 3600) + 0.5
