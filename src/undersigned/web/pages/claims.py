"""The page behind a mailed link to confirm. GET changes nothing, because mail scanners follow links; a button's POST does."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

from litestar import Router, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Stream, Template

from undersigned.database.queries.submissions import KeptClaim
from undersigned.database.trouble import DatabaseAway
from undersigned.errors import EndorsementRejected, InvalidFields, LinkExpired
from undersigned.identity.tokens import OwnerLink
from undersigned.signing import claims, endorsements, links, owners, review
from undersigned.signing.bodies import Correcting, read
from undersigned.signing.claims import Settled
from undersigned.statements.published import Statement
from undersigned.web.exchange import acts, problems
from undersigned.web.exchange.caching import NO_STORE
from undersigned.web.exchange.forms import NO_TROUBLE, UNSENT, Trouble, consent_trouble, correcting_of, sent, trouble_of
from undersigned.web.exchange.notices import back_to, button, notice, see
from undersigned.web.exchange.site import AnyRequest, AtSite, Site
from undersigned.words import countries, languages
from undersigned.words.languages import gettext as _
from undersigned.words.languages import noop

ENTRY_HERE = "<!-- the entry -->"


OUTCOMES = {
    "counted": (
        noop("Your endorsement counts"),
        "good",
        noop("Thank you."),
        noop("A mail is on its way with a link that undoes this at any time. Keep it."),
    ),
    "held": (
        noop("Thank you. A person looks at it now"),
        "good",
        noop("Endorsements like this one are looked at before they count. You will get a mail either way."),
    ),
    "already_confirmed": (
        noop("It is done already"),
        "good",
        noop("This endorsement was confirmed before, and it is counted once."),
        noop("The mail you got then has the link that undoes it."),
    ),
    "counted_by_another": (noop("Another claim came first"), "warn", review.COUNTED_ALREADY),
    "rejected": (
        noop("This endorsement was not accepted"),
        "warn",
        noop("It was looked at and rejected; the mail about it says why."),
    ),
}


@get("/c/{token:str}")
async def show_claim(site: AtSite, token: FromPath[str]) -> Template:
    """Shows what would be endorsed, for its mailbox's owner to correct and confirm; or what became of it."""
    link = await links.claim(site.db, site.signer, token, expired_too=True)
    claim = await claims.find(site.db, link)
    if isinstance(claim, Settled):
        return _settled(site, token, claim)
    return _claim_page(site, token, claim, _claimed(claim), NO_TROUBLE)


@post("/c/{token:str}", status_code=200)
async def confirm_claim(site: AtSite, request: AnyRequest, token: FromPath[str]) -> Template | Stream:
    """The owner's consent: counts the claim, or holds it for a look. Once it counts, the page waits for its log entry."""
    values = await sent(request)
    link = await links.claim(site.db, site.signer, token, expired_too=True)
    claim = await claims.find(site.db, link)
    if isinstance(claim, Settled):
        return _settled(site, token, claim)
    if UNSENT in values:
        return _claim_page(site, token, claim, values, NO_TROUBLE)
    statement = site.statements.get(claim.statement)
    if unread := consent_trouble(statement, values):
        return _claim_page(site, token, claim, values, unread)
    try:
        await acts.correct(site, link, claim, read(Correcting, correcting_of(values)).value)
        done = await endorsements.confirm(
            site.db,
            link,
            consent=True,
            name=values.get("name", ""),
            show_name="show_name" in values,
            updates="updates" in values,
            translation_sha256=values.get("consent_translation"),
        )
    except InvalidFields as error:
        return _claim_page(site, token, claim, values, trouble_of(error, values))
    except EndorsementRejected:
        return _outcome("rejected", statement)
    except LinkExpired:
        return _expired(token, still_there=False)
    back = back_to(site.partners.get(claim.partner))
    if done.outcome == "held":
        return _held(token, statement, back)
    if done.link is None:
        rival = claim.kind == "organisation" and done.outcome == "already_confirmed"
        return _outcome("counted_by_another" if rival else done.outcome, statement, back)
    return Stream(_counted(site, request, statement, done.link, back), media_type="text/html", headers=NO_STORE)


async def _counted(
    site: Site, request: AnyRequest, statement: Statement, link: OwnerLink, back: list[dict[str, str]]
) -> AsyncIterator[bytes]:
    """The page that says it counts: sent up to where the entry's number goes, then the rest once the entry is released."""
    page = _outcome("counted", statement, back)
    template = request.app.template_engine.get_template("notice.html")  # type: ignore[union-attr]
    before, after = template.render(**page.context, entry=ENTRY_HERE).split(ENTRY_HERE)
    yield before.encode()
    index, away = None, False
    try:
        index = await owners.wait_for_entry(site.db, link.endorsement_id)
    except DatabaseAway as error:
        # What is sent can't be taken back, and it is true: the endorsement was committed before.
        problems.note(error)
        away = True
    entry = request.app.template_engine.get_template("entry.html")  # type: ignore[union-attr]
    yield entry.render(index=index, away=away, token=site.signer.manage(link)).encode()
    yield after.encode()


