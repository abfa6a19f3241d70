"""The pages behind an owner's links: see everything, correct it, take it along, withdraw. GET changes nothing here either."""

import datetime as dt
from typing import Any

from litestar import Response, Router, get, post
from litestar.params import FromPath
from litestar.response import Template

from undersigned import errors
from undersigned.database.queries.owners import HeldEndorsement
from undersigned.errors import InvalidFields
from undersigned.identity.tokens import OwnerLink
from undersigned.signing import endorsements, links, owners, successions
from undersigned.statements.published import Statement
from undersigned.web.exchange.caching import NO_STORE
from undersigned.web.exchange.forms import NO_TROUBLE, Trouble, sent, trouble_of
from undersigned.web.exchange.notices import button, notice
from undersigned.web.exchange.site import AnyRequest, AtSite, Site
from undersigned.words import countries, languages
from undersigned.words.languages import gettext as _
from undersigned.words.languages import noop

NAME_STATUS = {
    "hidden": noop("not public"),
    "queued": noop("to be shown, once a person looked at it"),
    "shown": noop("public"),
    "refused": noop("not shown: it was looked at and refused"),
}


@get("/m/{token:str}")
async def show(site: AtSite, token: FromPath[str]) -> Template:
    """Everything that is held on an endorsement."""
    return await _page(site, await links.to_manage(site.db, site.signer, token), token)


@get("/m/{token:str}/data.json")
async def download(site: AtSite, token: FromPath[str]) -> Response[dict[str, Any]]:
    """The same, to take along."""
    held = await owners.read(site.db, await links.to_manage(site.db, site.signer, token))
    if held is None:
        raise errors.LinkExpired
    return Response(owners.as_document(held), headers=NO_STORE)


@get("/m/{token:str}/receipt.tlog-proof")
async def receipt(site: AtSite, token: FromPath[str]) -> Response[str] | Template:
    """The receipt, once the entry is released."""
    link = await links.to_manage(site.db, site.signer, token)
    held = await owners.read(site.db, link)
    if held is None:
        return nothing_held()
    text = await owners.receipt(site.db, link, site.statements.get(held.statement))
    if text is None:
        return notice(
            _("In a moment"),
            _("The public log does not hold your entry yet. Please try again in a few seconds."),
            status=503,
        )
    return Response(
        text,
        media_type="text/plain",
        headers=NO_STORE | {"Content-Disposition": 'attachment; filename="receipt.tlog-proof"'},
    )


@post("/m/{token:str}/name", status_code=200)
async def correct_name(site: AtSite, request: AnyRequest, token: FromPath[str]) -> Template:
    link, name = await links.to_manage(site.db, site.signer, token), (await sent(request)).get("name", "")
    try:
        await owners.change(site.db, link, name=name)
    except InvalidFields as error:
        values = {"name": name}
        return await _page(site, link, token, values=values, trouble=trouble_of(error, values))
    return await _page(site, link, token, done=_("Your name is corrected."))


@post("/m/{token:str}/{choice:str}", status_code=200)
async def choose(site: AtSite, token: FromPath[str], choice: FromPath[str]) -> Template:
    """Shows or hides the name, or stops updates."""
    link = await links.to_manage(site.db, site.signer, token)
    if choice == "stop-updates":
        await owners.change(site.db, link, stop_updates=True)
        return await _page(site, link, token, done=_("You will get no more news."))
    if choice not in ("show", "hide"):
        raise errors.LinkInvalid
    await owners.change(site.db, link, show_name=choice == "show")
    done = _("A person looks at your name, then it is shown.") if choice == "show" else _("Your name is not public.")
    return await _page(site, link, token, done=done)


@post("/m/{token:str}/successor", status_code=200)
async def offer(site: AtSite, request: AnyRequest, token: FromPath[str]) -> Template:
    """Mails a successor the question whether they take the representative's place."""
    link, values = await links.to_manage(site.db, site.signer, token), await sent(request)
    network_key = site.network_key(request)
    site.limits.spend(network_key)
    name, role, email = (values.get(f"successor_{field}", "") for field in ("name", "role", "email"))
    try:
        offered = await successions.offer(
            site.db, site.settings.pepper, link, name=name, role=role, email=email, network_key=network_key
        )
    except InvalidFields as error:
        return await _page(site, link, token, values=values, trouble=trouble_of(error, values), about="successor_")
    if not offered:
        return nothing_held()
    return await _page(site, link, token, done=_("A mail asks your successor. Until they accept, you stay."))


