"""The pages with which an owner ends it: leaves an organisation, or withdraws. GET changes nothing here either."""

from litestar import Router, get, post
from litestar.params import FromPath
from litestar.response import Template

from undersigned.signing import endorsements, links, owners
from undersigned.web.exchange.notices import button, nothing_held, notice
from undersigned.web.exchange.site import AtSite
from undersigned.words.languages import gettext as _


@get("/m/{token:str}/leave")
async def ask_to_leave(site: AtSite, token: FromPath[str]) -> Template:
    """Asks whether to leave an organisation's endorsement; changes nothing."""
    held = await owners.read(site.db, await links.to_manage(site.db, site.signer, token))
    if held is None or held.organisation is None:
        return nothing_held()
    return notice(
        _("Stop representing %(organisation)s here?") % {"organisation": held.organisation},
        _(
            "Everything held about you is deleted, and your links stop working. The organisation stays counted and named, "
            "without a representative, until somebody else signs for it. To take back its endorsement, withdraw instead."
        ),
        actions=[
            button(_("Leave, and keep the organisation counted"), f"/m/{token}/leave", style="danger"),
            button(_("Back"), f"/m/{token}", style="quiet", method="get"),
        ],
    )


@post("/m/{token:str}/leave", status_code=200)
async def leave(site: AtSite, token: FromPath[str]) -> Template:
    """Deletes all that is held on a representative; the organisation stays counted."""
    if not await owners.leave(site.db, await links.to_manage(site.db, site.signer, token)):
        return nothing_held()
    return notice(
        _("You have left"), _("Everything held about you here is deleted. The organisation stays counted."), tone="good"
    )


@get("/w/{token:str}")
async def ask_to_withdraw(site: AtSite, token: FromPath[str]) -> Template:
    """Asks whether to withdraw; changes nothing."""
    held = await owners.read(site.db, await links.to_withdraw(site.db, site.signer, token))
    if held is None:
        return nothing_held()
    statement = site.statements.get(held.statement)
    words = _("%(organisation)s endorses “%(title)s”.") if held.organisation else _("You endorse “%(title)s”.")
    return notice(
        _("Withdraw this endorsement?"),
        words % {"organisation": held.organisation, "title": statement.title},
        _(
            "Withdrawing deletes everything held about it. The public log keeps one line, without a name: that an endorsement "
            "was withdrawn. You can endorse again later."
        ),
        statement=statement,
        actions=[button(_("Withdraw and delete"), f"/w/{token}", style="danger")],
    )


@post("/w/{token:str}", status_code=200)
async def withdraw(site: AtSite, token: FromPath[str]) -> Template:
    """Withdraws, and deletes all that is held on the endorser."""
    if not await endorsements.withdraw(site.db, await links.to_withdraw(site.db, site.signer, token)):
        return nothing_held()
    return notice(
        _("Withdrawn"),
        _("Everything held about this endorsement is deleted, and the number follows in a moment."),
        tone="good",
    )


router = Router("/", include_in_schema=False, route_handlers=[ask_to_leave, leave, ask_to_withdraw, withdraw])
