"""The pages behind an owner's links: see everything, correct it, take it along, withdraw. GET changes nothing here either."""

from typing import Any

from litestar import Response, Router, get, post
from litestar.params import FromPath, JSONBody
from litestar.response import Template

from undersigned import countries, endorsements, errors, owners, successions
from undersigned.database import Record
from undersigned.errors import InvalidFields
from undersigned.models import Accepted, Checked, Managing
from undersigned.tokens import OwnerLink
from undersigned.web.links import NO_STORE, button, notice
from undersigned.web.pages import form_values
from undersigned.web.problems import STATUS, declared
from undersigned.web.site import AnyRequest, AtSite, Site

NAME_STATUS = {
    "hidden": "not public",
    "queued": "to be shown, once a person looked at it",
    "shown": "public",
    "refused": "not shown: it was looked at and refused",
}


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
    statement, network_key = site.statements.get(slug), site.network_key(request)
    site.submit_budget.spend(network_key)
    await owners.request_link(site.db, site.settings.pepper, statement, data.value, network_key)
    return Accepted()


@get("/m/{token:str}")
async def show(site: AtSite, token: FromPath[str]) -> Template:
    """Everything that is held on an endorsement."""
    return await _page(site, site.signer.read_manage(token), token)


@get("/m/{token:str}/data.json")
async def download(site: AtSite, token: FromPath[str]) -> Response[dict[str, Any]]:
    """The same, to take along."""
    held = await owners.read(site.db, site.signer.read_manage(token))
    if held is None:
        raise errors.LinkExpired
    return Response(owners.as_document(held), headers=NO_STORE)


@get("/m/{token:str}/receipt.tlog-proof")
async def receipt(site: AtSite, token: FromPath[str]) -> Response[str] | Template:
    """The receipt, once the entry is released."""
    link = site.signer.read_manage(token)
    held = await owners.read(site.db, link)
    if held is None:
        return nothing_held()
    text = await owners.receipt(site.db, link, site.statements.get(held["statement"]))
    if text is None:
        return notice(
            "In a moment", "The public log doesn’t hold your entry yet. Please try again in a few seconds.", status=503
        )
    return Response(text, media_type="text/plain", headers=NO_STORE | {"Content-Disposition": "attachment"})


@post("/m/{token:str}/name", status_code=200)
async def correct_name(site: AtSite, request: AnyRequest, token: FromPath[str]) -> Template:
    link, name = site.signer.read_manage(token), form_values(await request.body()).get("name", "")
    try:
        await owners.change(site.db, link, name=name)
    except InvalidFields as error:
        return await _page(site, link, token, values={"name": name}, faults=error)
    return await _page(site, link, token, said="Your name is corrected.")


@post("/m/{token:str}/{choice:str}", status_code=200)
async def choose(site: AtSite, token: FromPath[str], choice: FromPath[str]) -> Template:
    """Shows or hides the name, or stops updates."""
    link = site.signer.read_manage(token)
    if choice == "stop-updates":
        await owners.change(site.db, link, stop_updates=True)
        return await _page(site, link, token, said="You will get no more news.")
    if choice not in ("show", "hide"):
        raise errors.LinkInvalid
    await owners.change(site.db, link, show_name=choice == "show")
    said = "A person looks at your name, then it is shown." if choice == "show" else "Your name is not public."
    return await _page(site, link, token, said=said)


@post("/m/{token:str}/successor", status_code=200)
async def offer(site: AtSite, request: AnyRequest, token: FromPath[str]) -> Template:
    """Mails a successor the question whether they take the representative's place."""
    link, values = site.signer.read_manage(token), form_values(await request.body())
    network_key = site.network_key(request)
    site.submit_budget.spend(network_key)
    name, role, email = (values.get(f"successor_{field}", "") for field in ("name", "role", "email"))
    try:
        offered = await successions.offer(
            site.db, site.settings.pepper, link, name=name, role=role, email=email, network_key=network_key
        )
    except InvalidFields as error:
        return await _page(site, link, token, values=values, faults=error, about="successor_")
    if not offered:
        return nothing_held()
    return await _page(site, link, token, said="A mail asks your successor. Until they accept, you stay.")


@post("/m/{token:str}/take-back", status_code=200)
async def take_back(site: AtSite, token: FromPath[str]) -> Template:
    link = site.signer.read_manage(token)
    await successions.take_back(site.db, link)
    return await _page(site, link, token, said="The offer is taken back.")


