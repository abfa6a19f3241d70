"""The public contract: cookieless, and open to every origin."""

import base64
import datetime as dt
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from litestar import Response, Router, get, post
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta

from undersigned import errors
from undersigned.log import audits, reading
from undersigned.log.audits import Audit
from undersigned.readers import organisations
from undersigned.signing import endorsements, submissions
from undersigned.signing.bodies import Accepted, Checked, Confirmed, Confirming, Signing
from undersigned.statements.published import Controller, Milestone, State, Statement
from undersigned.statements.texts import Objective
from undersigned.tallies.snapshots import Tally
from undersigned.web.listings import list_names
from undersigned.web.problems import declared
from undersigned.web.site import AnyRequest, AtSite
from undersigned.words import languages

T = TypeVar("T", bound=msgspec.Struct)

# Browsers ask again each time and mostly hear 304; a CDN answers for 5 seconds, and while it asks for the next.
TALLY_CACHE = "public, max-age=0, s-maxage=5, stale-while-revalidate=10, stale-if-error=3600"


class PublishedTranslation(msgspec.Struct, frozen=True):
    """A translation for information: what is endorsed is the statement's own text. `sha256` is that of `text` in UTF-8."""

    locale: str
    title: str
    text: str
    html: str
    sha256: str
    translator: Annotated[str, Meta(description="Who made it, and what makes them fit")]
    objectives: list[Objective]
    consent_text: str | None


class PublishedStatement(msgspec.Struct, frozen=True):
    """A statement as it was published; `sha256` is that of `text` in UTF-8."""

    slug: FromPath[str]
    title: str
    text: str
    html: str
    sha256: str
    locale: str
    state: State
    embedding: Annotated[
        Literal["open", "partners"], Meta(description="Whether any site may embed it, or only its partners' sites")
    ]
    admitted: Annotated[
        bool, Meta(description="Whether it can be signed from the page that asks, by the Origin of the request")
    ]
    objectives: list[Objective]
    contributions: list[str]
    consent_text: str
    controller: Controller
    recipients: list[str]
    retention: str
    editorial_note: str | None
    adopted_on: Annotated[str | None, Meta(description="YYYY, YYYY-MM or YYYY-MM-DD, as far as it is known")]
    opens_at: dt.datetime | None
    closes_at: dt.datetime | None
    milestones: list[Milestone]
    translation: Annotated[
        PublishedTranslation | None,
        Meta(description="In the language asked for, unless there is none or it is the text's own"),
    ]
    translations: Annotated[list[str], Meta(description="The languages that there is a translation into")]


def published(statement: Statement, language: str, *, admitted: bool) -> PublishedStatement:
    """The statement, with its translation into this language if there is one."""
    translation = statement.translation(language)
    changes = {
        "sha256": statement.sha256.hex(),
        "translation": translation and _as(PublishedTranslation, translation, {"sha256": translation.sha256.hex()}),
        "translations": sorted(statement.translations),
        "admitted": admitted,
    }
    return _as(PublishedStatement, statement, changes)


def _as(shape: type[T], source: object, changes: dict[str, Any]) -> T:
    """What a shape publishes of something, with changes."""
    fields = msgspec.structs.fields(shape)
    return shape(**{field.name: getattr(source, field.name) for field in fields if field.name not in changes} | changes)


@get("/{slug:str}", summary="Read a statement", responses=declared(errors.StatementNotFound))
async def read_statement(
    site: AtSite,
    request: AnyRequest,
    slug: FromPath[str],
    lang: Annotated[
        str, QueryParameter(description="The language of a translation for information", max_length=35)
    ] = "",
) -> Response[PublishedStatement]:
    """The text with its hash, what can be chosen when endorsing it, and who answers for the data."""
    statement = site.statements.get(slug)
    return Response(published(statement, lang, admitted=site.admits(request, statement)), headers={"Vary": "Origin"})


@post(
    "/{slug:str}/endorsements",
    status_code=202,
    summary="Endorse a statement",
    responses=declared(
        errors.OriginRefused,
        errors.StatementNotFound,
        errors.StatementNotOpen,
        errors.StatementClosed,
        errors.InvalidFields,
        errors.BodyTooLarge,
        errors.TooManyRequests,
    ),
)
async def submit(site: AtSite, request: AnyRequest, slug: FromPath[str], data: JSONBody[Checked[Signing]]) -> Accepted:
    """Mails a confirmation link to the address. The answer is the same for everybody, whatever is known of them."""
    statement = site.statements.get(slug)
    site.admit(request, statement)
    network_key = site.network_key(request)
    site.submit_budget.spend(network_key)
    await submissions.submit(site.db, site.settings.pepper, statement, data, network_key, site.partners)
    return Accepted()


