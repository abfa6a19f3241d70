"""The badge: a picture of a statement's two numbers, as SVG, for anybody's page. This says where everything goes in it."""

from functools import lru_cache
from typing import Literal

import msgspec

from undersigned.statements.published import Statement
from undersigned.tallies.snapshots import Tally
from undersigned.web.pictures.colours import DARK, LIGHT, Palette, with_accent
from undersigned.web.pictures.lettering import REGULAR, SEMIBOLD, broken, one_line, runs_from_right, width
from undersigned.words import languages
from undersigned.words.languages import gettext as _

Theme = Literal["light", "dark", "auto"]
SHOWN_FROM = 10
CARD_WIDTH, PADDING = 420, 28
TITLE_SIZE, TITLE_STEP, TITLE_LINES_MAX = 19, 25, 3
FIGURE_SIZE, NOUN_SIZE, FIRST_SIZE, HOST_SIZE, GAP = 36, 14.5, 22, 13, 36
LINE_HEIGHT, LINE_SIZE, LINE_PADDING, MARK_WIDTH = 44, 16.5, 16, 26
# A browser that has no semi-bold takes a bolder one.
SLACK = 1.06


class Shown(msgspec.Struct, frozen=True):
    """What a picture says of a tally: `figures` with their nouns, none below ten in all; `sentence` says it in words."""

    figures: list[tuple[str, str]]
    sentence: str


def shown(statement: Statement, tally: Tally) -> Shown:
    """In the language in use, which is also the tally's."""
    given = tally.formatted
    if tally.individuals + tally.organisations >= SHOWN_FROM:
        figures = [(given.individuals, given.individuals_noun), (given.organisations, given.organisations_noun)]
        return Shown(figures, given.sentence)
    words = {
        "open": _("Be among the first"),
        "closed": _("Fewer than ten endorsements"),
        "upcoming": _("This opens soon"),
    }
    return Shown([], words[statement.state])


class Word(msgspec.Struct, frozen=True):
    """A text and where its first letter stands; `kind` is its class in the template."""

    kind: str
    text: str
    x: float
    y: float
    from_right: bool
    size: float | None = None


class Badge(msgspec.Struct, frozen=True):
    """What badge.svg draws, in pixels. `mark` is where the signature begins: the × and the line that it stands on."""

    style: Literal["card", "line"]
    width: int
    height: int
    mark: tuple[float, float]
    line_to: float
    words: list[Word]
    label: str
    language: str
    palettes: list[Palette]


def card(statement: Statement, tally: Tally, host: str, theme: Theme, accent: str | None) -> Badge:
    """The title, both numbers, and a line to sign on."""
    told, title = shown(statement, tally), statement.title_in(languages.current())
    rtl = languages.direction(languages.current()) == "rtl"
    room = CARD_WIDTH - 2 * PADDING
    title_rtl = runs_from_right(title)
    y = PADDING + 20.0
    words = []
    for text in _title(title, room):
        words.append(Word("title", text, _side(PADDING, title_rtl), y, title_rtl))
        y += TITLE_STEP
    y += 34
    if told.figures:
        scale, places = _columns(told.figures, room)
        for (figure, noun), place in zip(told.figures, places, strict=True):
            x = _side(PADDING + place, rtl)
            words += [
                Word("figure", figure, x, y, rtl, FIGURE_SIZE * scale),
                Word("noun", noun, x, y + 21, rtl, NOUN_SIZE * scale),
            ]
    else:
        size = min(FIRST_SIZE, FIRST_SIZE * room / (SLACK * width(told.sentence, FIRST_SIZE)))
        words.append(Word("first", told.sentence, _side(PADDING, rtl), y, rtl, size))
    y += 67
    words.append(Word("host", _fitting(invitation(statement, host)), _side(PADDING, rtl), y + 21, rtl))
    return Badge(
        "card",
        CARD_WIDTH,
        card_height(title),
        (_side(PADDING, rtl), y),
        _side(CARD_WIDTH - PADDING, rtl),
        words,
        one_line(f"{title}. {told.sentence}"),
        languages.current(),
        _palettes(theme, accent),
    )


def line(statement: Statement, tally: Tally, theme: Theme, accent: str | None) -> Badge:
    """Both numbers written on a line, as high as a line of text needs."""
    told = shown(statement, tally)
    rtl = languages.direction(languages.current()) == "rtl"
    whole = round(2 * LINE_PADDING + MARK_WIDTH + SLACK * width(told.sentence, LINE_SIZE, SEMIBOLD))
    start = LINE_PADDING + MARK_WIDTH
    return Badge(
        "line",
        whole,
        LINE_HEIGHT,
        (whole - LINE_PADDING if rtl else LINE_PADDING, 33),
        LINE_PADDING if rtl else whole - LINE_PADDING,
        [Word("sentence", told.sentence, whole - start if rtl else start, 26, rtl)],
        one_line(f"{statement.title_in(languages.current())}. {told.sentence}"),
        languages.current(),
        _palettes(theme, accent),
    )


def card_height(title: str) -> int:
    """How high the card with this title is, whatever its numbers: what an <img> reserves for it."""
    return PADDING + 20 + TITLE_STEP * len(_title(title, CARD_WIDTH - 2 * PADDING)) + 34 + 67 + 21 + PADDING - 6


@lru_cache(maxsize=256)
def _title(title: str, room: float) -> list[str]:
    return broken(one_line(title), TITLE_SIZE, SEMIBOLD, room / SLACK, TITLE_LINES_MAX)


def _columns(figures: list[tuple[str, str]], room: float) -> tuple[float, list[float]]:
    """Where each figure stands from the edge, and by how much all must shrink so that they stand side by side."""
    widths = [SLACK * max(width(figure, FIGURE_SIZE, SEMIBOLD), width(noun, NOUN_SIZE)) for figure, noun in figures]
    scale = min(1.0, (room - GAP) / sum(widths))
    return scale, [0.0, widths[0] * scale + GAP]


def called(statement: Statement) -> str:
    """What a link to a statement says in the language in use: an invitation as long as it can be endorsed, or else its title."""
    title = statement.title_in(languages.current())
    return _("Endorse “%(title)s”") % {"title": title} if statement.state == "open" else title


def invitation(statement: Statement, host: str) -> str:
    """What stands below the line to sign on."""
    return _("Endorse at %(host)s") % {"host": host} if statement.state == "open" else host


@lru_cache(maxsize=256)
def _fitting(text: str) -> str:
    [fits] = broken(text, HOST_SIZE, REGULAR, (CARD_WIDTH - 2 * PADDING) / SLACK, 1)
    return fits


def _palettes(theme: Theme, accent: str | None) -> list[Palette]:
    """One, or the light and the dark one to choose from."""
    light, dark = with_accent(LIGHT, accent), with_accent(DARK, accent)
    return {"light": [light], "dark": [dark], "auto": [light, dark]}[theme]


def _side(x: float, from_right: bool) -> float:
    return CARD_WIDTH - x if from_right else x
