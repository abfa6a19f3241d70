"""What the API, a page and a frame all offer is one act each; they only say in their own ways what came of it."""

from undersigned.database.queries.submissions import KeptClaim
from undersigned.identity.tokens import ConfirmLink
from undersigned.signing import admission, claims, owners, submissions
from undersigned.signing.bodies import Checked, Correcting, Managing, Signing
from undersigned.signing.claims import Settled
from undersigned.signing.turns import Turns
from undersigned.signing.work import Work
from undersigned.statements.published import Statement
from undersigned.web.exchange.site import AnyRequest, Site


async def submit(site: Site, request: AnyRequest, statement: Statement, body: Checked[Signing]) -> None:
    """Keeps a claim, and the mail that asks its mailbox's owner; in a burst only for a proof of work.

    What isn't `application/json` can be sent by any page without its visitor's browser asking us first (Fetch, 4.9), so that it
    always needs the proof. Raises OriginRefused, StatementNotOpen, StatementClosed, InvalidFields, TooManyRequests, NoRoom,
    ProofNeeded or Unavailable.
    """
    site.admit(request, statement)
    simple = request.content_type[0] != "application/json"
    await _submit(site, request, statement, body, site.work, body.salvaged.proof, always=simple)


async def submit_form(
    site: Site, request: AnyRequest, statement: Statement, body: Checked[Signing], turn: str | None
) -> None:
    """The same for a form of our own pages, which waits for its turn in a burst; sent by another page it always does.

    Raises TurnNeeded instead of ProofNeeded.
    """
    site.admit(request, statement, form=True)
    strange = not site.is_ours(request, form=True)
    await _submit(site, request, statement, body, site.turns, turn, always=strange)


async def _submit(
    site: Site,
    request: AnyRequest,
    statement: Statement,
    body: Checked[Signing],
    gate: Work | Turns,
    given: str | None,
    *,
    always: bool,
) -> None:
    # What needs a correction is said first, so that nobody works or waits for that.
    claim, network_key = submissions.check(statement, body), site.network_key(request)
    site.room.must_be_left()
    await admission.admit(site.db, site.limits, gate, statement.slug, network_key, given, always=always)
    await submissions.submit(site.db, site.settings.pepper, statement, claim, body.value, network_key, site.partners)


async def correct(site: Site, link: ConfirmLink, claim: KeptClaim | Settled, said: Correcting) -> None:
    """Keeps what a claim's owner corrects as they confirm it. Raises InvalidFields or Unavailable."""
    if isinstance(claim, KeptClaim):
        await claims.correct(site.db, link, site.statements.get(claim.statement), claim, said)


async def request_link(site: Site, request: AnyRequest, statement: Statement, asked: Checked[Managing]) -> None:
    """Mails a link to manage an endorsement, or the word that nothing is held.

    Raises TooManyRequests, InvalidFields or Unavailable.
    """
    network_key = site.network_key(request)
    site.limits.spend(network_key)
    await owners.request_link(site.db, site.settings.pepper, statement, asked.value, network_key)
