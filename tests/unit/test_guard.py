"""Whose network a request comes from, whatever it says itself."""

import ipaddress
from ipaddress import IPv4Network, IPv6Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from undersigned.signing.guard import client_address, network_of

PROXIES: list[IPv4Network | IPv6Network] = [
    ipaddress.ip_network("10.0.0.0/8"),
    ipaddress.ip_network("fd00::/8"),
]


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
