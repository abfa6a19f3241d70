"""Who an endorser is: the canonical mailbox, the organisation's identity, and the keys made of them.

The rules below and the public suffix list decide keys, so they are pinned: `RULES` is stored with the data, and a program
with other rules refuses to start on it.
"""

import hashlib
import hmac
import re
import unicodedata
from functools import cache, lru_cache
from importlib import resources
from typing import Literal
from urllib.parse import urlsplit
from uuid import UUID

import idna
import msgspec
import publicsuffixlist
from email_validator import EmailNotValidError, validate_email

Kind = Literal["individual", "organisation"]

PUBLIC_SUFFIX_LIST_SHA256 = "0232f4df0831911356e8ee1f4d5c3b6b12c0ed3f6bd66b0f81c8ab5d3d49e9ca"
RULES = f"1 {PUBLIC_SUFFIX_LIST_SHA256[:16]}"

# RFC 5321, 4.5.3.1, and RFC 5322, 3.2.3.
LOCAL_LENGTH_MAX = 64
ADDRESS_LENGTH_MAX = 254
DOT_ATOM = re.compile(r"[a-zA-Z0-9_!#$%&'*+/=?^`{|}~-]+(\.[a-zA-Z0-9_!#$%&'*+/=?^`{|}~-]+)*")

# Providers whose alias rules are facts: the domains under which one account is reached, whether dots in the local part
# matter, and what starts a tag. Everywhere else nothing is stripped.
PROVIDERS = {
    "gmail.com": (("gmail.com", "googlemail.com"), "dots don't matter"),
    "outlook.com": (("outlook.com",), ""),
    "hotmail.com": (("hotmail.com",), ""),
    "live.com": (("live.com",), ""),
    "msn.com": (("msn.com",), ""),
    "icloud.com": (("icloud.com", "me.com", "mac.com"), ""),
    "proton.me": (("proton.me", "protonmail.com", "protonmail.ch", "pm.me"), ""),
    "fastmail.com": (("fastmail.com",), ""),
    "fastmail.fm": (("fastmail.fm",), ""),
    "yandex.ru": (("yandex.ru", "ya.ru", "yandex.com", "yandex.by", "yandex.kz", "yandex.ua"), ""),
}
CANONICAL = {domain: (canonical, rule) for canonical, (domains, rule) in PROVIDERS.items() for domain in domains}


class Mailbox(msgspec.Struct, frozen=True):
    """`address` is where mail goes: as typed, but for a domain in ASCII; `key` is what is proven and counted once."""

    address: str
    key: str

    @property
    def domain(self) -> str:
        return self.key.rpartition("@")[2]


def mailbox(address: str) -> Mailbox:
    """The mailbox an address belongs to. Raises ValueError if it can't be an address (RFC 5321, IDNA 2008)."""
    typed, domain = _parts(address.strip())
    address = f"{typed}@{domain}"
    local = unicodedata.normalize("NFC", typed.casefold())
    if domain in CANONICAL:
        domain, rule = CANONICAL[domain]
        local = local.partition("+")[0] or local
        if rule:
            local = local.replace(".", "")
    return Mailbox(address=address, key=f"{local}@{domain}")


def _parts(address: str) -> tuple[str, str]:
    """The local part as typed and the domain in ASCII. Plain local parts need no more than a pattern; most are plain."""
    local, _, domain = address.rpartition("@")
    if len(local) <= LOCAL_LENGTH_MAX and DOT_ATOM.fullmatch(local):
        ascii_domain = _ascii_domain(domain)
        if len(local) + 1 + len(ascii_domain) <= ADDRESS_LENGTH_MAX:
            return local, ascii_domain
    try:
        valid = validate_email(address, check_deliverability=False)
    except EmailNotValidError as error:
        raise ValueError(str(error)) from None
    return valid.local_part, valid.ascii_domain.lower()


@lru_cache(4096)
def _ascii_domain(domain: str) -> str:
    """The domain of an address in ASCII. It is the slow part, and few domains make up most addresses. Raises ValueError."""
    try:
        return validate_email(f"a@{domain}", check_deliverability=False).ascii_domain.lower()
    except EmailNotValidError as error:
        raise ValueError(str(error)) from None


def endorsement_id(pepper: str, slug: str, kind: Kind, identity: str) -> UUID:
    """The key of an endorsement, which is the deduplication. `identity` as `of_individual` or `of_organisation` give it."""
    return _keyed(pepper, "endorsement", slug, kind, identity)


def mailbox_id(pepper: str, box: Mailbox) -> UUID:
    return _keyed(pepper, "mailbox", box.key)


def network_id(pepper: str, network: str) -> UUID:
    """The key of a network (`guard.network_of`), which budgets are kept by without keeping anybody's address."""
    return _keyed(pepper, "network", network)


def secret(pepper: str, purpose: str) -> bytes:
    """32 bytes for one purpose, made of the pepper."""
    return hmac.digest(pepper.encode(), b"secret\0" + purpose.encode(), hashlib.sha256)


def _keyed(pepper: str, *parts: str) -> UUID:
    # The separators matter: without them a purpose-made slug could collide with another one's identities.
    digest = bytearray(hmac.digest(pepper.encode(), b"\0".join(part.encode() for part in parts), hashlib.sha256)[:16])
    digest[6] = digest[6] & 0x0F | 0x80  # RFC 9562, version 8
    digest[8] = digest[8] & 0x3F | 0x80
    return UUID(bytes=bytes(digest))


def of_individual(box: Mailbox) -> str:
    return f"mailbox:{box.key}"


def of_organisation(name: str, country: str, website: str | None) -> str:
    """`domain:` and the registrable domain of the website, or `name:`, the normalised name and the country.

    Raises ValueError if the website is no web address.
    """
    host = website_host(website) if website else None
    domain = registrable(host) if host else None
    if host and domain and not is_shared(host):
        return f"domain:{domain}"
    words = "".join(
        c if unicodedata.category(c)[0] in "LNM" else " " for c in unicodedata.normalize("NFKC", name).casefold()
    )
    return f"name:{' '.join(words.split())} {country}"


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


def proof(box: Mailbox, identity: str) -> Literal["domain", "none"]:
    """`domain` if the mailbox lies at the organisation's own domain. It proves a mailbox there, not authority."""
    scheme, _, domain = identity.partition(":")
    own = scheme == "domain" and registrable(box.domain) == domain and not is_shared(box.domain)
    return "domain" if own else "none"


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
