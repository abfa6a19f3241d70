"""The published statement over HTTP, and its tally: cookieless, and open to every origin."""

import datetime as dt
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from litestar import Response, get
from litestar.params import FromPath, QueryParameter
from msgspec import Meta

from undersigned import errors
from undersigned.statements.published import Controller, Milestone, State, Statement
from undersigned.statements.texts import Objective
from undersigned.tallies.snapshots import Tally
from undersigned.web.exchange.caching import TALLY_CACHE, answer
from undersigned.web.exchange.problems import declared
from undersigned.web.exchange.site import AnyRequest, AtSite
from undersigned.words import languages

T = TypeVar("T", bound=msgspec.Struct)


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

    slug: str
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


@get("/{slug:str}/tally", summary="Read the tally", responses=declared(errors.StatementNotFound))
async def read_tally(
    site: AtSite,
    request: AnyRequest,
    slug: FromPath[str],
    lang: Annotated[str | None, QueryParameter(description="The language to format numbers in", max_length=35)] = None,
) -> Response[Tally]:
    """What is counted, from memory; with an ETag, so that an unchanged tally costs its reader nothing."""
    encoded = site.tallies.get(site.statements.get(slug).slug).encoded(languages.choose(lang))
    return answer(request, encoded, "application/json", {"Cache-Control": TALLY_CACHE})  # type: ignore[return-value]
