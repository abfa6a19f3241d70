"""What of the counts is published: no small cell ever, nothing that leads to one, and numbers in the reader's language."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from undersigned.tallies.breakdowns import CELL_MIN, fold
from undersigned.tallies.snapshots import formatted

CELLS = st.dictionaries(st.text("abcdefgh", min_size=1, max_size=2), st.integers(0, 40), max_size=12)


@given(CELLS)
def test_no_published_cell_is_under_ten(cells: dict[str, int]) -> None:
    assert all(count >= 10 for count in fold(cells).values())


@given(CELLS)
def test_the_sum_is_kept_or_nothing_is_published(cells: dict[str, int]) -> None:
    total, folded = sum(cells.values()), fold(cells)
    assert sum(folded.values()) == (total if total >= 10 else 0)


@given(CELLS)
def test_a_shown_cell_is_exact_and_other_hides_no_single_small_one(cells: dict[str, int]) -> None:
    folded = fold(cells)
    assert all(cells[key] == count for key, count in folded.items() if key != "other")
    hidden = [count for key, count in cells.items() if count and key not in folded]
    assert ("other" in folded) == bool(hidden and sum(hidden) >= 10)
    assert len(hidden) != 1 or hidden[0] < 10


@given(CELLS, st.randoms())
def test_the_order_of_the_cells_does_not_matter(cells: dict[str, int], random: Random) -> None:
    shuffled = list(cells.items())
    random.shuffle(shuffled)
    assert fold(dict(shuffled)) == fold(cells)


@pytest.mark.parametrize(
    ("cells", "folded"),
    [
        ({}, {}),
        ({"AM": 9}, {}),
        ({"AM": 5, "AZ": 4}, {}),
        ({"AM": 10}, {"AM": 10}),
        ({"AM": 5, "AZ": 5}, {"other": 10}),
        ({"AM": 30, "AZ": 20, "HU": 12, "DE": 3}, {"AM": 30, "AZ": 20, "other": 15}),
        ({"AM": 30, "AZ": 20, "DE": 6, "HU": 4}, {"AM": 30, "AZ": 20, "other": 10}),
        ({"AM": 30, "AZ": 0}, {"AM": 30}),
        ({"AM": 30, "DE": 1}, {"other": 31}),
    ],
)
def test_other_takes_in_the_next_cell_until_it_holds_ten(cells: dict[str, int], folded: dict[str, int]) -> None:
    assert fold(cells) == folded
    assert CELL_MIN == 10


def test_both_numbers_are_said_with_their_nouns() -> None:
    said = formatted(12345, 1, "en")
    assert said.sentence == "12,345 people · 1 organisation"
    assert (said.individuals, said.individuals_noun, said.organisations_noun) == ("12,345", "people", "organisation")
