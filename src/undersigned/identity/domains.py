"""Websites and their registrable domains: what tells one organisation from another. The lists decide keys, so they are pinned."""

import hashlib
from functools import cache
from importlib import resources
from urllib.parse import urlsplit

import idna
import publicsuffixlist

PUBLIC_SUFFIX_LIST_SHA256 = "0232f4df0831911356e8ee1f4d5c3b6b12c0ed3f6bd66b0f81c8ab5d3d49e9ca"


def website_host(website: str) -> str:
    """The host of a web address, in ASCII; the scheme may be left out. Raises ValueError if there is none."""
    parts = urlsplit(website if "://" in website else f"https://{website}")
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or "." not in parts.hostname:
        raise ValueError("not a web address")
    try:
        host = idna.encode(parts.hostname.rstrip("."), uts46=True).decode()
        _ = parts.port
    except (idna.IDNAError, ValueError):
        raise ValueError("not a web address") from None
    if registrable(host) is None or host.rpartition(".")[2].isdigit():
        raise ValueError("not a web address")
    return host


def registrable(host: str) -> str | None:
    """The part of a host that somebody registered (Public Suffix List, private section included), or None."""
    domain = _public_suffixes().privatesuffix(host.lower())
    return str(domain) if domain else None


def is_known_suffix(suffix: str) -> bool:
    """Whether the public suffix list names this suffix."""
    return _public_suffixes(accept_unknown=False).publicsuffix(suffix.lower()) is not None


def is_shared(host: str) -> bool:
    """Whether a host, or a parent of it, is one where anybody gets a page: a social network, a site builder, free mail."""
    labels = host.lower().split(".")
    return any(".".join(labels[start:]) in _shared_hosts() for start in range(len(labels)))


@cache
def _public_suffixes(*, accept_unknown: bool = True) -> publicsuffixlist.PublicSuffixList:
    data = resources.files(publicsuffixlist).joinpath("public_suffix_list.dat").read_bytes()
    if hashlib.sha256(data).hexdigest() != PUBLIC_SUFFIX_LIST_SHA256:
        raise RuntimeError("The public suffix list installed is not the pinned one: install from requirements.lock.")
    return publicsuffixlist.PublicSuffixList(data.decode().splitlines(), accept_unknown=accept_unknown)


@cache
def _shared_hosts() -> frozenset[str]:
    lines = resources.files(__package__).joinpath("shared_hosts.txt").read_text().splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))
