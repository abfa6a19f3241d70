"""Answers for people: pages that work without JavaScript."""

from litestar.types import ControllerRouterHandler

from undersigned.web.pages import claims, listings, owners, reports, returning, sharing, statements, stops, successions

handlers: list[ControllerRouterHandler] = [
    statements.router,
    listings.router,
    reports.router,
    claims.router,
    stops.router,
    owners.router,
    returning.router,
    successions.router,
    sharing.show_lines,
]
