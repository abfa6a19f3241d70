"""Forms: a form's fields, the bodies that they make up, and what is wrong with them by the names they have there."""

from typing import Any
from urllib.parse import parse_qsl

import msgspec

from undersigned.errors import FieldError, MalformedRequest
from undersigned.signing import submissions
from undersigned.web.exchange.site import AnyRequest
from undersigned.words import languages
from undersigned.words.languages import gettext as _
from undersigned.words.languages import noop

FORM_FIELDS_MAX = 100
UNFIT = noop("This can’t be accepted as it is.")
# Where a signer came from travels from the address of a form's page into the form, and from there into the body.
SOURCE = ("utm_source", "utm_medium", "utm_campaign")
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


def said(fault: FieldError) -> str:
    """What is wrong with a field, in the language in use; by its code, as every client says it."""
    return _(submissions.DETAILS.get(fault.code, UNFIT))


def by_name(faults: list[FieldError], values: dict[str, Any]) -> dict[str, str]:
    """What is wrong with the fields of a form, by their names in it; of several faults of one field the first."""
    errors: dict[str, str] = {}
    for fault in faults:
        name = FORM_NAMES.get(fault.pointer) or fault.pointer.strip("/").replace("organisation/", "").split("/")[0]
        # No country chosen is no country known.
        missing = fault.code == "country_unknown" and not values.get(name)
        errors.setdefault(name, said(msgspec.structs.replace(fault, code="required") if missing else fault))
    return errors


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
