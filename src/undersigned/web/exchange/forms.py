"""Forms: their fields, the bodies that these make up, and what stands in the way of what was sent, field by field or in all."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from markupsafe import Markup

from undersigned.errors import DomainError, FieldError, InvalidFields, MalformedRequest, TurnNeeded
from undersigned.signing import submissions
from undersigned.statements.published import Statement
from undersigned.web.exchange import problems
from undersigned.web.exchange.caching import NO_STORE
from undersigned.web.exchange.site import AnyRequest
from undersigned.words import languages
from undersigned.words.languages import gettext as _
from undersigned.words.languages import noop

FORM_FIELDS_MAX = 100
UNFIT = noop("This can’t be accepted as it is.")
# Where a signer came from travels from the address of a form's page into the form, and from there into the body.
SOURCE = ("utm_source", "utm_medium", "utm_campaign")
# What a button sends that wants the form again with all that was typed, in another language or to correct it, and nothing done.
UNSENT = "unsent"
# A form is flat: where a field of the body stands in it.
FORM_NAMES = {
    "/organisation/name": "organisation_name",
    "/organisation/website": "organisation_website",
    "/organisation/country": "organisation_country",
    "/organisation": "organisation_name",
}


def attribution_of(request: AnyRequest) -> dict[str, str]:
    """The partner and the campaign that an address names, such as `/s/example?partner=readers&utm_source=news`."""
    return {name: request.query_params[name] for name in ("partner", *SOURCE) if name in request.query_params}


def carried(values: Mapping[str, Any]) -> Markup:
    """The fields of a form that its page's address carries into it, as `attribution_of` has them, and the turn that it got."""
    field = Markup('<input type="hidden" name="{}" value="{}">')
    return Markup("").join(
        field.format(name, values[name]) for name in ("partner", *SOURCE, "turn") if values.get(name)
    )


async def sent(request: AnyRequest) -> dict[str, Any]:
    """The fields of the form that a request sent, as `form_values` reads them. Raises MalformedRequest.

    The request keeps them: an answer that it can't be done now offers to send the same again.
    """
    values = form_values(await request.body())
    lists = {name: value if isinstance(value, list) else [value] for name, value in values.items()}
    request.state[problems.TYPED] = [(name, each) for name, found in lists.items() for each in found]
    return values


def typed(request: AnyRequest) -> list[tuple[str, str]]:
    """The fields of the form that a request sent, for a form that sends them once more."""
    fields: list[tuple[str, str]] = request.state.get(problems.TYPED, [])
    return [(name, value) for name, value in fields if name not in (UNSENT, "turn")]


def form_values(body: bytes) -> dict[str, Any]:
    """A form's fields (`application/x-www-form-urlencoded`); those that may repeat as lists. Raises MalformedRequest."""
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=FORM_FIELDS_MAX)
    except ValueError:
        raise MalformedRequest from None
    values: dict[str, Any] = dict(pairs)
    for repeated in ("objectives", "contributions"):
        values[repeated] = [value for name, value in pairs if name == repeated]
    return values


def is_blank(values: Mapping[str, Any]) -> bool:
    """Whether nothing was filled in yet in the form of a statement's page: only what the page itself put there came."""
    ours = ("text_sha256", "partner", *SOURCE, "turn", UNSENT)
    return values.get("kind", "individual") == "individual" and not any(
        value for name, value in values.items() if name not in ("kind", *ours)
    )


def signing_of(values: dict[str, Any]) -> dict[str, Any]:
    """The signing body that a form's fields make up."""
    body: dict[str, Any] = {
        "kind": values.get("kind", "individual"),
        "name": values.get("name", ""),
        "email": values.get("email", ""),
        "objectives": values["objectives"],
        "subject": values.get("subject", ""),
        "locale": languages.current(),
    }
    if "text_sha256" in values:
        body["text_sha256"] = values["text_sha256"]
    if "partner" in values:
        body["partner"] = values["partner"]
    if source := {name: values[name] for name in SOURCE if name in values}:
        body["source"] = source
    if body["kind"] != "organisation":
        return body | {"country": values.get("country") or None}
    return body | {
        "role": values.get("role", ""),
        "organisation": {
            "name": values.get("organisation_name", ""),
            "website": values.get("organisation_website") or None,
            "country": values.get("organisation_country", ""),
            "contributions": values["contributions"],
        },
    }


def correcting_of(values: dict[str, Any]) -> dict[str, Any]:
    """The corrections that the form of a claim makes up, which says `corrects`; none for a page that has no such fields."""
    if "corrects" not in values:
        return {}
    return {
        "country": values.get("country"),
        "objectives": values["objectives"],
        "role": values.get("role"),
        "contributions": values["contributions"],
        "source": "source" in values,
    }


def managing_of(values: dict[str, Any]) -> dict[str, Any]:
    """The body that a form's fields make up."""
    body = {"email": values.get("email", ""), "locale": languages.current()}
    if values.get("kind") != "organisation":
        return body
    named = {
        "name": values.get("organisation_name", ""),
        "website": values.get("organisation_website") or None,
        "country": values.get("organisation_country", ""),
    }
    return body | {"organisation": named}


class Trouble(msgspec.Struct, frozen=True):
    """What stood in the way of a form: of each field what is wrong with it, by its name, or else one sentence about it all."""

    errors: dict[str, str] = {}
    sentence: str | None = None
    status: int = 200
    headers: dict[str, str] = {}
    # What the same form is let in with once it has come; while fields are corrected, the one that it was sent with.
    turn: str | None = None


NO_TROUBLE = Trouble()


def trouble_of(error: DomainError, values: dict[str, Any], words: Mapping[str, str] = submissions.DETAILS) -> Trouble:
    """What a form that was sent is shown again with; `words` says what a field's fault is, by its code.

    Raises the error again if it is none that a request is answered with.
    """
    status = problems.status_of(error)
    if status is None:
        raise error
    problems.note(error)
    headers = problems.headers_of(error)
    turn = error.turn if isinstance(error, TurnNeeded) else values.get("turn")
    if isinstance(error, InvalidFields):
        return Trouble(by_name(error.errors, values, words), None, status, headers, turn)
    return Trouble({}, problems.sentence_of(error), status, headers, turn)


def consent_trouble(statement: Statement, values: dict[str, Any]) -> Trouble | None:
    """What is wrong if the consent text changed while its page was open: what is agreed to must be what was read."""
    if statement.consent_was_read(values.get("consent"), values.get("consent_translation")):
        return None
    return Trouble({"consent": _("The text below is new. Please read it once more.")}, None, 409, NO_STORE)


def by_name(
    faults: list[FieldError], values: dict[str, Any], words: Mapping[str, str] = submissions.DETAILS
) -> dict[str, str]:
    """What is wrong with the fields of a form, by their names in it; of several faults of one field the first."""
    errors: dict[str, str] = {}
    for fault in faults:
        name = FORM_NAMES.get(fault.pointer) or fault.pointer.strip("/").replace("organisation/", "").split("/")[0]
        # No country chosen is no country known.
        missing = fault.code == "country_unknown" and not values.get(name)
        errors.setdefault(name, _(words.get("required" if missing else fault.code, UNFIT)))
    return errors
