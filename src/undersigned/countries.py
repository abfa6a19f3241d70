"""Countries: their codes (ISO 3166-1) and, by CLDR, their names."""

from functools import cache

from babel import Locale

from undersigned import languages

# CLDR also names groupings, exceptional reservations and pseudo-regions; nobody lives in those.
NOT_COUNTRIES = {"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"}
CODES = (
    frozenset(code for code in map(str, Locale("en").territories) if len(code) == 2 and code.isalpha()) - NOT_COUNTRIES
)


@cache
def names(language: str = "en") -> dict[str, str]:
    """Names by code, in the order of the language's alphabet as far as plain sorting gives it."""
    territories = languages.locale(language).territories
    named = [(code, str(territories.get(code, code))) for code in CODES]
    return dict(sorted(named, key=lambda item: item[1].casefold()))