@post("/m/{token:str}/take-back", status_code=200)
async def take_back(site: AtSite, token: FromPath[str]) -> Template:
    link = await links.to_manage(site.db, site.signer, token)
    await successions.take_back(site.db, link)
    return await _page(site, link, token, done=_("The offer is taken back."))


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


def nothing_held() -> Template:
    return notice(
        _("Nothing is held"), _("The endorsement that this link was made for is withdrawn, or was not accepted.")
    )


async def _page(
    site: Site,
    link: OwnerLink,
    token: str,
    *,
    done: str = "",
    values: dict[str, str] | None = None,
    trouble: Trouble = NO_TROUBLE,
    about: str = "",
) -> Template:
    held = await owners.read(site.db, link)
    if held is None:
        return nothing_held()
    return Template(
        "manage.html",
        status_code=trouble.status,
        headers=NO_STORE | trouble.headers,
        context={
            "statement": site.statements.get(held.statement),
            "held": held,
            "facts": _facts(site.statements.get(held.statement), held, site.settings.zone),
            "values": {"name": held.name} | (values or {}),
            "errors": {about + name: words for name, words in trouble.errors.items()},
            "said": done,
            "token": token,
            "withdraw_token": site.signer.withdraw(link),
            "private": True,
        },
    )


def _moment(time: str, zone: dt.tzinfo) -> str:
    return languages.moment(dt.datetime.fromisoformat(time), zone)


def _facts(statement: Statement, held: HeldEndorsement, zone: dt.tzinfo) -> list[tuple[str, str]]:
    """What is held, as a person reads it; what is empty is left out."""
    consent, name_status = held.consent, NAME_STATUS[held.name_status]
    facts = [
        (_("Organisation"), held.organisation),
        (_("Website"), held.website),
        (_("It offers"), ", ".join(held.contributions or [])),
        (_("Your role"), held.role),
        (_("Name"), held.name),
        (_("The name is"), _(name_status)),
        (_("E-mail address"), held.address),
        (_("Country"), countries.names(languages.current()).get(held.country or "")),
        (_("Objectives"), ", ".join(held.objectives)),
        (_("Language"), languages.NAMES.get(held.locale, held.locale)),
        (_("Your place is offered to"), held.offered_to),
        (_("Came through"), held.partner),
        (_("Campaign"), ", ".join(held.source.values())),
        (_("A code of your network"), _("kept for 30 days against abuse") if held.network_kept else ""),
        (
            _("You consented"),
            _("%(time)s, to the text %(hash)s…")
            % {"time": _moment(consent.endorse.at, zone), "hash": consent.endorse.text_sha256[:16]},
        ),
        (_("Text you were shown"), _shown_text(statement, consent.endorse.shown_sha256)),
        (
            _("News"),
            _("asked for %(time)s") % {"time": _moment(consent.updates.at, zone)}
            if consent.updates
            else _("not asked for"),
        ),
        (_("Counted"), languages.moment(held.counted_at, zone)),
        (_("Entry of the public log"), "" if held.log_index is None else languages.number(held.log_index)),
    ]
    return [(label, value) for label, value in facts if value]


def _shown_text(statement: Statement, sha256: str | None) -> str:
    """The language of the text that somebody was shown and whether it was the original, with the beginning of its hash."""
    locale = statement.locale_of(sha256) if sha256 else None
    if locale is None or sha256 is None:
        return ""
    original = sha256 == statement.sha256.hex()
    words = _("the original (%(language)s), %(hash)s…") if original else _("a translation (%(language)s), %(hash)s…")
    return words % {"language": languages.named(locale), "hash": sha256[:16]}


router = Router(
    "/",
    include_in_schema=False,
    route_handlers=[
        show,
        download,
        receipt,
        correct_name,
        choose,
        offer,
        take_back,
        ask_to_leave,
        leave,
        ask_to_withdraw,
        withdraw,
    ],
)
