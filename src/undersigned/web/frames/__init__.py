"""Answers for other people's pages: frames, and the scripts and data that embeds load."""

from litestar import Router
from litestar.types import ControllerRouterHandler

from undersigned.web.frames import cards, files, forms

handlers: list[ControllerRouterHandler] = [
    Router("/embed", route_handlers=[*files.handlers, *forms.handlers], include_in_schema=False),
    cards.show_card,
]
