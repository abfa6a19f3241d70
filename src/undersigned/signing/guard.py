"""Whose network a request comes from, whatever it says itself; limits are kept by it."""

import ipaddress
import re
from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network


def client_address(peer: str, forwarded_for: str, proxies: Sequence[IPv4Network | IPv6Network]) -> str:
    """The address a request came from: the peer's, or behind trusted proxies the last one they didn't add themselves."""
    for candidate in (peer, *(part.strip() for part in reversed(forwarded_for.split(",")))):
        address = address_in(candidate)
        if address is None:
            return peer
        if not any(address in network for network in proxies):
            return str(address)
    return peer


def network_of(address: str) -> str:
    """The network that budgets are kept by: /24 of IPv4, /48 of IPv6; the empty string if it is no address."""
    ip = address_in(address)
    if ip is None:
        return ""
    if ip.version == 4:
        return f"{str(ip).rpartition('.')[0]}.0/24"
    return str(ipaddress.ip_network((ip, 48), strict=False))


def address_in(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """An address as proxies write it: IPv4 perhaps inside IPv6, either perhaps with a port."""
    bare = re.sub(r"^\[(.*)\](:\d+)?$|^([\d.]+):\d+$", r"\1\3", text)
    try:
        ip = ipaddress.ip_address(bare)
    except ValueError:
        return None
    return ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped else ip
