"""Answers for programs: the public contract, and what bearers of keys read."""

from litestar import Router
from litestar.types import ControllerRouterHandler

from undersigned.web.api import (
    admin,
    endorsements,
    log,
    names,
    oembed,
    operations,
    partners,
    pictures,
    records,
    statements,
    witness,
)

handlers: list[ControllerRouterHandler] = [
    Router(
        "/v1/statements",
        route_handlers=[
            statements.read_statement,
            endorsements.submit,
            statements.read_tally,
            records.list_organisations,
            names.list_names,
            records.list_changes,
            records.list_audits,
        ],
        tags=["Statements"],
    ),
    endorsements.confirm,
    endorsements.request_link,
    pictures.show_badge,
    pictures.show_card,
    oembed.unfold,
    log.router,
    witness.router,
    admin.export,
    partners.tally,
    operations.healthz,
    operations.readyz,
    operations.contract,
    operations.reference,
]