@post(
    "/v1/confirmations",
    status_code=200,
    tags=["Confirming"],
    summary="Confirm an endorsement",
    responses=declared(
        errors.LinkInvalid, errors.LinkExpired, errors.EndorsementRejected, errors.InvalidFields, errors.BodyTooLarge
    ),
)
async def confirm(site: AtSite, data: JSONBody[Checked[Confirming]]) -> Confirmed:
    """Counts the endorsement, once, or holds it for a look. Asking again is answered like the first time."""
    word = data.value
    link = site.signer.read_confirm(word.token)
    done = await endorsements.confirm(
        site.db, link, consent=word.consent, name=word.name, show_name=word.show_name, updates=word.updates
    )
    return Confirmed(done.outcome)


@get("/{slug:str}/tally", summary="Read the tally", responses=declared(errors.StatementNotFound))
async def read_tally(
    site: AtSite,
    request: AnyRequest,
    slug: FromPath[str],
    lang: Annotated[str | None, QueryParameter(description="The language to format numbers in", max_length=35)] = None,
) -> Response[Tally]:
    """What is counted, from memory; with an ETag, so that an unchanged tally costs its reader nothing."""
    encoded = site.tallies.get(site.statements.get(slug).slug).encoded(languages.choose(lang))
    headers = {"ETag": encoded.etag, "Cache-Control": TALLY_CACHE}
    if matches(request.headers.get("if-none-match"), encoded.etag):
        return Response(b"", status_code=304, headers=headers)  # type: ignore[arg-type]
    return Response(encoded.body, headers=headers, media_type="application/json")  # type: ignore[arg-type]


class CountedOrganisation(msgspec.Struct, frozen=True):
    """A counted organisation, with what opens its log entry: `salt` (base64) and `identity` give its commitment."""

    log_index: int
    name: str
    website: str | None
    country: str
    contributions: list[str]
    identity: str
    salt: str


class CountedOrganisations(msgspec.Struct, frozen=True):
    """A page of counted organisations; `next` is the `after` of the one behind it, or null."""

    organisations: list[CountedOrganisation]
    next: int | None


@get("/{slug:str}/organisations", summary="List the organisations", responses=declared(errors.StatementNotFound))
async def list_organisations(
    site: AtSite,
    slug: FromPath[str],
    after: Annotated[
        int, QueryParameter(description="The log index behind which the page begins", ge=-1, le=2**62)
    ] = -1,
) -> Response[CountedOrganisations]:
    """The counted organisations in the order of the log, each with its opening, so that anyone can check it is counted."""
    rows = await organisations.counted(site.db, site.statements.get(slug), after)
    listed = [CountedOrganisation(**dict(row) | {"salt": base64.b64encode(row["salt"]).decode()}) for row in rows]
    following = listed[-1].log_index if len(listed) == organisations.PAGE_SIZE else None
    return Response(
        CountedOrganisations(listed, following), headers={"Cache-Control": "public, max-age=0, s-maxage=60"}
    )


class Subtracted(msgspec.Struct, frozen=True):
    """An entry of the log that was taken back, and why."""

    log_index: int
    reason: Literal["withdrawn", "duplicate", "fraud", "error"]


class Changes(msgspec.Struct, frozen=True):
    """Entries taken back since; `next` is the `since` to ask with the next time, and all was told once it stays the same."""

    subtracted: list[Subtracted]
    next: int


@get("/{slug:str}/changes", summary="List what was taken back", responses=declared(errors.StatementNotFound))
async def list_changes(
    site: AtSite,
    slug: FromPath[str],
    since: Annotated[int, QueryParameter(description="The log size of the older export", ge=0, le=2**62)] = 0,
) -> Changes:
    """The log indexes withdrawn or rejected since, so that whoever holds an older export can act on it."""
    log = await reading.released(site.db, site.statements.get(slug).slug)
    if log is None:
        return Changes([], since)
    found, following = await reading.subtracted(site.db, log, since)
    return Changes([Subtracted(index, reason) for index, reason in found], following)  # type: ignore[arg-type]


class Audits(msgspec.Struct, frozen=True):
    """All sample audits, newest first."""

    audits: list[Audit]


@get("/{slug:str}/audits", summary="List the sample audits", responses=declared(errors.StatementNotFound))
async def list_audits(site: AtSite, slug: FromPath[str]) -> Audits:
    """Every sample that was announced, with its frame, its seed once there is one, and both bounds once it was reported."""
    return Audits(await audits.published(site.db, site.statements.get(slug).slug))


def matches(if_none_match: str | None, etag: str) -> bool:
    """Weak comparison of entity tags (RFC 9110, 13.1.2): a proxy that compresses makes strong tags weak."""
    tags = (if_none_match or "").split(",")
    return any(tag.strip().removeprefix("W/") in (etag, "*") for tag in tags)


statements_router = Router(
    "/v1/statements",
    route_handlers=[read_statement, submit, read_tally, list_organisations, list_names, list_changes, list_audits],
    tags=["Statements"],
)
