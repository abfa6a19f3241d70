"""Whether a request's real sender came through the proxies before this server; `doctor` asks it of a request of its own."""

import secrets
from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Literal

from undersigned.identity.tokens import Probe
from undersigned.signing.guard import address_in, client_address

# The header of a signed question, and the one that answers it.
QUESTION, ANSWER = "undersigned-probe", "undersigned-seen"

# Addresses that nobody has (RFC 5737).
NOBODYS = IPv4Network("198.51.100.0/24")

Seen = Literal["client", "insider", "believed", "bare", "silent", "untrusted", "between"]


def probe(asker: str) -> Probe:
    """A question by whoever calls from this address, with an address that they make up."""
    address = ip_address(asker.partition("%")[0])
    made_up = NOBODYS[1 + secrets.randbelow(NOBODYS.num_addresses - 2)]
    return Probe(made_up, address if isinstance(address, IPv6Address) else IPv6Address(f"::ffff:{address}"))


def seen(
    peer: str,
    forwarded_for: str,
    proxies: Sequence[IPv4Network | IPv6Network],
    asked: Probe,
) -> Seen:
    """Whose address budgets would count for a request with this X-Forwarded-For, in one word that tells no address.

    `client`: the sender's. `insider`: the sender's is one of the trusted proxies', so that it is passed over. `believed`:
    what the sender made up. The peer's: `bare`, where the header is as it was sent; `silent`, where none says more;
    `untrusted`, where the peer says more and isn't trusted. `between`: that of another proxy on the way.
    """
    used = address_in(client_address(peer, forwarded_for, proxies))
    hops = [hop for part in forwarded_for.split(",") if (hop := address_in(part.strip()))]
    was_kept = asked.made_up in hops
    told = hops[hops.index(asked.made_up) + 1 :] if was_kept else hops
    sender = asked.asker.ipv4_mapped or asked.asker
    if sender in told and any(sender in network for network in proxies):
        return "insider"
    if used == asked.made_up:
        return "believed"
    if told and used == told[0]:
        return "client"
    if used != address_in(peer):
        return "between"
    if not told:
        return "bare" if was_kept else "silent"
    return "insider" if any(used in network for network in proxies if used) else "untrusted"