@get("/m/{token:str}/leave")
async def ask_to_leave(site: AtSite, token: FromPath[str]) -> Template:
    """Asks whether to leave an organisation's endorsement; changes nothing."""
    held = await owners.read(site.db, site.signer.read_manage(token))
    if held is None or held["organisation"] is None:
        return nothing_held()
    return notice(
        f"Stop representing {held['organisation']} here?",
        "Everything held about you is deleted, and your links stop working. The organisation stays counted and named, without a "
        "representative, until somebody else signs for it. To take back its endorsement, withdraw instead.",
        actions=[
            button("Leave, and keep the organisation counted", f"/m/{token}/leave", style="danger"),
            button("Back", f"/m/{token}", style="quiet", method="get"),
        ],
    )


@post("/m/{token:str}/leave", status_code=200)
async def leave(site: AtSite, token: FromPath[str]) -> Template:
    """Deletes all that is held on a representative; the organisation stays counted."""
    if not await owners.leave(site.db, site.signer.read_manage(token)):
        return nothing_held()
    return notice(
        "You have left", "Everything held about you here is deleted. The organisation stays counted.", tone="good"
    )


@get("/w/{token:str}")
async def ask_to_withdraw(site: AtSite, token: FromPath[str]) -> Template:
    """Asks whether to withdraw; changes nothing."""
    held = await owners.read(site.db, site.signer.read_withdraw(token))
    if held is None:
        return nothing_held()
    statement = site.statements.get(held["statement"])
    who = f"{held['organisation']} endorses" if held["organisation"] else "You endorse"
    return notice(
        "Withdraw this endorsement?",
        f"{who} “{statement.title}”.",
        "Withdrawing deletes everything held about it. The public log keeps one line, without a name: that an endorsement was "
        "withdrawn. You can endorse again later.",
        statement=statement,
        actions=[button("Withdraw and delete", f"/w/{token}", style="danger")],
    )


@post("/w/{token:str}", status_code=200)
async def withdraw(site: AtSite, token: FromPath[str]) -> Template:
    """Withdraws, and deletes all that is held on the endorser."""
    if not await endorsements.withdraw(site.db, site.signer.read_withdraw(token)):
        return nothing_held()
    return notice(
        "Withdrawn",
        "Everything held about this endorsement is deleted, and the number follows in a moment.",
        tone="good",
    )


def nothing_held() -> Template:
    return notice("Nothing is held", "The endorsement that this link was made for is withdrawn, or was not accepted.")


async def _page(
    site: Site,
    link: OwnerLink,
    token: str,
    *,
    said: str = "",
    values: dict[str, str] | None = None,
    faults: InvalidFields | None = None,
    about: str = "",
) -> Template:
    held = await owners.read(site.db, link)
    if held is None:
        return nothing_held()
    return Template(
        "manage.html",
        status_code=STATUS[InvalidFields] if faults else 200,
        headers=NO_STORE,
        context={
            "statement": site.statements.get(held["statement"]),
            "held": held,
            "facts": _facts(held),
            "values": {"name": held["name"]} | (values or {}),
            "errors": {about + fault.pointer.strip("/"): fault.detail for fault in faults.errors} if faults else {},
            "said": said,
            "token": token,
            "withdraw_token": site.signer.withdraw(link),
            "private": True,
        },
    )


def _facts(held: Record) -> list[tuple[str, str]]:
    """What is held, as a person reads it; what is empty is left out."""
    consent = held["consent"]
    facts = [
        ("Organisation", held["organisation"]),
        ("Website", held["website"]),
        ("It offers", ", ".join(held["contributions"] or [])),
        ("Your role", held["role"]),
        ("Name", held["name"]),
        ("The name is", NAME_STATUS[held["name_status"]]),
        ("E-mail address", held["address"]),
        ("Country", countries.names().get(held["country"])),
        ("Objectives", ", ".join(held["objectives"])),
        ("Language", held["locale"]),
        ("Your place is offered to", held["offered_to"]),
        ("Came through", held["partner"]),
        ("Campaign", ", ".join(held["source"].values())),
        ("A code of your network", "kept for 30 days against abuse" if held["network_kept"] else ""),
        ("You consented", f"{consent['endorse']['at']}, to the text {consent['endorse']['text_sha256'][:16]}…"),
        ("News", f"asked for {consent['updates']['at']}" if "updates" in consent else "not asked for"),
        ("Counted", held["counted_at"].isoformat(timespec="seconds")),
        ("Entry of the public log", "" if held["log_index"] is None else f"{held['log_index']:,}"),
    ]
    return [(label, value) for label, value in facts if value]


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
