"""Endorsing over HTTP: a claim, and the word of its mailbox's owner; cookieless, and open to every origin."""

from litestar import post
from litestar.params import FromPath, JSONBody

from undersigned import errors
from undersigned.signing import claims, endorsements, links
from undersigned.signing.bodies import Accepted, Checked, Confirmed, Confirming, Correcting, Managing, Signing
from undersigned.web.exchange import acts
from undersigned.web.exchange.problems import declared
from undersigned.web.exchange.site import AnyRequest, AtSite


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
        errors.ProofNeeded,
        errors.TooManyRequests,
        errors.NoRoom,
    ),
)
async def submit(site: AtSite, request: AnyRequest, slug: FromPath[str], data: JSONBody[Checked[Signing]]) -> Accepted:
    """Mails a confirmation link to the address. The answer is the same for everybody, whatever is known of them."""
    await acts.submit(site, request, site.statements.get(slug), data)
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
    link = await links.claim(site.db, site.signer, word.token)
    if word.corrected != Correcting():
        await acts.correct(site, link, await claims.find(site.db, link), word.corrected)
    done = await endorsements.confirm(
        site.db, link, consent=word.consent, name=word.name, show_name=word.show_name, updates=word.updates
    )
    return Confirmed(done.outcome)


@post(
    "/v1/statements/{slug:str}/manage-links",
    status_code=202,
    tags=["Statements"],
    summary="Ask for a link to manage an endorsement",
    responses=declared(errors.StatementNotFound, errors.InvalidFields, errors.BodyTooLarge, errors.TooManyRequests),
)
async def request_link(
    site: AtSite, request: AnyRequest, slug: FromPath[str], data: JSONBody[Checked[Managing]]
) -> Accepted:
    """Mails a link to see, correct and withdraw; or that nothing is held, at most once a day. The answer is always the same."""
    await acts.request_link(site, request, site.statements.get(slug), data)
    return Accepted()
