"""Names in any script: kept as they are, cleaned of what can't be seen, refused when they carry something else."""

import unicodedata

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from undersigned.identity import names, visible


def refusal(name: str, *, length_max: int = names.NAME_LENGTH_MAX, domains: bool = False) -> str:
    with pytest.raises(names.UnacceptableName) as refused:
        names.clean(name, length_max=length_max, domains=domains)
    return refused.value.code


@pytest.mark.parametrize(
    "name",
    [
        "Ada",
        "X",
        "Արամ Խաչատրյան",
        "Əliyev Ülvi",
        "Пётр Ильич Чайковский",
        "می\u200cخواهم",
        "क्\u200dष",
        "Kőrösi Csoma Sándor",
        "Nguyễn Thị Hạnh",
        "王小明",
        "김철수",
        "გიორგი",
        "محمد بن سلمان",
        "O'Neill-Smith Jr.",
        "D’Arcy · Ñuñez",
        "Maria Ⅱ",
        "ʻOkina Kaʻiulani",
        "Leser ❤\ufe0f Bücher",
        "Familie 👩\u200d👩\u200d👧",
        "𠮷田",
    ],
)
def test_a_name_in_any_script_is_kept_as_it_is(name: str) -> None:
    assert names.clean(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "Dipl.Ing Ada",
        "Prof.Dr. Ada",
        "Dr.med. Ada",
        "Dr.med Anna Be",
        "dr.med anna be",
        "DR.MED. ANNA BE",
        "Univ.prof Ada",
        "Dipl.ing Ada",
        "Mag.art Ada",
        "Mgr.art Ada",
        "Ada Jr.phd",
        "Dipl.-Ing. Ada",
        "J.R.R. Tolkien",
        "A.B.Ada",
        "Ada B.Sc",
        "St.John",
        "Ada, Ph.D.",
    ],
)
def test_titles_and_initials_are_no_domains(name: str) -> None:
    assert names.clean(name) == name


def test_persian_keeps_its_joiner_within_a_word_and_loses_it_at_the_ends() -> None:
    assert names.clean("\u200cمی\u200cخواهم\u200d ") == "می\u200cخواهم"


@pytest.mark.parametrize(
    "mark", [*"\u00ad\u034f\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u2060\u2063\ufe0f\ufeff\ufffc", "\U000e0041"]
)
def test_what_nobody_sees_is_left_out(mark: str) -> None:
    assert names.clean(f"{mark}Ada{mark} Love{mark}lace{mark}") == "Ada Lovelace"


@pytest.mark.parametrize("space", [*"\t\n\v\f\r\x85\u00a0\u2028\u2029\u3000\u3164\u2800", "\r\n", "\n\n \t"])
def test_pasted_tabs_and_line_breaks_are_spaces(space: str) -> None:
    assert names.clean(f"{space}Ada{space}Lovelace{space}") == "Ada Lovelace"


@pytest.mark.parametrize(
    ("start", "end"), ["\u202a\u202c", "\u202b\u202c", "\u2066\u2069", "\u2067\u2069", "\u2068\u2069"]
)
def test_the_marks_that_telephones_wrap_names_in_are_left_out(start: str, end: str) -> None:
    assert names.clean(f"{start}Ada Lovelace{end}") == "Ada Lovelace"


@pytest.mark.parametrize("control", [*"\u202d\u202e"])
def test_what_turns_around_what_is_read_is_refused(control: str) -> None:
    assert refusal(f"Ada{control}Lovelace") == "name_characters"


@pytest.mark.parametrize("character", [*"\0\a\b\x1b\x7f\ufff9", "\ud800", "\ue000", "\uffff", "\u0378"])
def test_what_means_nothing_is_refused(character: str) -> None:
    assert refusal(f"Ada{character}Lovelace") == "name_characters"


@pytest.mark.parametrize("name", ["123", "...", "🙂", "☭", "\u0301", "- -", "Ⅱ", "ʼ", "ʰʷ", "ʼ\u0301", "ー", "ˡ"])
def test_a_name_has_a_letter(name: str) -> None:
    assert refusal(name) == "name_characters"


