"""The page behind a mailed link to stop mail. GET changes nothing here either. `/stop/` is in mails of before version 0.1."""

from litestar import Router, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template

from undersigned.mail import stops
from undersigned.web.exchange.notices import button, notice, see
from undersigned.web.exchange.site import AtSite
from undersigned.words.languages import gettext as _


@get(["/n/{token:str}", "/stop/{token:str}"])
async def ask_to_stop(site: AtSite, token: FromPath[str]) -> Template:
    """Asks whether to stop confirmation mail to this mailbox, or to let it through again; changes nothing."""
    if await stops.is_stopped(site.db, site.signer.read_stop(token)):
        return notice(
            _("Confirmation mail to this mailbox is stopped"),
            _(
                "Whoever enters your address, no mail follows. If you want to endorse something yourself one day, let mail "
                "through again first."
            ),
            actions=[button(_("Let confirmation mail through again"), f"/n/{token}/undo")],
        )
    return notice(
        _("Stop confirmation mail to this mailbox?"),
        _(
            "Whoever enters your address on this site, you will get no more mails that ask you to confirm. You can undo this "
            "here at any time."
        ),
        actions=[button(_("Stop these mails"), f"/n/{token}")],
    )


@post(["/n/{token:str}", "/stop/{token:str}"], status_code=200)
async def stop(site: AtSite, token: FromPath[str]) -> Template:
    """Stops confirmation mail; also what a mail program's own button sends (RFC 8058)."""
    await stops.stop(site.db, site.signer.read_stop(token))
    return notice(
        _("Stopped"),
        _("No more confirmation mails will reach this mailbox from here."),
        tone="good",
        actions=[button(_("Undo"), f"/n/{token}/undo", style="quiet")],
    )


@post(["/n/{token:str}/undo", "/stop/{token:str}/undo"], status_code=200)
async def undo_stop(site: AtSite, token: FromPath[str]) -> Template:
    """Lets confirmation mail through again."""
    await stops.let_through(site.db, site.signer.read_stop(token))
    return notice(_("Undone"), _("Confirmation mails can reach this mailbox again."), tone="good")


@get(["/n/{token:str}/undo", "/stop/{token:str}/undo"])
async def back_to_stopping(token: FromPath[str]) -> Redirect:
    """Where it was undone, somebody asks for a page, in another language for example."""
    return see(f"/n/{token}")


router = Router("/", include_in_schema=False, route_handlers=[ask_to_stop, stop, undo_stop, back_to_stopping])
