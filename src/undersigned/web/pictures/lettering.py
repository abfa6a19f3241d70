"""How wide words are, and where their lines break: for pictures, which have no browser to lay them out.

The fonts are our own copies, so that a picture is the same on every machine: Latin, Greek, Cyrillic and Armenian letters.
"""

import re
import unicodedata
from functools import cache
from pathlib import Path

from PIL.ImageFont import FreeTypeFont, truetype

FONTS = Path(__file__).parent / "fonts"
MEASURED_AT = 100
REGULAR, SEMIBOLD = 400, 600
ELLIPSIS = "…"
NOT_IN_XML = re.compile("[^\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, 2.2, without the white space


@cache
def font(weight: int, size: int) -> FreeTypeFont:
    """Noto Serif in this weight, REGULAR or SEMIBOLD, and size in pixels."""
    return truetype(FONTS / f"noto-serif-{weight}.woff2", size)


def width(text: str, size: float, weight: int = REGULAR) -> float:
    """How wide a text becomes, in the unit of `size`. Browsers' own serifs are hardly ever wider than this one."""
    ours, wide = [], 0
    for character in text:
        # Scripts that aren't in the font: an ideograph fills its square, and all others stay well below that.
        if unicodedata.east_asian_width(character) in "WF":
            wide += 1
        else:
            ours.append(character)
    return size * (font(weight, MEASURED_AT).getlength("".join(ours)) / MEASURED_AT + wide)


@cache
def _has(character: str) -> bool:
    missing = font(REGULAR, 32).getmask("\uffff")
    drawn = font(REGULAR, 32).getmask(character)
    return (drawn.size, bytes(drawn)) != (missing.size, bytes(missing))


def can_write(text: str) -> bool:
    """Whether the font has every character of a text."""
    return all(_has(character) for character in text)


def one_line(text: str) -> str:
    """The text on one line, with nothing in it that XML can't hold."""
    return " ".join(NOT_IN_XML.sub(" ", text).split(" "))


def shapes(text: str) -> str:
    """The text without what only guides its layout: directions, joiners, soft hyphens."""
    return "".join(character for character in one_line(text) if unicodedata.category(character) != "Cf")


def runs_from_right(text: str) -> bool:
    """Whether the first letter with a direction runs from right to left (UAX #9, rule P2)."""
    for character in text:
        bidirectional = unicodedata.bidirectional(character)
        if bidirectional in ("L", "R", "AL"):
            return bidirectional != "L"
    return False


def broken(text: str, size: float, weight: int, room: float, lines_max: int) -> list[str]:
    """The text in lines no wider than `room`, about equally long; what doesn't fit into `lines_max` ends in an ellipsis."""
    words = _pieces(text.split(), size, weight, room)
    lines = _filled(words, size, weight, room) or [""]
    if len(lines) > lines_max:
        return [*lines[: lines_max - 1], _cut(" ".join(lines[lines_max - 1 :]), size, weight, room)]
    # The narrowest measure that needs no more lines: a last line of one word looks like a mistake.
    low, high = 0.0, room
    while high - low > size / 4:
        middle = (low + high) / 2
        tried = _filled(words, size, weight, middle)
        if len(tried) > len(lines) or any(width(line, size, weight) > middle for line in tried):
            low = middle
        else:
            high = middle
    return _filled(words, size, weight, high) or [""]


def _filled(words: list[str], size: float, weight: int, room: float) -> list[str]:
    lines: list[str] = []
    for word in words:
        if lines and width(f"{lines[-1]} {word}", size, weight) <= room:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def _pieces(words: list[str], size: float, weight: int, room: float) -> list[str]:
    """The words, with those cut up that are wider than a line, as languages without spaces write."""
    pieces = []
    for word in words:
        while width(word, size, weight) > room and len(word) > 1:
            length = next(n for n in range(len(word) - 1, 0, -1) if n == 1 or width(word[:n], size, weight) <= room)
            pieces.append(word[:length])
            word = word[length:]
        pieces.append(word)
    return pieces


def _cut(text: str, size: float, weight: int, room: float) -> str:
    while text and width(text + ELLIPSIS, size, weight) > room:
        text = text[:-1].rstrip()
    return text + ELLIPSIS
