"""The alphabetical order of names: base letters before accents, one script after another."""

import random

import pytest

from undersigned.identity import alphabet

IN_ORDER = [
    "Ada Example", "Ada Éxample", "Álvaro", "Əli", "Élodie", "Emre", "Ener", "ılgar", "İlham", "Łukasz", "Luke", "Ólafur", "Oz",
    "'t Hooft", "Zoë", "Иван", "Йосиф", "Кирилл", "Արամ", "Գոհար", "Νίκος", "王伟",
]  # fmt: skip


def test_names_are_sorted_as_people_look_for_them() -> None:
    shuffled = random.Random(1).sample(IN_ORDER, len(IN_ORDER))
    assert sorted(shuffled, key=alphabet.key) == IN_ORDER


def test_a_name_in_capitals_stands_beside_the_same_in_small_letters() -> None:
    names = ["ADA EXAMPLE", "ada example", "Ada  Example"]
    assert len({alphabet.key(name).partition(b"\0")[0] for name in names}) == 1


@pytest.mark.parametrize(
    ("name", "letter"),
    [
        ("Élodie", "E"),
        ("İlham", "I"),
        ("(ada)", "A"),
        ("1st Łukasz", "S"),
        ("ёлка", "Е"),
        ("Երևան", "Ե"),
        ("王伟", "*"),
        ("ǆemal", "D"),
    ],
)
def test_a_name_stands_under_its_letter(name: str, letter: str) -> None:
    assert alphabet.letter(alphabet.key(name)) == letter
    assert alphabet.key(name).startswith(alphabet.initial(letter))


def test_a_place_is_its_scope_and_two_people_of_one_name_have_two() -> None:
    first, second = (alphabet.place(b"scope\0", "Ada", tie) for tie in (b"1", b"2"))
    assert first < second
    assert first.startswith(b"scope\0")
    assert alphabet.place(b"scope\0", "Ada", b"9") < alphabet.place(b"scope\0", "Adam", b"0")
