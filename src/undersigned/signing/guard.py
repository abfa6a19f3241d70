"""What keeps the form from being a nuisance: whose network a request comes from, and how much one network may ask."""

import ipaddress
import math
import re
import time
from collections.abc import Callable, Sequence
from ipaddress import IPv4Network, IPv6Network

from undersigned.errors import TooManyRequests

NETWORKS_MAX = 100_000


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


class Budget:
    """At most `per_hour` requests of a key in any hour, all at once if need be; 0 means no limit.

    The generic cell rate algorithm (ITU-T I.371): one time stamp a key, in this process's memory. It is forgotten with
    the process, and the oldest keys make room for new ones.
    """

    def __init__(self, per_hour: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._interval_s = 3600 / per_hour if per_hour else 0.0
        self._clock = clock
        self._full_at: dict[object, float] = {}

    def spend(self, key: object) -> None:
        """Raises TooManyRequests, with the seconds to wait, if the key's budget is spent."""
        if not self._interval_s:
            return
        now = self._clock()
        spent_until = max(self._full_at.pop(key, now), now) + self._interval_s
        if spent_until - now > 3600 + self._interval_s / 2:
            self._full_at[key] = spent_until - self._interval_s
            raise TooManyRequests(math.ceil(spent_until - now - 3600))
        self._full_at[key] = spent_until
        if len(self._full_at) > NETWORKS_MAX:
            del self._full_at[next(iter(self._full_at))]
