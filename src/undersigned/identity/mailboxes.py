"""The mailbox an address belongs to: what is proven and counted once. Its rules decide keys, so they are pinned."""

import re
import unicodedata
from functools import lru_cache

import msgspec
from email_validator import EmailNotValidError, validate_email

from undersigned.identity import visible
from undersigned.identity.providers import PROVIDERS, Provider

# RFC 5321, 4.5.3.1, in octets, which RFC 6531 makes UTF-8's; and RFC 5322, 3.2.3. Domains have their limits in `validate_email`.
LOCAL_LENGTH_MAX = 64
ADDRESS_LENGTH_MAX = 254
DOT_ATOM = re.compile(r"[a-zA-Z0-9_!#$%&'*+/=?^`{|}~-]+(\.[a-zA-Z0-9_!#$%&'*+/=?^`{|}~-]+)*")


class _Naming(msgspec.Struct, frozen=True):
    """How a domain's accounts are named: `providers.Provider`, ready for use."""

    domain: str
    without: dict[int, str | None]
    subdomains: bool


def _naming(provider: Provider, domain: str) -> _Naming:
    first = provider.alike[:1]
    without: dict[int, str | None] = dict.fromkeys(map(ord, provider.ignored)) | {ord(c): first for c in provider.alike}
    return _Naming(provider.domains[0] if provider.one_account else domain, without, provider.subdomains)


# Everywhere else nothing is stripped.
KNOWN = {domain: _naming(provider, domain) for provider in PROVIDERS for domain in provider.domains}


class Mailbox(msgspec.Struct, frozen=True):
    """`address` is where mail goes: as typed, but for a domain in ASCII; `key` is what is proven and counted once."""

    address: str
    key: str

    @property
    def domain(self) -> str:
        return self.key.rpartition("@")[2]


def mailbox(address: str) -> Mailbox:
    """The mailbox an address belongs to. Raises ValueError if it can't be an address (RFC 5321, RFC 6531, IDNA 2008)."""
    typed, domain = _parts(visible.typed(address))
    address = f"{typed}@{domain}"
    local, domain = _account(_folded(typed), domain)
    return Mailbox(address=address, key=f"{local}@{domain}")


def _folded(local: str) -> str:
    """A local part with its ASCII letters in lower case. More would merge people: to most servers ß is not ss, nor ς σ."""
    return re.sub("[A-Z]+", lambda capitals: capitals[0].lower(), unicodedata.normalize("NFC", local))


def _account(local: str, domain: str) -> tuple[str, str]:
    """The account that an address reaches, by what its provider publishes."""
    naming = KNOWN.get(domain)
    if naming is None:
        name, _, parent = domain.partition(".")
        naming = KNOWN.get(parent)
        if naming is None or not naming.subdomains or name.startswith("xn--"):
            return local, domain
        local = name
    name = local.partition("+")[0].translate(naming.without)
    # What is nothing but a tag, ends in a dot, or isn't ASCII is no account's name there, and stays apart from everybody.
    return (name if name and name[-1] != "." and name.isascii() else local), naming.domain


def _parts(address: str) -> tuple[str, str]:
    """The local part as typed and the domain in ASCII. Plain local parts need no more than a pattern; most are plain."""
    local, _, domain = address.rpartition("@")
    if DOT_ATOM.fullmatch(local):
        ascii_domain = _ascii_domain(domain)
    else:
        try:
            valid = validate_email(address, check_deliverability=False)
        except EmailNotValidError as error:
            raise ValueError(str(error)) from None
        local, ascii_domain = valid.local_part, valid.ascii_domain.lower()
    size_bytes = len(local.encode())
    if size_bytes > LOCAL_LENGTH_MAX or size_bytes + 1 + len(ascii_domain) > ADDRESS_LENGTH_MAX:
        raise ValueError("the address is too long")
    return local, ascii_domain


@lru_cache(4096)
def _ascii_domain(domain: str) -> str:
    """The domain of an address in ASCII. It is the slow part, and few domains make up most addresses. Raises ValueError."""
    try:
        return validate_email(f"a@{domain}", check_deliverability=False).ascii_domain.lower()
    except EmailNotValidError as error:
        raise ValueError(str(error)) from None
