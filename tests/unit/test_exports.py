"""Exports: what a signer typed is data to every spreadsheet, never a formula."""

import csv
import datetime as dt
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from undersigned.readers.exports import _cell

FORMULA = "=+-@\t\r"


@pytest.mark.parametrize(
    "value",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        '=HYPERLINK("http://example.net","x")',
        "=cmd|' /C calc'!A0",
        ["=1", "b"],
    ],
)
def test_no_cell_starts_a_formula(value: object) -> None:
    assert _cell(value).startswith("'")


@given(st.text(max_size=20) | st.lists(st.text(max_size=6), max_size=3))
def test_whatever_was_typed_is_text(value: str | list[str]) -> None:
    written = _cell(value)
    assert not written.startswith(tuple(FORMULA))
    text = " ".join(value) if isinstance(value, list) else value
    assert written.replace("'", "") == text.replace("'", "")


@pytest.mark.parametrize("separator", [",", ";", "|", "\t", "\n", "; "])
@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20"])
def test_no_formula_starts_behind_a_separator_either(separator: str, sign: str) -> None:
    assert _cell(f"{sign}1") == f"'{sign}1"
    bare = separator.rstrip(" ")
    assert _cell(f"Ada{separator}{sign}1") == f"Ada{bare}'{separator.removeprefix(bare)}{sign}1"


@pytest.mark.parametrize("name", ["Ada", "O'Neill", "Əliyev", "Smith-Jones", "a=b", "می\u200cخواهم", "'quoted'"])
def test_an_ordinary_name_is_left_as_it_is(name: str) -> None:
    assert _cell(name) == name


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, ""),
        ([], ""),
        ({}, ""),
        (0, "0"),
        (True, "True"),
        (["a", "c"], "a c"),
        (b"\xfb\xff", "base64:+/8="),
        ({"utm_source": "=1"}, '{"utm_source":"=1"}'),
        (dt.datetime(2027, 1, 2, 3, 4, 5, tzinfo=dt.UTC), "2027-01-02T03:04:05+00:00"),
    ],
)
def test_a_value_of_any_type_is_written_plainly(value: object, written: str) -> None:
    assert _cell(value) == written


@given(st.lists(st.text(max_size=12), min_size=1, max_size=5))
def test_cells_survive_the_way_through_a_csv_file(values: list[str]) -> None:
    file = io.StringIO(newline="")
    csv.writer(file).writerow([_cell(value) for value in values])
    file.seek(0)
    assert next(csv.reader(file)) == [_cell(value) for value in values]
