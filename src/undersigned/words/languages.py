"""The languages of pages, embeds and mails: a gettext catalogue each, and CLDR for numbers, dates and the names of countries.

What is said is looked up in the language that is being spoken (`speaking`), as gettext does it; the source is en-GB.
"""

import datetime as dt
import gettext as gnu
import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path

import msgspec
from babel import Locale, dates, lists, numbers
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

CATALOGUES = Path(__file__).parent / "locales"
# Mailed links name a language by its place here: new ones come at the end, and none is taken away.
LANGUAGES = ("en", "az", "hy", "ru", "tr", "hu", "de", "fr")
# English made longer, and English written from right to left: whoever draws a page sees at once what isn't ready for it.
PSEUDO_LANGUAGES = ("en-XA", "ar-XB")
NAMES = {
    "en": "English", "az": "Azərbaycanca", "hy": "Հայերեն", "ru": "Русский", "tr": "Türkçe", "hu": "Magyar", "de": "Deutsch",
    "fr": "Français",
}  # fmt: skip
REVIEWED_BY = re.compile(r"^# ?Reviewed by: *(\S.*)$", re.MULTILINE)
# What stands in a message for something else: %(name)s, {name}, a tag.
PLACEHOLDER = re.compile(r"(%\(\w+\)s|\{\w+\}|<[^>]*>|&\w+;)")


class Speaking(msgspec.Struct, frozen=True):
    """The language in use, and whether it was asked for by name, so that links have to carry it along."""

    language: str = "en"
    asked_for: bool = False


_speaking: ContextVar[Speaking] = ContextVar("speaking", default=Speaking())  # noqa: B039 -- it is frozen


def in_use() -> Speaking:
    """The language in use, and whether links carry it along: all that a page's words depend on."""
    return _speaking.get()


def current() -> str:
    """The language in use: one of LANGUAGES or PSEUDO_LANGUAGES."""
    return _speaking.get().language


@contextmanager
def speaking(language: str, *, asked_for: bool = False) -> Iterator[None]:
    """Within, everything is said in this language. It is the task's own: others speak theirs."""
    token = _speaking.set(Speaking(choose(language), asked_for))
    try:
        yield
    finally:
        _speaking.reset(token)


def choose(wish: str | None) -> str:
    """The language to use for a language tag such as `hy` or `de-AT`: English where there is no catalogue for it."""
    return known(wish) or "en"


def known(wish: str | None) -> str | None:
    """The language of ours that a tag asks for (RFC 4647 lookup by its first subtag), or None.

    WordPress and POSIX write one as `de_DE_formal` or `az_AZ.UTF-8`.
    """
    tag = (wish or "").strip().lower()
    for language in PSEUDO_LANGUAGES:
        if tag == language.lower():
            return language
    primary = re.split("[-_.@]", tag, maxsplit=1)[0]
    return primary if primary in LANGUAGES else None


def negotiate(accept_language: str) -> str:
    """The language of ours that a browser likes best (RFC 9110, 12.5.4)."""
    wishes = []
    for place, wish in enumerate(accept_language.split(",")[:20]):
        tag, _, quality = wish.partition(";q=")
        try:
            weight = float(quality or 1)
        except ValueError:
            weight = 0.0
        if (language := known(tag)) and weight > 0:
            wishes.append((-weight, place, language))
    return min(wishes)[2] if wishes else "en"


def number_of(language: str | None = None) -> int:
    """The number of a language, by default of the one in use, in a mailed link: one byte, the same for ever."""
    language = language or current()
    return LANGUAGES.index(language) if language in LANGUAGES else 255 - PSEUDO_LANGUAGES.index(language)


def numbered(number: int) -> str | None:
    """The language with this number, or None."""
    if number < len(LANGUAGES):
        return LANGUAGES[number]
    return PSEUDO_LANGUAGES[255 - number] if 255 - number < len(PSEUDO_LANGUAGES) else None


def link(url: str) -> str:
    """A link on this site that goes on in the language somebody asked for by name."""
    now = _speaking.get()
    return link_in(now.language, url) if now.asked_for else url


def link_in(language: str, url: str) -> str:
    """A link on this site that leads to a page in this language."""
    path, hash_mark, fragment = url.partition("#")
    return f"{path}{'&' if '?' in path else '?'}lang={language}{hash_mark}{fragment}"


# What is said ------------------------------------------------------------------------------------------------------------


def noop(message: str) -> str:
    """Marks a message for the catalogues where it is written; it is translated where it is said."""
    return message


def gettext(message: str) -> str:
    """The message in the language in use."""
    return translations(current()).gettext(message)


def ngettext(singular: str, plural: str, number: int) -> str:
    """The form of the message for this number, by the language's own rules."""
    return translations(current()).ngettext(singular, plural, number)


def pgettext(context: str, message: str) -> str:
    """The message where its English alone would be ambiguous."""
    return translations(current()).pgettext(context, message)


def npgettext(context: str, singular: str, plural: str, number: int) -> str:
    return translations(current()).npgettext(context, singular, plural, number)


