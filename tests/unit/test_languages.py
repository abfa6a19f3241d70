"""Languages: which one is spoken, that every catalogue is whole, and that nothing is lost in translation."""

import re
from collections.abc import Iterator
from functools import cache

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from hypothesis import given
from hypothesis import strategies as st

from undersigned.settings import ROOT
from undersigned.words import languages
from undersigned.words.languages import LANGUAGES, PSEUDO_LANGUAGES

TRANSLATED = [language for language in LANGUAGES if language != "en"]
METHODS = [("undersigned/**.py", "python"), ("undersigned/**/templates/**", "jinja2")]
KEYWORDS = {"_": None, "gettext": None, "noop": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2),
            "npgettext": ((1, "c"), 2, 3)}  # fmt: skip


@cache
def said() -> Catalog:
    """Every message in the source."""
    catalogue = Catalog()
    found = extract_from_dir(str(ROOT / "src"), METHODS, {"undersigned/**/templates/**": {"trimmed": "true"}}, KEYWORDS)
    for _file, _line, message, _comments, context in found:
        catalogue.add(message, context=context)
    return catalogue


def forms(text: object) -> tuple[str, ...]:
    """A message's singular and plurals, or the one form it has."""
    return tuple(map(str, text)) if isinstance(text, tuple | list) else (str(text or ""),)


def pairs(language: str) -> Iterator[tuple[str, str, Message]]:
    """Each message's source and translation, form by form."""
    for message in languages.catalogue(language):
        sources = forms(message.id)
        for place, translated in enumerate(forms(message.string) if message.id else ()):
            yield sources[min(place, len(sources) - 1)], translated, message


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_catalogue_has_every_message_and_no_other(language: str) -> None:
    """If it fails: `make messages`, then translate what is new."""
    wanted = {(message.context, str(message.id)) for message in said() if message.id}
    there = {(message.context, str(message.id)) for message in languages.catalogue(language) if message.id}
    assert wanted - there == set()
    assert there - wanted == set()


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_catalogue_translates_every_message_in_every_form(language: str) -> None:
    missing = [source for source, translated, _ in pairs(language) if not translated]
    assert missing == []
    plurals = languages.catalogue(language).num_plurals
    wrong = [m.id for m in languages.catalogue(language) if m.pluralizable and len(forms(m.string)) != plurals]
    assert wrong == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_translation_keeps_what_stands_for_something_else(language: str) -> None:
    for source, translated, message in pairs(language):
        kept, found = (sorted(languages.PLACEHOLDER.findall(text)) for text in (source, translated))
        # One person may be said without the number.
        assert found == kept or (message.pluralizable and set(found) <= set(kept)), (source, translated)


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_translation_has_the_edges_of_its_source(language: str) -> None:
    for source, translated, _ in pairs(language):
        assert re.findall(r"^\s|\s$", source) == re.findall(r"^\s|\s$", translated), source


@pytest.mark.parametrize(
    ("asked", "spoken"),
    [
        (None, "en"), ("", "en"), ("hy", "hy"), ("HY-AM", "hy"), ("az-Latn-AZ", "az"), ("xx", "en"), ("../../etc", "en"),
        ("e", "en"), ("eng", "en"), ("\0", "en"), ("ar", "en"), ("ar-XB", "ar-XB"), ("en-xa", "en-XA"),
        ("az_AZ", "az"), ("de_DE_formal", "de"), ("hu_HU.UTF-8", "hu"), ("ru_RU@euro", "ru"), ("_de", "en"),
    ],
)  # fmt: skip
def test_a_tag_is_looked_up_by_its_first_part(asked: str | None, spoken: str) -> None:
    assert languages.choose(asked) == spoken


@given(st.text(max_size=40))
def test_no_wish_makes_a_new_language(wish: str) -> None:
    assert languages.choose(wish) in LANGUAGES + PSEUDO_LANGUAGES
    assert languages.negotiate(wish) in LANGUAGES + PSEUDO_LANGUAGES


@pytest.mark.parametrize(
    ("header", "spoken"),
    [
        ("", "en"), ("hy-AM,ru;q=0.9,en;q=0.8", "hy"), ("xx, de;q=0.3, fr;q=0.4", "fr"), ("ru;q=0, tr;q=0.1", "tr"),
        ("*", "en"), ("de;q=x", "en"), ("tr, az", "tr"),
    ],
)  # fmt: skip
def test_a_browser_gets_what_it_likes_best(header: str, spoken: str) -> None:
    assert languages.negotiate(header) == spoken


def test_links_carry_a_language_only_if_it_was_asked_for() -> None:
    with languages.speaking("hy"):
        assert languages.link("/s/example#endorse") == "/s/example#endorse"
    with languages.speaking("hy", asked_for=True):
        assert languages.link("/s/example#endorse") == "/s/example?lang=hy#endorse"
        assert languages.link("/s/example?a=b") == "/s/example?a=b&lang=hy"


def test_the_pseudo_languages_leave_placeholders_alone() -> None:
    with languages.speaking("en-XA"):
        assert languages.gettext("Write to <b>%(name)s</b>") == "Wri\u0301ite\u0301e to\u0301o <b>%(name)s</b>"
    with languages.speaking("ar-XB"):
        assert re.findall(r"\u202e(\w+)\u202c", languages.gettext("Write to {name}")) == ["Write", "to"]
        assert languages.direction(languages.current()) == "rtl"


@pytest.mark.parametrize(
    ("language", "number", "share"),
    [("en", "1,234,567", "12.3%"), ("de", "1.234.567", "12,3\u00a0%"), ("tr", "1.234.567", "%12,3")],
)
def test_numbers_are_written_as_the_language_does(language: str, number: str, share: str) -> None:
    assert languages.number(1234567, language) == number
    assert languages.percent(0.1234, language) == share


@pytest.mark.parametrize(
    ("known", "said"), [("2022", "2022"), ("2022-02", "February 2022"), ("2022-02-26", "26 February 2022")]
)
def test_a_date_is_said_as_far_as_it_is_known(known: str, said: str) -> None:
    assert languages.partial_day(known) == said
