"""The page behind "Report this": whoever reads it can say what is wrong with a shown name or a counted organisation."""

from typing import Any
from uuid import UUID

import msgspec
from litestar import Router, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from litestar.response import Redirect, Template

from undersigned.database.queries.reports import About
from undersigned.errors import DomainError
from undersigned.readers import organisations, public_names, reports
from undersigned.web.exchange.caching import NO_STORE
from undersigned.web.exchange.forms import NO_TROUBLE, UNSENT, Trouble, sent, trouble_of
from undersigned.web.exchange.notices import notice, see
from undersigned.web.exchange.site import AnyRequest, AtSite, Site
from undersigned.words.languages import gettext as _
from undersigned.words.languages import noop

REASONS = {
    "not_them": noop("It is somebody else’s name, used without their knowledge"),
    "impersonation": noop("Somebody pretends to be, or to speak for, who they are not"),
    "abusive": noop("It insults or threatens"),
    "other": noop("Something else"),
}
FAULTS = {
    "required": noop("Please choose what is wrong."),
    "too_long": noop("Please use no more than 500 characters."),
}


class Subject(msgspec.Struct, frozen=True):
    """What a report is about; `value` is how links and forms name it."""

    endorsement_id: UUID
    about: About
    called: str
    value: str


@get("/s/{slug:str}/report")
async def ask(site: AtSite, request: AnyRequest, slug: FromPath[str]) -> Template:
    """The form."""
    given = {name: value for name, value in request.query_params.items() if isinstance(value, str)}
    return _form(site, slug, await _subject(site, slug, given), {}, NO_TROUBLE)


@post("/s/{slug:str}/report", status_code=200)
async def send(site: AtSite, request: AnyRequest, slug: FromPath[str]) -> Template | Redirect:
    """Keeps the report; answered by thanks, or by the form with what needs a correction."""
    values = await sent(request)
    subject = await _subject(site, slug, values)
    if UNSENT in values:
        return _form(site, slug, subject, values, NO_TROUBLE)
    try:
        site.limits.spend(site.network_key(request))
        await reports.report(
            site.db, subject.endorsement_id, subject.about, values.get("reason", ""), values.get("note", "")
        )
    except DomainError as error:
        return _form(site, slug, subject, values, trouble_of(error, values, FAULTS))
    return see(f"/s/{slug}/reported")


@get("/s/{slug:str}/reported")
async def thank(site: AtSite, slug: FromPath[str]) -> Template:
    """The thanks."""
    return notice(
        _("Thank you"),
        _("A person looks at it. Nothing about you was kept."),
        tone="good",
        statement=site.statements.get(slug),
    )


async def _subject(site: Site, slug: str, given: dict[str, Any]) -> Subject:
    """What is reported. Raises NotFoundException if it isn't, or is no longer, to be seen."""
    slug = site.statements.get(slug).slug
    about: About = "organisation" if "organisation" in given else "name"
    value = str(given.get(about, ""))
    try:
        found = await (
            organisations.find_listed(site.db, slug, int(value) % 2**63)
            if about == "organisation"
            else public_names.find_shown(site.db, slug, UUID(value))
        )
    except ValueError:
        found = None
    if found is None:
        raise NotFoundException
    return Subject(found.endorsement_id, about, found.name, value)


def _form(site: Site, slug: str, subject: Subject, values: dict[str, Any], trouble: Trouble) -> Template:
    return Template(
        "report.html",
        status_code=trouble.status,
        headers=NO_STORE | trouble.headers,
        context={
            "statement": site.statements.get(slug),
            "subject": subject,
            "reasons": {key: _(words) for key, words in REASONS.items()},
            "values": values,
            "errors": trouble.errors,
            "trouble": trouble.sentence,
            "note_length_max": reports.NOTE_LENGTH_MAX,
            "private": True,
        },
    )


router = Router("/", route_handlers=[ask, send, thank], include_in_schema=False)
