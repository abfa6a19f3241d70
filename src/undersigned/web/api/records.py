"""What is public of a statement's record: organisations, what was taken back, audits; open to every origin."""

import base64
from typing import Annotated, Literal

import msgspec
from litestar import Response, get
from litestar.params import FromPath, QueryParameter

from undersigned import errors
from undersigned.log import audits, reading
from undersigned.log.audits import Audit
from undersigned.readers import organisations
from undersigned.web.exchange.paging import WHOLE_MAX
from undersigned.web.exchange.problems import declared
from undersigned.web.exchange.site import AtSite


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
        int, QueryParameter(description="The log index behind which the page begins", ge=-1, le=WHOLE_MAX)
    ] = -1,
) -> Response[CountedOrganisations]:
    """The counted organisations in the order of the log, each with its opening, so that anyone can check it is counted."""
    counted = await organisations.counted(site.db, site.statements.get(slug).slug, after)
    listed = [
        CountedOrganisation(**msgspec.structs.asdict(each) | {"salt": base64.b64encode(each.salt).decode()})
        for each in counted
    ]
    page = CountedOrganisations(listed, organisations.following(counted))
    return Response(page, headers={"Cache-Control": "public, max-age=0, s-maxage=60"})


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
    since: Annotated[int, QueryParameter(description="The log size of the older export", ge=0, le=WHOLE_MAX)] = 0,
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
