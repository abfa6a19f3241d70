"""The geometry of charts: round axes, the first and the last point, and everything mirrored for the other direction."""

import datetime as dt
import re

import pytest

from undersigned.tallies import charts
from undersigned.tallies.charts import Point

DAY = dt.datetime(2027, 1, 1, tzinfo=dt.UTC)


def points(*counts: int) -> list[Point]:
    return [Point(DAY + dt.timedelta(days=day), count) for day, count in enumerate(counts)]


def drawn(path: str) -> list[tuple[int, int]]:
    return [(int(x), int(y)) for x, y in re.findall(r"(\d+) (\d+)", path)]


@pytest.mark.parametrize("maximum", [0, 1, 2, 3, 9, 10, 86, 99, 100, 101, 997, 2729, 12345, 999_999, 10**6, 10**9])
def test_an_axis_has_few_round_numbers_and_room_for_the_maximum(maximum: int) -> None:
    marks = charts.ticks(maximum)
    assert marks[0] == 0
    assert maximum <= marks[-1]
    assert 2 <= len(marks) <= 6
    step = marks[1]
    assert marks == list(range(0, marks[-1] + 1, step))
    assert re.fullmatch(r"(1|2|25|5)0*", str(step))


def test_a_line_runs_from_the_first_count_to_the_last_over_zero() -> None:
    line = charts.line(points(0, 50, 100))
    assert line
    assert drawn(line.line) == [(0, 1000), (500, 500), (1000, 0)]
    assert drawn(line.area) == [(0, 1000), *drawn(line.line), (1000, 1000)]
    assert (line.last_x, line.last_y) == (100, 0)
    assert [mark.where for mark in line.days] == [0, 100]
    assert [(mark.count, mark.where) for mark in line.counts] == [(0, 100), (25, 75), (50, 50), (75, 25), (100, 0)]


def test_a_gap_between_days_is_as_wide_as_it_was_long() -> None:
    line = charts.line([Point(DAY, 1), Point(DAY + dt.timedelta(days=1), 2), Point(DAY + dt.timedelta(days=10), 3)])
    assert line
    assert [x for x, _ in drawn(line.line)] == [0, 100, 1000]


def test_mirrored_time_runs_leftwards_and_counts_still_rise() -> None:
    line = charts.line(points(0, 50, 100), mirrored=True)
    assert line
    assert drawn(line.line) == [(1000, 1000), (500, 500), (0, 0)]
    assert line.last_x == 0
    assert [mark.where for mark in line.days] == [100, 0]


@pytest.mark.parametrize("few", [[], points(5), [Point(DAY, 5), Point(DAY, 6)]])
def test_fewer_than_two_moments_are_no_line(few: list[Point]) -> None:
    assert charts.line(few) is None


def test_years_of_days_are_thinned_and_keep_both_ends() -> None:
    many = points(*range(5000))
    kept = charts.thinned(many)
    assert (len(kept), kept[0], kept[-1]) == (charts.POINTS_MAX, many[0], many[-1])
    assert kept == sorted(kept, key=lambda point: point.at)
    assert charts.thinned(many[:3]) == many[:3]


def test_the_largest_countries_come_first_and_all_others_last() -> None:
    cells = {"HU": 40, "AZ": 100, "other": 15, "AT": 12, "DE": 40}
    assert [(bar.key, bar.count, bar.width) for bar in charts.bars(cells, 3)] == [
        ("AZ", 100, 100), ("DE", 40, 40), ("HU", 40, 40), ("other", 27, 27),
    ]  # fmt: skip
    assert [bar.start for bar in charts.bars(cells, 3, mirrored=True)] == [0, 60, 60, 73]
    assert charts.bars({}, 3) == []
