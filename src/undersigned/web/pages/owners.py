"""The page behind an owner's link: see everything, correct it, take it along, hand over. GET changes nothing here either."""

import datetime as dt
from typing import Any

from litestar import Response, Router, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template

from undersigned import errors
from undersigned.database.queries.owners import HeldEndorsement
from undersigned.errors import InvalidFields
from undersigned.identity.tokens import OwnerLink
from undersigned.signing import links, owners, successions
from undersigned.statements.published import Statement
from undersigned.web.exchange.caching import NO_STORE
from undersigned.web.exchange.forms import NO_TROUBLE, UNSENT, Trouble, sent, trouble_of
from undersigned.web.exchange.notices import nothing_held, notice, see
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
# What the page says after an act, by the name that its address has for it.
DONE = {
    "name": noop("Your name is corrected."),
    "stop-updates": noop("You will get no more news."),
    "show": noop("A person looks at your name, then it is shown."),
    "hide": noop("Your name is not public."),
    "successor": noop("A mail asks your successor. Until they accept, you stay."),
    "take-back": noop("The offer is taken back."),
}


@get("/m/{token:str}")
async def show(site: AtSite, request: AnyRequest, token: FromPath[str]) -> Template:
    """Everything that is held on an endorsement, and what was done about it just now."""
    return await _page(
        site,
        await links.to_manage(site.db, site.signer, token),
        token,
        done=DONE.get(request.query_params.get("done", ""), ""),
    )


@get(["/m/{token:str}/name", "/m/{token:str}/{choice:str}", "/m/{token:str}/successor", "/m/{token:str}/take-back"])
async def back_to_all(token: FromPath[str]) -> Redirect:
    """Where an act was answered, somebody asks for a page, in another language for example."""
    return _shown(token)


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
async def correct_name(site: AtSite, request: AnyRequest, token: FromPath[str]) -> Template | Redirect:
    link, values = await links.to_manage(site.db, site.signer, token), await sent(request)
    name = values.get("name", "")
    if UNSENT in values:
        return await _page(site, link, token, values={"name": name})
    try:
        await owners.change(site.db, link, name=name)
    except InvalidFields as error:
        values = {"name": name}
        return await _page(site, link, token, values=values, trouble=trouble_of(error, values))
    return _shown(token, "name")


@post("/m/{token:str}/{choice:str}", status_code=200)
async def choose(site: AtSite, token: FromPath[str], choice: FromPath[str]) -> Redirect:
    """Shows or hides the name, or stops updates."""
    link = await links.to_manage(site.db, site.signer, token)
    if choice == "stop-updates":
        await owners.change(site.db, link, stop_updates=True)
    elif choice in ("show", "hide"):
        await owners.change(site.db, link, show_name=choice == "show")
    else:
        raise errors.LinkInvalid
    return _shown(token, choice)


@post("/m/{token:str}/successor", status_code=200)
async def offer(site: AtSite, request: AnyRequest, token: FromPath[str]) -> Template | Redirect:
    """Mails a successor the question whether they take the representative's place."""
    link, values = await links.to_manage(site.db, site.signer, token), await sent(request)
    if UNSENT in values:
        return await _page(site, link, token, values=values, about="successor_")
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
    return _shown(token, "successor")


@post("/m/{token:str}/take-back", status_code=200)
async def take_back(site: AtSite, token: FromPath[str]) -> Redirect:
    link = await links.to_manage(site.db, site.signer, token)
    await successions.take_back(site.db, link)
    return _shown(token, "take-back")


def _shown(token: str, done: str = "") -> Redirect:
    """To the page that shows everything and what was done: one that can be asked for again, in any language."""
    return see(f"/m/{token}" + (f"?done={done}" if done else ""))


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
            "said": _(done) if done else "",
            "about": about,
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
        back_to_all,
        correct_name,
        choose,
        offer,
        take_back,
    ],
)
