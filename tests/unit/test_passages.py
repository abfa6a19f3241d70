"""Anchors in a statement's text: every passage has one, and the words stay what they are."""

import re

import pytest

from undersigned.settings import ROOT
from undersigned.statements import passages
from undersigned.words import languages

TEXTS = [path.read_text() for path in sorted((ROOT / "statements").glob("*/en.md"))]
ANCHOR = re.compile(r' <a class="anchor"[^>]*></a>')


def names(text: str) -> list[str]:
    return re.findall(r' id="(\w+)"', passages.anchored(text))


@pytest.mark.parametrize("text", TEXTS)
def test_without_its_anchors_the_page_has_the_published_html(text: str) -> None:
    bare = re.sub(r' id="\w+"', "", ANCHOR.sub("", passages.anchored(text)))
    assert bare == passages.html(text)


def test_paragraphs_are_numbered_and_points_have_their_letters() -> None:
    assert names(TEXTS[0]) == ["p1", "p2", "a", "b", "c", "p3"]
    assert names(TEXTS[1]) == [*(f"p{place}" for place in range(1, 11)), "a", "b", "c", "d", "p11"]


def test_every_passage_has_one_name_and_no_name_two() -> None:
    text = "- a) one\n- a) again\n- plain\n\n  more\n- \n- ```\n  code\n  ```\n\n> quoted\n\nlast\n"
    assert names(text) == ["a", "i1", "i2", "p1", "p2"]


def test_an_anchor_says_where_it_leads_in_the_language_in_use() -> None:
    assert 'href="#b" lang="en" aria-label="Link to point b"' in passages.anchored(TEXTS[0])
    with languages.speaking("en-XA"):
        longer = passages.anchored(TEXTS[0])
    assert 'href="#b" lang="en-XA"' in longer
    assert "Link to" not in longer


def test_html_in_a_text_is_shown_beside_an_anchor_too() -> None:
    assert "<script" not in passages.anchored("a) <script>alert(1)</script>")