@post("/c/{token:str}/deny", status_code=200)
async def deny_claim(site: AtSite, token: FromPath[str]) -> Template:
    """ "This was not me": deletes the claim."""
    denied = await claims.deny(site.db, await links.claim(site.db, site.signer, token, expired_too=True))
    if not denied:
        return notice(_("There is nothing left to delete"), _("This claim was confirmed, deleted or forgotten before."))
    return notice(_("It is deleted"), _("Nothing was counted, and nothing about this claim is kept."), tone="good")


@post("/c/{token:str}/renew", status_code=200)
async def renew_claim(site: AtSite, token: FromPath[str]) -> Template:
    """Mails a new link where the old one expired."""
    if not await claims.renew(site.db, await links.claim(site.db, site.signer, token, expired_too=True)):
        return _expired(token, still_there=False)
    return notice(
        _("Check your mailbox"),
        _("Look into your mailbox in a few minutes. The new link is good for 7 days.")
        + " "
        + _("If too many mails went to this mailbox today, it comes tomorrow at the earliest."),
        tone="good",
    )


@get(["/c/{token:str}/deny", "/c/{token:str}/renew"])
async def back_to_claim(token: FromPath[str]) -> Redirect:
    """Where an act was answered, somebody asks for a page, in another language for example."""
    return see(f"/c/{token}")


def _settled(site: Site, token: str, settled: Settled) -> Template:
    """The page for a claim that there is nothing more to confirm about."""
    statement = site.statements.get(settled.statement) if settled.statement else None
    if settled.outcome == "held":
        return _held(token, statement)
    if settled.outcome in ("expired", "gone"):
        return _expired(token, still_there=settled.outcome == "expired")
    return _outcome(settled.outcome, statement)


def _held(token: str, statement: Statement | None, back: Sequence[dict[str, str]] = ()) -> Template:
    heading, tone, *paragraphs = OUTCOMES["held"]
    undo = button(_("Take it back and delete it"), f"/c/{token}/deny", style="quiet")
    return notice(_(heading), *map(_, paragraphs), tone=tone, statement=statement, actions=[*back, undo])


def _outcome(outcome: str, statement: Statement | None, back: Sequence[dict[str, str]] = ()) -> Template:
    heading, tone, *paragraphs = OUTCOMES[outcome]
    status = 409 if outcome == "rejected" else 200
    return notice(_(heading), *map(_, paragraphs), tone=tone, actions=[*back], statement=statement, status=status)


def _expired(token: str, *, still_there: bool) -> Template:
    if still_there:
        return notice(
            _("This link has expired"),
            _("Links are good for 7 days. Nothing was counted."),
            status=410,
            actions=[
                button(_("Send me a new link"), f"/c/{token}/renew"),
                button(_("This was not me: delete it"), f"/c/{token}/deny", style="quiet"),
            ],
        )
    return notice(
        _("This link has expired"),
        _("Nothing was counted, and what was entered is deleted. You can endorse again."),
        status=410,
        actions=[button(_("To the statements"), "/", method="get")],
    )


def _claimed(claim: KeptClaim) -> dict[str, Any]:
    """What was typed, as the fields of the form in which its owner corrects it."""
    values = {"name": claim.name, "country": claim.country, "role": claim.role, "objectives": claim.objectives}
    return values | {"contributions": claim.organisation.contributions if claim.organisation else [], "source": True}


def _claim_page(site: Site, token: str, claim: KeptClaim, values: dict[str, Any], trouble: Trouble) -> Template:
    statement = site.statements.get(claim.statement)
    country_names = countries.names(languages.current())
    organisation, partner = claim.organisation, site.partners.get(claim.partner)
    shown = {
        "kind": claim.kind,
        "came_by": partner.name if partner else ", ".join(claim.source.values()),
        "organisation": organisation
        and {
            "name": organisation.name,
            "website": organisation.website,
            "country_name": country_names.get(organisation.country),
        },
    }
    return Template(
        "confirm.html",
        status_code=trouble.status,
        headers=NO_STORE | trouble.headers,
        context={
            "statement": statement,
            "token": token,
            "claim": shown,
            "countries": country_names,
            "values": values,
            "errors": trouble.errors,
            "consent_sha256": statement.consent_sha256.hex(),
            "private": True,
        },
    )


router = Router(
    "/", include_in_schema=False, route_handlers=[show_claim, confirm_claim, deny_claim, renew_claim, back_to_claim]
)
