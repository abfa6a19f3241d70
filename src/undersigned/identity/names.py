"""Names in any script, cleaned of what can't be seen and refused when they would carry something else."""

import re
import unicodedata

from undersigned.identity import domains, visible
from undersigned.identity.visible import JOINERS

NAME_LENGTH_MAX = 100
ORGANISATION_NAME_LENGTH_MAX = 200
# A name that is longer, or has more digits, than names have could be a message.
PLAIN_LENGTH_MAX = 80
PLAIN_DIGITS_MAX = 6

LINK = re.compile(r"://|www\.|@|\\|\.xn--", re.IGNORECASE)
PILED_UP = re.compile(r"[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]{5}")
DOMAIN = re.compile(r"([^\W_][\w-]+)\.([^\W\d_]{2,})(?![\w.])")
# Titles that are written together with a dot, where what follows is a top-level domain too: "Dr.med", "Dipl.ing", "Mag.art".
TITLES = frozenset(
    {"ao", "bc", "bsc", "dipl", "dott", "doz", "dr", "drs", "hon", "ing", "inż", "jr", "lic", "lt",
     "mag", "mgr", "mr", "msc", "mudr", "phdr", "priv", "prof", "sr", "univ"}
)  # fmt: skip
DEGREES = frozenset(
    {"art", "ba", "dental", "eng", "esq", "ing", "ir", "law", "ma", "mba", "med", "msc", "phd", "prof", "sc", "univ", "vet"}
)  # fmt: skip


# What mail programs make links of by themselves, however it is written: "Evil.com", "evil。com", "bit.ly/x".
DOTTED = re.compile(r"[^\W_][.\u3002]([^\W\d_]{2,})")
NUMBERS = re.compile(r"\d{1,3}(\.\d{1,3}){3}")


class UnacceptableName(ValueError):
    """A name that can't be accepted; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def clean(name: str, *, length_max: int = NAME_LENGTH_MAX, domains: bool = False) -> str:
    """The name in NFC, with single spaces and without what nobody sees (`visible.seen`).

    `domains` allows a bare domain, which some organisations are named after. Raises UnacceptableName with `required`,
    `too_long`, `name_characters` (controls, what turns the direction around, private or unassigned characters, nothing that is a
    letter by itself) or `name_link`.
    """
    name = visible.seen(name)
    if not name:
        raise UnacceptableName("required")
    if len(name) > length_max:
        raise UnacceptableName("too_long")
    if any(unicodedata.category(c)[0] == "C" and c not in JOINERS for c in name):
        raise UnacceptableName("name_characters")
    # Marks and modifiers (Lm: ʼ, ʰ, ー) are something only beside a letter.
    if not any(unicodedata.category(c) in ("Lu", "Ll", "Lt", "Lo") for c in name) or PILED_UP.search(name):
        raise UnacceptableName("name_characters")
    if LINK.search(name) or (not domains and _has_domain(name)):
        raise UnacceptableName("name_link")
    return name


def calls_elsewhere(name: str) -> bool:
    """Whether a name could lead its reader somewhere: by an address, by what could be a phone number, or by its mere length.

    An organisation may be called so, but nobody should get such a name in a mail, or count before somebody looked at it.
    """
    plain = unicodedata.normalize("NFKC", name)
    return (
        len(plain) > PLAIN_LENGTH_MAX
        or sum(c.isdecimal() for c in plain) > PLAIN_DIGITS_MAX
        or bool(LINK.search(plain) or NUMBERS.search(plain))
        or any(domains.is_known_suffix(found[1]) for found in DOTTED.finditer(plain))
    )


def _has_domain(name: str) -> bool:
    # "Dipl.Ing" and "Prof.Dr" are titles, "casino.com" is not: a suffix in use, written the way addresses are.
    return any(
        (found[2].islower() or found[1].isupper())
        and not (found[1].lower() in TITLES and found[2].lower() in DEGREES)
        and domains.is_known_suffix(found[2])
        for found in DOMAIN.finditer(name)
    )
