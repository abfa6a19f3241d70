"""Text without what nobody sees: pasted text brings marks along that would be an error, or a second identity, unseen."""

import re
import unicodedata

# Only the overrides are missing among the direction marks: they turn around what is seen, and are refused where they occur.
_NOTHING = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u202a\u202b\u202c\ufeff\ufffc"
    "\u2060\u2061\u2062\u2063\u2064\u2066\u2067\u2068\u2069\u206a\u206b\u206c\u206d\u206e\u206f"
)
_TAGS = range(0xE0000, 0xE0080)
# The filler letters of Hangul and the empty pattern of Braille look like spaces and are typed as such.
_UNSEEN = dict.fromkeys([*map(ord, _NOTHING), *_TAGS]) | dict.fromkeys(map(ord, "\u3164\uffa0\u2800"), " ")

JOINERS = "\u200c\u200d"
_BINDING = re.compile("[\u200c\u200d\ufe00-\ufe0f]")
_JOINERS_TOGETHER = re.compile("([\u200c\u200d])[\u200c\u200d]+")


def typed(text: str) -> str:
    """An address or a link as it was meant: nothing invisible within it, and no space or line break around it."""
    if text.isascii():
        return text.strip()
    return _bound(text.translate(_UNSEEN)).strip()


def seen(text: str) -> str:
    """A line as it is seen, in NFC: nothing invisible, and a single space for any number of spaces, tabs and line breaks."""
    if text.isascii():
        return " ".join(text.split())
    spaced = " ".join(unicodedata.normalize("NFC", text.translate(_UNSEEN)).split())
    return unicodedata.normalize("NFC", _bound(spaced))


def _bound(text: str) -> str:
    """The text with those joiners and variation selectors only that do something.

    Persian and Indic letters and pictures need them. Between letters that have capitals they are one more way to write the
    same name.
    """
    if not _BINDING.search(text):
        return text
    text, base = _JOINERS_TOGETHER.sub(r"\1", text), ""
    kept = []
    for at, c in enumerate(text):
        if c in JOINERS:
            if not (_binds(base) and _binds(text[at + 1 : at + 2])):
                continue
        elif _BINDING.match(c):
            if not _binds(base):
                continue
        elif unicodedata.category(c)[0] != "M":
            base = c
        kept.append(c)
    return "".join(kept)


def _binds(c: str) -> bool:
    return bool(c) and c not in JOINERS and unicodedata.category(c)[0] in "LMS" and c.lower() == c.upper()