def catalogue(language: str) -> Catalog:
    """A language's catalogue as it lies in the repository."""
    with (CATALOGUES / f"{language}.po").open("rb") as file:
        return read_po(file, language, domain="undersigned")


@cache
def translations(language: str) -> gnu.NullTranslations:
    if language == "en":
        return gnu.NullTranslations()
    if language in PSEUDO_LANGUAGES:
        return _Pseudo(_longer if language == "en-XA" else _mirrored)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue(language))
    compiled.seek(0)
    return gnu.GNUTranslations(compiled)


@cache
def reviewer(language: str) -> str | None:
    """Who vouches for a language's catalogue, from its `# Reviewed by:` line; None if nobody does yet. English is the source."""
    if language == "en" or language in PSEUDO_LANGUAGES:
        return "the source"
    found = REVIEWED_BY.search(catalogue(language).header_comment)
    return found[1] if found else None


class _Pseudo(gnu.NullTranslations):
    """English that is said in a way which shows what a page does with it."""

    def __init__(self, say: Callable[[str], str]) -> None:
        super().__init__()
        self._say = say

    def gettext(self, message: str) -> str:
        return "".join(
            part if PLACEHOLDER.fullmatch(part) else self._say(part) for part in PLACEHOLDER.split(message) if part
        )

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return self.gettext(msgid1 if n == 1 else msgid2)

    def pgettext(self, context: str, message: str) -> str:
        return self.gettext(message)

    def npgettext(self, context: str, msgid1: str, msgid2: str, n: int) -> str:
        return self.ngettext(msgid1, msgid2, n)


def _longer(text: str) -> str:
    return re.sub(r"[aeiou]", lambda vowel: vowel[0] + "\u0301" + vowel[0], text)


def _mirrored(text: str) -> str:
    # Each word is overridden to run from right to left, so that English behaves as Arabic does.
    return re.sub(r"\S+", lambda word: f"\u202e{word[0]}\u202c", text)


# What CLDR knows -----------------------------------------------------------------------------------------------------------


@cache
def locale(language: str | None = None) -> Locale:
    """The CLDR locale of a language; en-GB for English, and Arabic's directions for the language that mirrors."""
    tag = {"en": "en_GB", "en-XA": "en_GB", "ar-XB": "ar"}.get(language or "", language or "")
    return Locale.parse(tag or "en_GB")


def called(language: str) -> str:
    """What the language in use calls another; its tag where CLDR doesn't say."""
    return str(figures().languages.get(language, language))


def direction(language: str) -> str:
    """`ltr` or `rtl`."""
    return locale(language).text_direction


def named(*codes: str) -> str:
    """The names of languages in the language in use, as one lists them in a sentence."""
    spoken = figures(None)
    return lists.format_list([str(spoken.languages.get(code, code)) for code in codes], locale=spoken)


def number(value: int, language: str | None = None) -> str:
    """A whole number as the language writes it."""
    return numbers.format_decimal(value, locale=figures(language))


def percent(share: float, language: str | None = None) -> str:
    """A share of 1 in per cent, with one decimal."""
    written = figures(language)
    whole = str(written.percent_formats[None].pattern)
    return numbers.format_percent(share, whole.replace("##0", "##0.0"), locale=written)


def day(date: dt.date) -> str:
    """A day in long form."""
    return dates.format_date(date, "long", locale=figures())


def partial_day(date: str) -> str:
    """A date that may be known to the month or the year only (`YYYY`, `YYYY-MM` or `YYYY-MM-DD`), in long form."""
    year, _, rest = date.partition("-")
    if not rest:
        return year
    if "-" in rest:
        return day(dt.date.fromisoformat(date))
    return dates.format_skeleton("yMMMM", dt.date(int(year), int(rest), 1), locale=figures())


def moment(time: dt.datetime, zone: dt.tzinfo = dt.UTC) -> str:
    """A moment to the minute as the clocks of a time zone show it, its own if it has one, and how far these are from UTC."""
    zoned = time.astimezone(zone) if time.tzinfo is dt.UTC else time
    words = dates.format_datetime(zoned, "long", locale=figures()).replace(zoned.strftime(":%S"), "", 1)
    said, _, name = words.rpartition(" ")
    return f"{said}\N{NO-BREAK SPACE}{dates.get_timezone_gmt(zoned, locale=figures()) if zoned.utcoffset() else name}"


def hence(seconds: int) -> str:
    """A time from now, such as “in 5 seconds”; from two minutes on in whole ones, rather too long than too short."""
    seconds = seconds if seconds < 120 else -(-seconds // 60) * 60
    return dates.format_timedelta(dt.timedelta(seconds=seconds), threshold=2, add_direction=True, locale=figures())


def figures(language: str | None = None) -> Locale:
    """The CLDR locale in which a language writes numbers, dates and names; plain English for those that only mirror it."""
    language = language or current()
    return locale("en" if language in PSEUDO_LANGUAGES else language)