@pytest.mark.parametrize(
    "name",
    ["", " ", "\t\n", "\u00a0\u3000", "\u200e\u200f", "\u200c\u200d", "\ufeff", "\u3164", "\u2800", "\u115f\u1160"],
)
def test_what_looks_empty_is_missing(name: str) -> None:
    assert refusal(name) == "required"


@pytest.mark.parametrize(
    "name",
    [
        "http://example.net",
        "see HTTPS://example.net",
        "www.example",
        "WWW.EXAMPLE",
        "ada@example.org",
        "Ada @ada",
        "casino.com",
        "Win at casino.com now",
        "CASINO.COM",
        "casino.co.uk",
        "казино.рф",
        "dr.casino",
        "prof.dr.casino.com",
        "dr.com",
        "\\\\server\\share",
    ],
)
def test_links_and_addresses_are_refused(name: str) -> None:
    assert refusal(name) == "name_link"


def test_only_an_organisation_may_be_named_after_its_domain() -> None:
    assert names.clean("booking.com", domains=True) == "booking.com"
    assert refusal("booking.com") == "name_link"
    for name in ("https://booking.com", "www.booking.com", "info@booking.com"):
        assert refusal(name, domains=True) == "name_link"


def test_a_hundred_characters_fit_and_one_more_does_not() -> None:
    assert names.clean("é" * 100) == "é" * 100
    assert refusal("é" * 101) == "too_long"
    assert names.clean("x" * 200, length_max=names.ORGANISATION_NAME_LENGTH_MAX) == "x" * 200
    assert refusal("x" * 201, length_max=names.ORGANISATION_NAME_LENGTH_MAX) == "too_long"


def test_the_length_is_that_of_the_cleaned_name() -> None:
    assert names.clean("e\u0301" * 100 + " \u200e" * 50) == "é" * 100


def test_a_name_is_composed_and_singly_spaced() -> None:
    assert names.clean("  Zoe\u0308 \u00a0\u2003 A\u030angstro\u0308m\u3000") == "Zoë Ångström"


PASTED = st.text(
    st.one_of(st.characters(), st.sampled_from("ab ا ميक्❤👩🏽\u200c\u200d\ufe0f\u0301\u00ad\t\u202e")), max_size=120
)


@given(PASTED)
def test_a_cleaned_name_is_clean(name: str) -> None:
    try:
        cleaned = names.clean(name)
    except names.UnacceptableName as error:
        event(error.code)
        return
    assert names.clean(cleaned) == cleaned
    assert unicodedata.is_normalized("NFC", cleaned)
    assert 1 <= len(cleaned) <= 100
    assert all(unicodedata.category(c)[0] != "C" or c in visible.JOINERS for c in cleaned)
    assert cleaned.split() == cleaned.split(" ")


def test_the_longest_hostile_name_is_read_in_no_time() -> None:
    # Catastrophic backtracking would take minutes here.
    assert refusal("a." * 50_000 + "a") == "too_long"
    assert names.clean("a-" * 50) == "a-" * 50
    assert refusal("م" + "\u200c\u200d" * 50_000 + "م" * 100) == "too_long"


@pytest.mark.parametrize(
    "name",
    [
        "see evil.com",
        "EVIL.COM",
        "Evil.Com now",
        "bit.ly/x",
        "evil。com",
        "ｅｖｉｌ．ｃｏｍ",
        "пример.рф",
        "write to a@example",
        "https://x",
        "www.x",
        "Open 192.0.2.7",
        "Call 0800 123 456",
        "Звоните ٠٨٠٠ ١٢٣ ٤٥٦",
        "x" * 81,
        "ﬃ" * 30,
    ],
)
def test_a_name_that_could_lead_its_reader_elsewhere_is_told_apart(name: str) -> None:
    assert names.calls_elsewhere(name)


@pytest.mark.parametrize(
    "name",
    [
        "Readers' Society",
        "Académie des sciences",
        "FC Schalke 04 e.V.",
        "Verein 1848 e. V., Sektion 12",
        "Dr. Martin Luther King Jr. Foundation",
        "Lesen GmbH & Co. KG",
        "S.p.A. Italiana",
        "Хайастан",
        "x" * 80,
        "",
    ],
)
def test_a_usual_name_of_an_organisation_is_left_alone(name: str) -> None:
    assert not names.calls_elsewhere(name)
