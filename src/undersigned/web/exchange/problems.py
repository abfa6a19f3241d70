"""The only place that turns what went wrong into an answer: RFC 9457 for programs, a page for people."""

import logging
from collections import defaultdict
from typing import Annotated, Any

import msgspec
from litestar import Response
from litestar.exceptions import HTTPException
from litestar.openapi.datastructures import ResponseSpec
from litestar.response import Template
from msgspec import Meta

from undersigned import errors
from undersigned.database.trouble import DatabaseAway
from undersigned.errors import DomainError, FieldError
from undersigned.web.exchange.methods import allowed
from undersigned.web.exchange.site import AnyRequest
from undersigned.words.languages import gettext as _
from undersigned.words.languages import noop

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"

STATUS: dict[type[DomainError], int] = {
    errors.MalformedRequest: 400,
    errors.LinkInvalid: 400,
    errors.RequestAborted: 400,
    errors.KeyRefused: 401,
    errors.OriginRefused: 403,
    errors.StatementNotFound: 404,
    errors.ClaimNotFound: 404,
    errors.BodyTooSlow: 408,
    errors.StatementNotOpen: 409,
    errors.StatementClosed: 409,
    errors.EndorsementRejected: 409,
    errors.LinkExpired: 410,
    errors.BodyTooLarge: 413,
    errors.InvalidFields: 422,
    errors.TooManyRequests: 429,
    errors.Unavailable: 503,
}


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """What went wrong: `type` never changes, `errors` has every field that needs a correction."""

    type: str
    title: str
    status: int
    detail: str = ""
    errors: list[FieldError] = []
    statement_url: Annotated[str | None, Meta(description="With `origin_refused`: where it can be signed instead")] = (
        None
    )


class NotFound(DomainError):
    """There is nothing at this address."""

    code = "not_found"


class MethodNotAllowed(DomainError):
    """This address doesn't take such requests."""

    code = "method_not_allowed"


class FormatNotOffered(DomainError):
    """This is answered as JSON only."""

    code = "format_not_offered"


class NotReady(errors.Explained):
    """The server can't serve as it should."""

    code = "not_ready"

    def __init__(self, problems: list[str]) -> None:
        super().__init__(f"{'; '.join(problems)}.")


class InternalError(DomainError):
    """Internal error."""

    code = "internal_error"


STATUS |= {NotFound: 404, MethodNotAllowed: 405, FormatNotOffered: 501, NotReady: 503, InternalError: 500}
# The same in the words of a page: a heading, and what to do.
PAGES = {
    "not_found": (noop("There is nothing here"), noop("The address may be incomplete, or what it led to is gone.")),
    "statement_not_found": (
        noop("There is no such statement"),
        noop("No statement has been published under this address. The first page lists all that have."),
    ),
    "statement_not_open": (noop("Not yet"), noop("This statement can’t be endorsed yet.")),
    "statement_closed": (
        noop("This statement is closed"),
        noop(
            "It takes no more endorsements. What was given still counts, and the link in your mail still withdraws it."
        ),
    ),
    "origin_refused": (
        noop("Not from that site"),
        noop("This statement can be signed on its own page, and on the sites of its partners only."),
    ),
    "link_invalid": (
        noop("This link is not whole"),
        noop("It was cut off or changed on its way. Open it again from the mail, all of it."),
    ),
    "expired": (noop("This link has expired"), noop("What it led to is settled or deleted.")),
    "body_too_large": (noop("That was too much"), noop("What you sent is longer than this form takes.")),
    "too_many_requests": (
        noop("Please wait a little"),
        noop("Too much came from your network at once. Nothing you typed is wrong: try again in a few minutes."),
    ),
    "unavailable": (
        noop("One moment, please"),
        noop("This can’t be done right now. Try again in a few seconds; nothing that was confirmed is lost."),
    ),
    "internal_error": (
        noop("Something went wrong here"),
        noop("It is our mistake and not yours. Try again in a moment; nothing that was confirmed is lost."),
    ),
    "method_not_allowed": (noop("That doesn’t work here"), noop("Go back to the page you came from, and try again.")),
    "malformed_request": (noop("That could not be read"), noop("Go back to the page you came from, and try again.")),
}
OF_HTTP: dict[int, type[DomainError]] = {404: NotFound, 405: MethodNotAllowed, 413: errors.BodyTooLarge}


