"""The badge and the card: everything fits, in every language, and the fonts have every letter of it."""

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from undersigned.tallies.snapshots import formatted
from undersigned.web.pictures import badge, card
from undersigned.web.pictures.badge import FIGURE_SIZE, HOST_SIZE, LINE_SIZE, NOUN_SIZE, PADDING, TITLE_SIZE, Badge
from undersigned.web.pictures.card import Cards, Content, draw
from undersigned.web.pictures.colours import DARK, LIGHT, VISIBLE, contrast, known_accent, with_accent
from undersigned.web.pictures.lettering import (
    REGULAR,
    SEMIBOLD,
    broken,
    can_write,
    one_line,
    runs_from_right,
    shapes,
    width,
)
from undersigned.words import languages
from undersigned.words.languages import LANGUAGES, PSEUDO_LANGUAGES

TITLES = [
    "Peace",
    "An open letter for quieter libraries, for those who read in them and for those who only pass through on a rainy day",
    "Ճանաչել՝ հաշտվելու համար",
    "Признать, чтобы примириться",
    "Tanımaq, barışmaq üçün əl verək",
    "به رسمیت شناختن برای آشتی",
    "認識して和解するための公開書簡" * 3,
    "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft",
]
SIZES = {
    "title": (TITLE_SIZE, SEMIBOLD), "figure": (FIGURE_SIZE, SEMIBOLD), "noun": (NOUN_SIZE, REGULAR),
    "first": (22, REGULAR), "host": (HOST_SIZE, REGULAR), "sentence": (LINE_SIZE, SEMIBOLD),
}  # fmt: skip


def laid_out(title: str, people: int, bodies: int, language: str, style: str = "card", state: str = "open") -> Badge:
    statement: Any = SimpleNamespace(title_in=lambda _: title, state=state)
    with languages.speaking(language):
        tally: Any = SimpleNamespace(
            individuals=people, organisations=bodies, formatted=formatted(people, bodies, language)
        )
        if style == "line":
            return badge.line(statement, tally, "auto", None)
        return badge.card(statement, tally, "endorse.a-rather-long-name.example.org", "auto", None)


@pytest.mark.parametrize("language", LANGUAGES + PSEUDO_LANGUAGES)
@pytest.mark.parametrize("title", TITLES)
@pytest.mark.parametrize("counts", [(0, 1), (9, 1), (12_345, 320), (123_456_789, 1_234_567)])
@pytest.mark.parametrize("style", ["card", "line"])
def test_every_word_stays_within_the_picture(language: str, title: str, counts: tuple[int, int], style: str) -> None:
    made = laid_out(title, *counts, language, style)
    edge = PADDING if style == "card" else badge.LINE_PADDING
    for word in made.words:
        size, weight = SIZES[word.kind]
        wide = width(shapes(word.text), word.size or size, weight)
        left, right = (word.x - wide, word.x) if word.from_right else (word.x, word.x + wide)
        assert left >= edge - 0.5, word
        assert right <= made.width - edge + 0.5, word
        assert 0 < word.y < made.height


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_two_figures_do_not_touch(language: str) -> None:
    made = laid_out("Peace", 123_456_789, 1_234_567, language)
    first, second = (word for word in made.words if word.kind == "figure")
    assert first.x + width(first.text, first.size or 0, SEMIBOLD) < second.x


@pytest.mark.parametrize("title", TITLES)
def test_a_card_is_as_high_as_its_line_says_whatever_the_count(title: str) -> None:
    assert laid_out(title, 0, 0, "en").height == laid_out(title, 5000, 20, "hy").height == badge.card_height(title)


def test_what_runs_from_the_right_is_mirrored() -> None:
    plain, mirrored = laid_out("Peace", 12_345, 320, "en"), laid_out("Peace", 12_345, 320, "ar-XB")
    assert mirrored.mark[0] == plain.line_to
    assert not plain.words[0].from_right
    assert runs_from_right("«به رسمیت»")
    assert laid_out("به رسمیت شناختن", 12_345, 320, "en").words[0].from_right


