"""The mailbox an address belongs to: what is proven and counted once. Its rules decide keys, so they are pinned."""

import re
import unicodedata
from functools import lru_cache

import msgspec
from email_validator import EmailNotValidError, validate_email

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
    local = _folded(typed)
    if domain in CANONICAL:
        domain, rule = CANONICAL[domain]
        local = local.partition("+")[0] or local
        if rule:
            local = local.replace(".", "")
    return Mailbox(address=address, key=f"{local}@{domain}")


def _folded(local: str) -> str:
    """A local part with its ASCII letters in lower case. More would merge people: to most servers ß is not ss, nor ς σ."""
    return re.sub("[A-Z]+", lambda capitals: capitals[0].lower(), unicodedata.normalize("NFC", local))


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
