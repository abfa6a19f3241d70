"""Countries: their codes (ISO 3166-1) and, by CLDR, their names."""

import unicodedata
from functools import cache

from babel import Locale

from undersigned.words import languages

# CLDR also names groupings, exceptional reservations and pseudo-regions; nobody lives in those.
NOT_COUNTRIES = {"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"}
CODES = (
    frozenset(code for code in map(str, Locale("en").territories) if len(code) == 2 and code.isalpha()) - NOT_COUNTRIES
)
# Letters of their own, which alphabets have behind another: each with what it follows. The order of replacement matters.
TURKIC = (("\u0130", "i"), ("I", "ı"))
BEHIND = {
    "az": (
        *TURKIC, ("x", "h+"), ("ı", "h++"), ("ç", "c+"), ("ə", "e+"), ("ğ", "g+"), ("q", "k+"),
        ("ö", "o+"), ("ş", "s+"), ("ü", "u+")
    ),
    "tr": (*TURKIC, ("ı", "h+"), ("ç", "c+"), ("ğ", "g+"), ("ö", "o+"), ("ş", "s+"), ("ü", "u+")),
    "hu": (
        ("ö", "o+"), ("ő", "o+"), ("ü", "u+"), ("ű", "u+"), ("cs", "c+"), ("gy", "g+"), ("ly", "l+"), ("ny", "n+"), ("sz", "s+"),
        ("ty", "t+"), ("zs", "z+"),
    ),
    "ru": (("й", "и+"),),
}  # fmt: skip


@cache
def names(language: str = "en") -> dict[str, str]:
    """Names by code, in the order in which a reader of the language looks for them."""
    spoken = languages.figures(language)
    named = [(code, str(spoken.territories.get(code, code))) for code in CODES]
    return dict(sorted(named, key=lambda item: _place(item[1], spoken.language)))


def _place(name: str, language: str) -> tuple[str, str]:
    """Where a name stands: by its letters, then by their accents. (The order of CLDR itself needs ICU.)"""
    letters = name if language in ("az", "tr") else name.casefold()
    for letter, behind in BEHIND.get(language, ()):
        letters = letters.replace(letter, behind.replace("+", "\uffff"))
        if (letter, behind) == TURKIC[-1]:
            letters = letters.casefold()
    plain = unicodedata.normalize("NFD", letters)
    return "".join(sign for sign in plain if not unicodedata.combining(sign)), name