@pytest.mark.parametrize(
    ("state", "said"),
    [("open", "Be among the first"), ("closed", "Fewer than ten endorsements"), ("upcoming", "This opens soon")],
)
def test_below_ten_in_all_no_number_is_shown(state: str, said: str) -> None:
    made = laid_out("Peace", 5, 4, "en", state=state)
    assert [word.text for word in made.words if word.kind in ("figure", "noun", "first")] == [said]
    assert [word.text for word in laid_out("Peace", 5, 5, "en").words if word.kind == "figure"] == ["5", "5"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_fonts_have_every_letter_that_the_catalogues_use(language: str) -> None:
    with languages.speaking(language):
        said = formatted(1_234_567, 1, language).sentence + languages.NAMES[language]
        said += languages.gettext("Be among the first") + languages.gettext("Fewer than ten endorsements")
        said += languages.gettext("This opens soon") + languages.gettext("Endorse at %(host)s")
    assert can_write(shapes(said))


def test_the_fonts_know_what_they_lack() -> None:
    assert can_write("Ərəş Ő ű Ғ Ք և Ω “…” ×")
    for text in ("به", "ქართ", "認識", "🙂"):
        assert not can_write(text)


def test_a_title_that_the_font_lacks_is_replaced_rather_than_drawn_as_boxes() -> None:
    shown = badge.Shown([("12", "people"), ("3", "organisations")], "12 people · 3 organisations")

    def drawn(title: str) -> bytes:
        return draw(Content(title, shown, "Endorse at a.example", "a.example"))

    assert drawn("به رسمیت") == drawn("認識") == drawn("a.example") != drawn("b.example")
    assert drawn("Peace").startswith(b"\x89PNG")


async def test_a_card_is_drawn_once_a_minute_at_most_and_few_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    def content(number: str) -> Content:
        return Content("Peace", badge.Shown([(number, "people"), ("3", "organisations")], ""), "a.example", "a.example")

    cards = Cards()
    first = await cards.get("peace", "en", content("12"))
    assert await cards.get("peace", "en", content("13")) is first
    monkeypatch.setattr(card, "RENDER_EVERY_S", 0)
    assert await cards.get("peace", "en", content("12")) is first
    assert (await cards.get("peace", "en", content("13"))).png != first.png
    monkeypatch.setattr(card, "KEPT_MAX", 2)
    for slug in ("a", "b", "c"):
        await cards.get(slug, "en", content("12"))
    assert await cards.get("peace", "en", content("13")) != first
    assert len(cards._kept) == 2


@given(st.text(max_size=300), st.integers(20, 400), st.integers(1, 3))
def test_lines_are_never_wider_than_their_room(text: str, room: int, lines_max: int) -> None:
    lines = broken(one_line(text), 19, SEMIBOLD, room, lines_max)
    assert 1 <= len(lines) <= lines_max
    assert all(width(line, 19, SEMIBOLD) <= room or len(line) <= 1 for line in lines)


def test_a_last_line_is_not_one_word_alone() -> None:
    lines = broken("An open letter for quieter public libraries", 19, SEMIBOLD, 360, 3)
    assert len(lines) == 2
    assert width(lines[1], 19, SEMIBOLD) > 0.5 * width(lines[0], 19, SEMIBOLD)


@given(st.integers(0, 2**24 - 1))
def test_any_accent_can_be_seen_on_its_sheet(colour: int) -> None:
    for palette in (LIGHT, DARK):
        assert contrast(with_accent(palette, f"{colour:06x}").accent, palette.sheet) >= VISIBLE


@pytest.mark.parametrize("wish", ["2a7f3e", "#2A7F3E"])
def test_a_visible_accent_is_taken_as_it_is(wish: str) -> None:
    assert with_accent(LIGHT, known_accent(wish)).accent == "#2a7f3e"


@pytest.mark.parametrize(
    "wish", [None, "", "red", "12345", "1234567", "12345g", "123456\n", "#fff", "url(x)", "１２３４５６"]
)
def test_what_is_no_colour_is_passed_over(wish: str | None) -> None:
    assert known_accent(wish) is None
    assert with_accent(DARK, None) == DARK
