"""Which server is asked: the hosts of a database's URL one after the other, each for seconds only.

asyncpg's own time limit covers all hosts together, so that a first one that is frozen would use up the time of the second.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import asyncpg
import msgspec

from undersigned.database.trouble import AWAY

HOST_TIMEOUT_S = 2
CACHE = "statement_cache_size"


class Servers(msgspec.Struct, frozen=True):
    """A database's URL taken apart: one URL for each host, and what else asyncpg is told."""

    urls: list[str]
    options: Mapping[str, Any]


@lru_cache(8)
def servers(url: str) -> Servers:
    """Reads a libpq URL. Raises ValueError.

    Of several hosts the one that takes writes is wanted, unless it says otherwise by `target_session_attrs`. With
    `statement_cache_size=0` nothing stays prepared on a server, for poolers that give each transaction another one.
    """
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    options: dict[str, Any] = {CACHE: int(query.pop(CACHE))} if CACHE in query else {}
    login, at, named = parts.netloc.rpartition("@")
    # libpq's two ways to name hosts: before the path, each with its port, or as `host` and `port` behind it.
    hosts = [(host, query.get("port", "")) for host in named.split(",")] if named else _listed(query)
    if len(hosts) == 1 and not options:
        return Servers([url], {})
    if len(hosts) > 1 and "target_session_attrs" not in query:
        query["target_session_attrs"] = "primary"
    urls = []
    for host, port in hosts:
        own = {**query, "host": host, "port": port} if not named else query
        told = urlencode({key: value for key, value in own.items() if value})
        urls.append(f"{parts.scheme}://{login}{at}{host if named else ''}{parts.path}?{told}")
    return Servers(urls, options)


async def reach(url: str, **told: Any) -> Any:
    """A connection to the first host that answers within two seconds, and is as it should be; `told` is asyncpg's.

    The host that did so the last time is tried first. Raises what the last one answered.
    """
    asked = servers(url)
    limit = min(told.pop("timeout", HOST_TIMEOUT_S), HOST_TIMEOUT_S)
    first = _answered.get(url, asked.urls[0])
    ordered = sorted(asked.urls, key=lambda each: each != first)
    for each in ordered:
        try:
            connection = await asyncpg.connect(each, timeout=limit, **{**told, **asked.options})
        except AWAY:
            if each == ordered[-1]:
                raise
        else:
            _answered[url] = each
            return connection
    raise ValueError


_answered: dict[str, str] = {}


def _listed(query: Mapping[str, str]) -> list[tuple[str, str]]:
    hosts, ports = query.get("host", "").split(","), query.get("port", "").split(",")
    if len(ports) == 1:
        ports *= len(hosts)
    return list(zip(hosts, ports, strict=True))
