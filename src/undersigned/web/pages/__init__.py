"""Answers for people: pages that work without JavaScript."""

from litestar.types import ControllerRouterHandler

from undersigned.settings import Settings
from undersigned.web.pages import (
    claims,
    leaving,
    listings,
    mailbox,
    owners,
    reports,
    returning,
    sharing,
    statements,
    stops,
    successions,
)


def handlers(settings: Settings) -> list[ControllerRouterHandler]:
    """All pages; the mailbox only while somebody tries things out on this machine."""
    return [
        statements.router,
        listings.router,
        reports.router,
        claims.router,
        stops.router,
        owners.router,
        leaving.router,
        returning.router,
        successions.router,
        sharing.show_lines,
        *([mailbox.router] if settings.has_mailbox_page else []),
    ]
