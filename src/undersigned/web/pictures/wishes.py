"""What those who show a picture or a frame may wish for; what can't be met is passed over."""

from typing import cast, get_args

from undersigned.statements.published import Statement
from undersigned.web.pictures.badge import Theme
from undersigned.words import languages


def language_of(statement: Statement, wish: str | None) -> str:
    """The language that was asked for, or else the statement's own."""
    return languages.known(wish) or languages.choose(statement.locale)


def known_theme(wish: str | None) -> Theme:
    return cast("Theme", wish) if wish in get_args(Theme) else "auto"
