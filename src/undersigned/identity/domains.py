"""Websites and their registrable domains: what tells one organisation from another. The lists decide keys, so they are pinned."""

import hashlib
from functools import cache, lru_cache
from importlib import resources
from urllib.parse import urlsplit

import idna
import publicsuffixlist

from undersigned.identity import visible
from undersigned.identity.providers import PROVIDERS

PUBLIC_SUFFIX_LIST_SHA256 = "0232f4df0831911356e8ee1f4d5c3b6b12c0ed3f6bd66b0f81c8ab5d3d49e9ca"

# Under these names registries sell to anybody. Whoever gives `co.uk` as a website has forgotten what stands before it.
FOR_SALE = frozenset(
    {"co", "com", "org", "or", "net", "ne", "biz", "info", "name", "nom", "ltd", "plc", "firm", "web", "gen", "id", "me", "pp"}
)  # fmt: skip


def website_host(website: str) -> str:
    """The host of a web address, in ASCII; the scheme may be left out. Raises ValueError if there is none.

    A suffix may have a site of its own, as `gov.az` has.
    """
    website = visible.typed(website)
    parts = urlsplit(website if "://" in website else f"https://{website}")
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or "." not in parts.hostname:
        raise ValueError("not a web address")
    try:
        host = idna.encode(parts.hostname.rstrip("."), uts46=True).decode()
        _ = parts.port
    except (idna.IDNAError, ValueError):
        raise ValueError("not a web address") from None
    if not website.isprintable() or host.rpartition(".")[2].isdigit():
        raise ValueError("not a web address")
    if registrable(host) is None and not _has_site(host):
        raise ValueError("not a web address")
    return host


def own_domain(host: str) -> str:
    """The domain by which whoever is behind a host is known: what they registered, or a suffix that has a site.

    `www.gov.az` is the site of `gov.az`, since nobody registers `www`.
    """
    domain = registrable(host)
    if domain is None:
        return host.lower()
    name, _, parent = domain.partition(".")
    return parent if name == "www" and registrable(parent) is None and _has_site(parent) else domain


@lru_cache(4096)
def registrable(host: str) -> str | None:
    """The part of a host that somebody registered (Public Suffix List, private section included), or None.

    What lies below one of `public_bodies.txt` counts as registered there.
    """
    domain = _public_suffixes().privatesuffix(host.lower())
    parents = _upwards(host)
    for place, parent in enumerate(parents):
        if domain and parent in _listed("public_bodies.txt"):
            below = parents[place - 1] if place else None
            return max(below, str(domain), key=len) if below else None
    return str(domain) if domain else None


def is_known_suffix(suffix: str) -> bool:
    """Whether the public suffix list names this suffix."""
    return _public_suffixes(accept_unknown=False).publicsuffix(suffix.lower()) is not None


def is_shared(host: str) -> bool:
    """Whether a host, or a parent of it, is one where anybody gets a page: a social network, a site builder, free mail."""
    return any(parent in _listed("shared_hosts.txt") or parent in _providers() for parent in _upwards(host))


def has_open_mail(host: str) -> bool:
    """Whether anybody gets a mailbox at a host, or at a parent of it: a shared one, a mail provider, a throw-away mailbox.

    No key depends on it, only what a mailbox proves. So `open_mail.txt` may be brought up to date at any time.
    """
    return is_shared(host) or any(parent in _listed("open_mail.txt") for parent in _upwards(host))


def _upwards(host: str) -> list[str]:
    labels = host.lower().split(".")
    return [".".join(labels[start:]) for start in range(len(labels))]


def _has_site(suffix: str) -> bool:
    name, dot, _ = suffix.partition(".")
    return bool(dot) and name not in FOR_SALE


@cache
def _public_suffixes(*, accept_unknown: bool = True) -> publicsuffixlist.PublicSuffixList:
    data = resources.files(publicsuffixlist).joinpath("public_suffix_list.dat").read_bytes()
    if hashlib.sha256(data).hexdigest() != PUBLIC_SUFFIX_LIST_SHA256:
        raise RuntimeError("The public suffix list installed is not the pinned one: install from requirements.lock.")
    return publicsuffixlist.PublicSuffixList(data.decode().splitlines(), accept_unknown=accept_unknown)


@cache
def _providers() -> frozenset[str]:
    return frozenset(domain for provider in PROVIDERS for domain in provider.domains)


@cache
def _listed(name: str) -> frozenset[str]:
    """The domains of a list: separated by spaces or lines, with comments behind a #."""
    lines = resources.files(__package__).joinpath(name).read_text().splitlines()
    return frozenset(domain for line in lines for domain in line.partition("#")[0].split())
