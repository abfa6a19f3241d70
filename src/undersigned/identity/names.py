"""Names in any script, cleaned of what can't be seen and refused when they would carry something else."""

import re
import unicodedata

from undersigned.identity import domains

NAME_LENGTH_MAX = 100
ORGANISATION_NAME_LENGTH_MAX = 200

STRAY_MARKS = dict.fromkeys(map(ord, "\u200e\u200f\u061c\ufeff"))
JOINERS = "\u200c\u200d"
LINK = re.compile(r"://|www\.|@|\\|\.xn--", re.IGNORECASE)
# Letters by their category, but nothing that anybody sees.
FILLERS = frozenset("\u115f\u1160\u3164\uffa0")
PILED_UP = re.compile(r"[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]{5}")
DOMAIN = re.compile(r"[^\W_][\w-]+\.([^\W\d_]{2,})(?![\w.])")


class UnacceptableName(ValueError):
    """A name that can't be accepted; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def clean(name: str, *, length_max: int = NAME_LENGTH_MAX, domains: bool = False) -> str:
    """The name in NFC, with single spaces and without stray direction marks.

    Joiners stay: Persian and Indic names need them. `domains` allows a bare domain, which some organisations are named
    after. Raises UnacceptableName with `required`, `too_long`, `name_characters` (controls, bidirectional overrides, private
    or unassigned characters, nothing that is a letter) or `name_link`.
    """
    name = unicodedata.normalize("NFC", name.translate(STRAY_MARKS))
    name = re.sub(r"[ \u00a0\u2000-\u200a\u202f\u3000]+", " ", name).strip(" " + JOINERS)
    if not name:
        raise UnacceptableName("required")
    if len(name) > length_max:
        raise UnacceptableName("too_long")
    if any(
        (unicodedata.category(c)[0] == "C" and c not in JOINERS) or unicodedata.category(c) in ("Zl", "Zp")
        for c in name
    ):
        raise UnacceptableName("name_characters")
    if not any(unicodedata.category(c)[0] == "L" and c not in FILLERS for c in name) or PILED_UP.search(name):
        raise UnacceptableName("name_characters")
    if LINK.search(name) or (not domains and _has_domain(name)):
        raise UnacceptableName("name_link")
    return name


def _has_domain(name: str) -> bool:
    # "Dipl.Ing" and "Prof.Dr" are titles, "casino.com" is not: a suffix in use, written the way addresses are.
    return any(
        (found[1].islower() or found[0].isupper()) and domains.is_known_suffix(found[1])
        for found in DOMAIN.finditer(name)
    )
