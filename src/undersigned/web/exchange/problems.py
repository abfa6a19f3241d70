"""The only place that turns what went wrong into an answer: RFC 9457 for programs, a page for people."""

import logging
from collections import defaultdict
from typing import Annotated, Any
from urllib.parse import quote

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
from undersigned.words import languages
from undersigned.words.languages import gettext as _
from undersigned.words.languages import noop

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
# When to come back, if nobody knows better.
RETRY_AFTER_S = 5
NO_ROOM_RETRY_AFTER_S = 300

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
    errors.ProofNeeded: 428,
    errors.TooManyRequests: 429,
    errors.TooManyOffers: 429,
    errors.Unavailable: 503,
    errors.NoRoom: 503,
}


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """What went wrong: `type` never changes, `errors` has every field that needs a correction."""

    type: str
    title: str
    status: int
    detail: str = ""
    errors: list[FieldError] = []
    challenge: Annotated[
        dict[str, Any] | None,
        Meta(
            description="With `proof_needed`: an ALTCHA challenge of version 2. Find the counter whose PBKDF2/SHA-256 key begins "
            "with `parameters.keyPrefix`, within ten minutes"
        ),
    ] = None
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
    "turn_needed": (
        noop("Please wait a little"),
        noop(
            "Many are signing at this moment, and everybody gets a turn. Nothing you typed is lost: the button works %(when)s."
        ),
    ),
    "too_many_offers": (
        noop("That was enough for one day"),
        noop("An organisation can ask a successor three times a day. Nothing has changed; please try again tomorrow."),
    ),
    "unavailable": (
        noop("One moment, please"),
        noop("This can’t be done right now. Try again in a few seconds; nothing that was confirmed is lost."),
    ),
    "no_room": (
        noop("Nothing new for the moment"),
        noop(
            "There is no room for new signatures right now. Try again in some minutes; whoever has a link in a mail can "
            "still confirm or withdraw."
        ),
    ),
    "internal_error": (
        noop("Something went wrong here"),
        noop("It is our mistake and not yours. Try again in a moment; nothing that was confirmed is lost."),
    ),
    "method_not_allowed": (noop("That doesn’t work here"), noop("Go back to the page you came from, and try again.")),
    "malformed_request": (noop("That could not be read"), noop("Go back to the page you came from, and try again.")),
}
# Where a request keeps the fields of the form that it sent, so that nobody has to type them again.
TYPED = "typed"
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


def status_of(error: DomainError) -> int | None:
    """The status that an error is answered with, its own or that of the kind it is of; None if it is none of a request's."""
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), None)


def headers_of(error: DomainError) -> dict[str, str]:
    """The headers that an error is answered with. Nobody may keep such an answer."""
    headers = {"Cache-Control": "no-store"}
    if isinstance(error, errors.TooManyRequests):
        headers["Retry-After"] = str(error.retry_after_s)
    elif isinstance(error, errors.NoRoom):
        headers["Retry-After"] = str(NO_ROOM_RETRY_AFTER_S)
    elif isinstance(error, errors.Unavailable):
        headers["Retry-After"] = str(RETRY_AFTER_S)
    elif isinstance(error, errors.BodyTooSlow):
        headers["Connection"] = "close"
    elif isinstance(error, errors.KeyRefused):
        headers["WWW-Authenticate"] = "Bearer"
    return headers


def sentence_of(error: DomainError) -> str:
    """What a person can do about an error, in the language in use."""
    sentence = _(PAGES.get(error.code, PAGES["malformed_request"])[1])
    return (
        sentence % {"when": languages.hence(error.retry_after_s)} if isinstance(error, errors.TurnNeeded) else sentence
    )


def answer(request: AnyRequest, exception: Exception) -> Response[Any]:
    """The answer to a request that failed."""
    error = _as_domain_error(exception)
    status, headers = status_of(error) or STATUS[InternalError], headers_of(error)
    if isinstance(error, MethodNotAllowed):
        headers["Allow"] = allowed(request.app, request.scope["path"])
    note(error, exception)
    if _is_page(request):
        return _page(request, error, status, headers)
    fields = error.errors if isinstance(error, errors.InvalidFields) else []
    title = error.code.replace("_", " ").capitalize()
    elsewhere = error.statement_url if isinstance(error, errors.OriginRefused) else None
    challenge = error.challenge if isinstance(error, errors.ProofNeeded) else None
    kind = f"urn:undersigned:problem:{error.code}"
    problem = Problem(kind, title, status, error.detail, fields, challenge, elsewhere)
    return Response(problem, status_code=status, media_type=MEDIA_TYPE, headers=headers)


def note(error: DomainError, cause: Exception | None = None) -> None:
    """Logs an error that is ours and not the sender's."""
    if isinstance(error, InternalError):
        log.error("A request failed.", exc_info=cause)
    elif isinstance(error, DatabaseAway):
        log.warning("The database can't be used (%s).", error.why)


def _as_domain_error(exception: Exception) -> DomainError:
    if isinstance(exception, DomainError) and status_of(exception):
        return exception
    if isinstance(exception, HTTPException) and exception.status_code < 500:
        return OF_HTTP.get(exception.status_code, errors.MalformedRequest)()
    if isinstance(exception, RecursionError):
        return errors.MalformedRequest()  # JSON nested deeper than a body of ours ever is.
    return InternalError()


def _is_page(request: AnyRequest) -> bool:
    return not request.scope["path"].startswith(("/v1/", "/log/", "/oembed")) and "text/html" in request.headers.get(
        "accept", ""
    )


def _page(request: AnyRequest, error: DomainError, status: int, headers: dict[str, str]) -> Template:
    heading, _words = PAGES.get(error.code, PAGES["malformed_request"])
    ways = _ways_on(request, error)
    return Template(
        "notice.html",
        status_code=status,
        headers=headers,
        context={
            "heading": _(heading),
            "paragraphs": [sentence_of(error)],
            "tone": "warn",
            "actions": ways,
            # Who changes the language goes on with what was typed.
            "typed": next(({"form": "again", "url": way["url"]} for way in ways if way.get("fields")), None),
            "private": True,
        },
    )


def _ways_on(request: AnyRequest, error: DomainError) -> list[dict[str, Any]]:
    """To where it can be done, or to the same again with all that was typed."""
    if isinstance(error, errors.OriginRefused):
        words = _("To the statement’s own page")
        return [{"label": words, "url": error.statement_url, "style": "primary", "method": "away"}]
    if isinstance(error, errors.TooManyRequests | errors.Unavailable) and request.method == "POST":
        url, fields = quote(request.scope["path"]), request.state.get(TYPED, [])
        return [{"label": _("Try again"), "url": url, "style": "primary", "method": "post", "fields": fields}]
    return []