def declared(*raised: type[DomainError]) -> dict[int, ResponseSpec]:
    """The `responses=` of an operation that may raise these, and what every operation may."""
    by_status: dict[int, list[type[DomainError]]] = defaultdict(list)
    for error in (*raised, errors.MalformedRequest, errors.Unavailable):
        by_status[STATUS[error]].append(error)
    return {
        status: ResponseSpec(
            Problem,
            description=" ".join(f"`{e.code}`: {(e.__doc__ or '').strip()}" for e in group),
            media_type=MEDIA_TYPE,
            generate_examples=False,
        )
        for status, group in sorted(by_status.items())
    }


def answer(request: AnyRequest, exception: Exception) -> Response[Any]:
    """The answer to a request that failed."""
    error = _as_domain_error(exception)
    status = STATUS[type(error)]
    if isinstance(error, InternalError):
        log.error("A request failed.", exc_info=exception)
    headers = {}
    if isinstance(error, errors.TooManyRequests):
        headers["Retry-After"] = str(error.retry_after_s)
    elif isinstance(error, errors.Unavailable):
        headers["Retry-After"] = "5"
    elif isinstance(error, errors.BodyTooSlow):
        headers["Connection"] = "close"
    elif isinstance(error, errors.KeyRefused):
        headers["WWW-Authenticate"] = "Bearer"
    elif isinstance(error, MethodNotAllowed):
        headers["Allow"] = allowed(request.app, request.scope["path"])
    if _is_page(request):
        return _page(error, status, headers)
    fields = error.errors if isinstance(error, errors.InvalidFields) else []
    title = error.code.replace("_", " ").capitalize()
    elsewhere = error.statement_url if isinstance(error, errors.OriginRefused) else None
    problem = Problem(f"urn:undersigned:problem:{error.code}", title, status, error.detail, fields, elsewhere)
    return Response(problem, status_code=status, media_type=MEDIA_TYPE, headers={"Cache-Control": "no-store"} | headers)


def _as_domain_error(exception: Exception) -> DomainError:
    if isinstance(exception, DomainError) and type(exception) in STATUS:
        return exception
    if isinstance(exception, HTTPException) and exception.status_code < 500:
        return OF_HTTP.get(exception.status_code, errors.MalformedRequest)()
    if isinstance(exception, RecursionError):
        return errors.MalformedRequest()  # JSON nested deeper than a body of ours ever is.
    if isinstance(exception, DatabaseAway):
        log.warning("The database can't be used (%s).", exception.why)
    if isinstance(exception, errors.Unavailable):
        return errors.Unavailable()
    return InternalError()


def _is_page(request: AnyRequest) -> bool:
    return not request.scope["path"].startswith(("/v1/", "/log/", "/oembed")) and "text/html" in request.headers.get(
        "accept", ""
    )


def _page(error: DomainError, status: int, headers: dict[str, str]) -> Template:
    heading, words = PAGES.get(error.code, PAGES["malformed_request"])
    return Template(
        "notice.html",
        status_code=status,
        headers={"Cache-Control": "no-store"} | headers,
        context={
            "heading": _(heading),
            "paragraphs": [_(words)],
            "tone": "warn",
            "actions": _ways_on(error),
            "private": True,
        },
    )


def _ways_on(error: DomainError) -> list[dict[str, str]]:
    if not isinstance(error, errors.OriginRefused):
        return []
    return [
        {"label": _("To the statement’s own page"), "url": error.statement_url, "style": "primary", "method": "away"}
    ]
