"""The picture that a shared link shows (Open Graph): the title, both numbers and the host, drawn once a minute at most."""

import asyncio
import io
import time
from collections import OrderedDict

import msgspec
from PIL import Image, ImageDraw

from undersigned.web.pictures.badge import Shown
from undersigned.web.pictures.colours import LIGHT, channels
from undersigned.web.pictures.lettering import REGULAR, SEMIBOLD, broken, can_write, font, shapes, width

WIDTH, HEIGHT = 1200, 630
PAPER = channels("#f2f1ee")
SHEET, INK, QUIET, LINE, ACCENT = (
    channels(colour) for colour in (LIGHT.sheet, LIGHT.ink, LIGHT.quiet, LIGHT.line, LIGHT.accent)
)
LEFT, RIGHT = 112, 1088
TITLE_TOP, TITLE_HEIGHT = 92, 188
TITLE_SIZES = (78, 70, 62, 54, 47, 41)
FIGURES_AT, NOUNS_AT, SIGNED_AT, INVITED_AT = 374, 422, 508, 549
FIGURE_SIZE, NOUN_SIZE, FIRST_SIZE, GAP = 104, 36, 54, 84
RENDER_EVERY_S = 60
KEPT_MAX = 64


class Content(msgspec.Struct, frozen=True):
    """All that a picture says."""

    title: str
    shown: Shown
    invitation: str
    host: str


class Drawn(msgspec.Struct, frozen=True):
    """A picture as PNG, and what it says."""

    content: Content
    png: bytes
    drawn_at: float


class Cards:
    """The pictures drawn last, by statement and language; however fast a count moves, each is drawn once a minute at most."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, str], Drawn] = OrderedDict()
        self._one_at_a_time = asyncio.Lock()

    async def get(self, slug: str, language: str, content: Content) -> Drawn:
        """The picture of this content, or one that is less than a minute old."""
        key = (slug, language)
        if not self._is_good(key, content):
            async with self._one_at_a_time:
                if not self._is_good(key, content):
                    png = await asyncio.to_thread(draw, content)
                    self._kept[key] = Drawn(content, png, time.monotonic())
                    if len(self._kept) > KEPT_MAX:
                        self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return self._kept[key]

    def _is_good(self, key: tuple[str, str], content: Content) -> bool:
        drawn = self._kept.get(key)
        return drawn is not None and (drawn.content == content or time.monotonic() - drawn.drawn_at < RENDER_EVERY_S)


def draw(content: Content) -> bytes:
    """The picture as PNG, 1200 × 630. A title in a script that the font lacks is left out, and the host stands in its place."""
    picture = Image.new("RGB", (WIDTH, HEIGHT), PAPER)
    pen = ImageDraw.Draw(picture)
    pen.rectangle((40, 36, WIDTH - 41, HEIGHT - 37), fill=SHEET, outline=LINE, width=2)
    pen.rectangle((52, 54, WIDTH - 53, HEIGHT - 49), outline=LINE, width=2)
    pen.rectangle((40, 36, WIDTH - 41, 45), fill=ACCENT)
    title = shapes(content.title)
    _write_title(pen, title if can_write(title) else content.host)
    if content.shown.figures:
        _write_figures(pen, content.shown.figures)
    else:
        sentence = shapes(content.shown.sentence)
        size = int(min(FIRST_SIZE, FIRST_SIZE * (RIGHT - LEFT) / width(sentence, FIRST_SIZE)))
        pen.text((LEFT, FIGURES_AT + 16), sentence, QUIET, font(REGULAR, size), anchor="ls")
    pen.text((LEFT - 5, SIGNED_AT - 2), "×", ACCENT, font(SEMIBOLD, 66), anchor="ls")
    pen.rectangle((LEFT, SIGNED_AT, RIGHT, SIGNED_AT + 2), fill=ACCENT)
    [invitation] = broken(shapes(content.invitation), 28, REGULAR, RIGHT - LEFT, 1)
    pen.text((LEFT, INVITED_AT), invitation, QUIET, font(REGULAR, 28), anchor="ls")
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def _write_title(pen: ImageDraw.ImageDraw, title: str) -> None:
    for size in TITLE_SIZES:
        lines = broken(title, size, SEMIBOLD, RIGHT - LEFT, int(TITLE_HEIGHT // (size * 1.2)))
        if not lines[-1].endswith("…") or size == TITLE_SIZES[-1]:
            break
    for place, text in enumerate(lines):
        pen.text((LEFT, TITLE_TOP + size + place * size * 1.2), text, INK, font(SEMIBOLD, size), anchor="ls")


def _write_figures(pen: ImageDraw.ImageDraw, figures: list[tuple[str, str]]) -> None:
    widths = [max(width(figure, FIGURE_SIZE, SEMIBOLD), width(noun, NOUN_SIZE)) for figure, noun in figures]
    scale = min(1.0, (RIGHT - LEFT - GAP) / sum(widths))
    x = float(LEFT)
    for (figure, noun), wide in zip(figures, widths, strict=True):
        pen.text((x, FIGURES_AT), figure, INK, font(SEMIBOLD, int(FIGURE_SIZE * scale)), anchor="ls")
        pen.text((x, NOUNS_AT), shapes(noun), QUIET, font(REGULAR, int(NOUN_SIZE * scale)), anchor="ls")
        x += wide * scale + GAP
