"""The geometry of charts: pure numbers, which a template draws as SVG. Widths are per cent of the drawing's own width."""

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from typing import TypeVar

import msgspec

T = TypeVar("T")

POINTS_MAX = 120
# The drawing of a line has a square of this many units, stretched to its place on the page.
UNITS = 1000
ROUND_STEPS = (1, 2, 2.5, 5, 10)


class Point(msgspec.Struct, frozen=True):
    """A count at a time."""

    at: dt.datetime
    count: int


class Mark(msgspec.Struct, frozen=True):
    """A label on an axis: how far along it, in per cent, and what it stands for."""

    where: float
    count: int = 0
    at: dt.datetime | None = None


class Line(msgspec.Struct, frozen=True):
    """A line over time: `line` and `area` as SVG paths in UNITS, the axes' marks, and where the last point lies in per cent."""

    line: str
    area: str
    counts: list[Mark]
    days: list[Mark]
    last_x: float
    last_y: float


class Bar(msgspec.Struct, frozen=True):
    """A bar of a key's count; `width` and `start` in per cent."""

    key: str
    count: int
    width: float
    start: float


def line(points: Sequence[Point], *, mirrored: bool = False) -> Line | None:
    """The line through counts, from zero up to a round number; None for fewer than two. Mirrored, time runs leftwards."""
    kept = thinned(points)
    if len(kept) < 2 or kept[0].at == kept[-1].at:
        return None
    counts = ticks(max(point.count for point in kept))
    top, begin, span_s = counts[-1], kept[0].at, (kept[-1].at - kept[0].at).total_seconds()

    def x(at: dt.datetime) -> float:
        share = (at - begin).total_seconds() / span_s
        return 1 - share if mirrored else share

    def y(count: int) -> float:
        return 1 - count / top

    drawn = " L".join(f"{x(p.at) * UNITS:.0f} {y(p.count) * UNITS:.0f}" for p in kept)
    return Line(
        line=f"M{drawn}",
        area=f"M{x(begin) * UNITS:.0f} {UNITS} L{drawn} L{x(kept[-1].at) * UNITS:.0f} {UNITS}Z",
        counts=[Mark(round(y(count) * 100, 2), count) for count in counts],
        days=[Mark(round(x(at) * 100, 2), at=at) for at in (begin, kept[-1].at)],
        last_x=round(x(kept[-1].at) * 100, 2),
        last_y=round(y(kept[-1].count) * 100, 2),
    )


def thinned(points: Sequence[T]) -> list[T]:
    """At most 120 of the points, evenly, the first and the last among them."""
    if len(points) <= POINTS_MAX:
        return list(points)
    step = (len(points) - 1) / (POINTS_MAX - 1)
    return [points[round(place * step)] for place in range(POINTS_MAX)]


def ticks(maximum: int) -> list[int]:
    """Round numbers from 0 to at least the maximum: up to five whole steps of 1, 2, 2.5 or 5 times a power of ten."""
    rough = max(maximum, 1) / 4
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in ROUND_STEPS if power * factor >= rough and (power * factor).is_integer())
    return [round(step * place) for place in range(math.ceil(max(maximum, 1) / step) + 1)]


def bars(cells: Mapping[str, int], shown_max: int, *, mirrored: bool = False) -> list[Bar]:
    """The largest cells, largest first; `other` comes last, and takes in those for which there is no room."""
    ranked = sorted(
        ((count, key) for key, count in cells.items() if key != "other"), key=lambda cell: (-cell[0], cell[1])
    )
    shown = [(key, count) for count, key in ranked[:shown_max]]
    rest = cells.get("other", 0) + sum(count for count, _ in ranked[shown_max:])
    shown += [("other", rest)] if rest else []
    longest = max((count for _, count in shown), default=1)
    return [
        Bar(key, count, width := max(round(count / longest * 100, 2), 0.5), round(100 - width, 2) if mirrored else 0.0)
        for key, count in shown
    ]
