"""Answers for other people's pages: frames, and the scripts and data that embeds load."""

from litestar import Router

from undersigned.web.frames import files, forms

handlers = [Router("/embed", route_handlers=[*files.handlers, *forms.handlers], include_in_schema=False)]
