"""The text of a statement as HTML, and the same with an anchor at each passage, so that a paragraph can be linked to."""

import re
from collections.abc import Iterator
from functools import lru_cache
from html import escape
from itertools import takewhile

from markdown_it import MarkdownIt
from markdown_it.token import Token

from undersigned.words import languages
from undersigned.words.languages import gettext as _

# HTML in a text is shown, not run.
MARKDOWN = MarkdownIt("commonmark", {"html": False})
LETTERED = re.compile(r"([a-z])\) ")


@lru_cache
def html(text: str) -> str:
    """The text as HTML, for whoever shows it on a page of their own."""
    return str(MARKDOWN.render(text))


def anchored(text: str, prefix: str = "") -> str:
    """The text as HTML in which paragraphs are p1, p2, … and points a, b, … or i1, i2, …, each with a link to itself.

    A `prefix` tells the anchors of a translation from those of the original on the same page.
    """
    return _anchored(text, prefix, languages.current())


@lru_cache(256)
def _anchored(text: str, prefix: str, _language: str) -> str:
    tokens = MARKDOWN.parse(text)
    for opening, inline, name, label in _passages(tokens):
        opening.attrSet("id", prefix + name)
        link = Token("html_inline", "", 0)
        link.content = (
            f' <a class="anchor" href="#{prefix}{name}" lang="{languages.current()}" aria-label="{escape(label)}"></a>'
        )
        inline.children = [*(inline.children or []), link]
    return str(MARKDOWN.renderer.render(tokens, MARKDOWN.options, {}))


def _passages(tokens: list[Token]) -> Iterator[tuple[Token, Token, str, str]]:
    """Every paragraph and point: the token that opens it, the one with its words, its name, and what its link is called."""
    paragraphs, points, taken, depth = 0, 0, set[str](), 0
    for place, token in enumerate(tokens):
        depth += token.nesting if token.type.startswith("list_item") else 0
        if token.type == "list_item_open":
            within = takewhile(lambda t: t.type not in ("list_item_close", "bullet_list_open"), tokens[place + 1 :])
            inline = next((t for t in within if t.type == "inline"), None)
            if inline is None:
                continue
            found = LETTERED.match(inline.content)
            if found and found[1] not in taken:
                taken.add(found[1])
                yield token, inline, found[1], _("Link to point %(letter)s") % {"letter": found[1]}
            else:
                points += 1
                yield token, inline, f"i{points}", _("Link to point %(letter)s") % {"letter": points}
        elif token.type == "paragraph_open" and not depth:
            paragraphs += 1
            label = _("Link to paragraph %(number)s") % {"number": languages.number(paragraphs)}
            yield token, tokens[place + 1], f"p{paragraphs}", label
