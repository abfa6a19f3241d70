"""What the API, a page and a frame all offer is one act each; they only say in their own ways what came of it."""

from undersigned.database.queries.submissions import KeptClaim
from undersigned.identity.tokens import ConfirmLink
from undersigned.signing import claims, owners, submissions
from undersigned.signing.bodies import Checked, Correcting, Managing, Signing
from undersigned.signing.claims import Settled
from undersigned.statements.published import Statement
from undersigned.web.exchange.site import AnyRequest, Site


async def submit(
    site: Site, request: AnyRequest, statement: Statement, body: Checked[Signing], *, form: bool = False
) -> None:
    """Keeps a claim, and the mail that asks its mailbox's owner; `form` says that it came from a form of our own pages.

    Raises OriginRefused, TooManyRequests, NoRoom, StatementNotOpen, StatementClosed, InvalidFields or Unavailable.
    """
    site.admit(request, statement, form=form)
    network_key = site.network_key(request)
    site.submit_budget.spend(network_key)
    site.room.must_be_left()
    await submissions.submit(site.db, site.settings.pepper, statement, body, network_key, site.partners)


async def correct(site: Site, link: ConfirmLink, claim: KeptClaim | Settled, said: Correcting) -> None:
    """Keeps what a claim's owner corrects as they confirm it. Raises InvalidFields or Unavailable."""
    if isinstance(claim, KeptClaim):
        await claims.correct(site.db, link, site.statements.get(claim.statement), claim, said)


async def request_link(site: Site, request: AnyRequest, statement: Statement, asked: Checked[Managing]) -> None:
    """Mails a link to manage an endorsement, or the word that nothing is held.

    Raises TooManyRequests, InvalidFields or Unavailable.
    """
    network_key = site.network_key(request)
    site.submit_budget.spend(network_key)
    await owners.request_link(site.db, site.settings.pepper, statement, asked.value, network_key)
