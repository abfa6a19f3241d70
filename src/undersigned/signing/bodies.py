"""The shapes that come in and go out, and the reading of a body that names every bad field at once."""

from collections.abc import Sequence
from typing import Annotated, Any, Generic, Literal, TypeVar, get_args, get_origin

import msgspec
from msgspec import Meta

from undersigned.errors import FieldError, InvalidFields
from undersigned.identity.endorsers import Kind

T = TypeVar("T")

Contribution = Literal["experience", "resources", "knowledge"]
Country = Annotated[
    str, Meta(description="ISO 3166-1 alpha-2, in capitals", extra_json_schema={"pattern": "^[A-Z]{2}$"})
]
PersonName = Annotated[str, Meta(extra_json_schema={"minLength": 1, "maxLength": 100})]
Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$(?!\n)")]


Label = Annotated[str, Meta(description="Left out if it is longer than 100 characters or not printable")]


class Source(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Where a signer came from, kept coarse: a campaign's labels, and the registrable domain of a host.

    These come from a visitor's address bar, so what doesn't fit is left out and never costs a signature.
    """

    utm_source: Label | None = None
    utm_medium: Label | None = None
    utm_campaign: Label | None = None
    referring_host: Annotated[
        str | None, Meta(description="Only its registrable domain is kept; left out if there is none")
    ] = None


class OrganisationClaim(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The organisation that a representative signs for. Without a website of its own, its name and country identify it."""

    name: Annotated[str, Meta(extra_json_schema={"minLength": 1, "maxLength": 200})]
    website: Annotated[str, Meta(max_length=300)] | None = None
    country: Country
    contributions: list[Contribution] = []


class Signing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A claim to endorse. An organisation's names its representative in `name` and `email`."""

    kind: Kind
    name: PersonName
    email: Annotated[str, Meta(max_length=254)]
    country: Annotated[Country | None, Meta(description="Where you live; may be left out")] = None
    locale: Annotated[str, Meta(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$(?!\n)", max_length=35)] = "en"
    objectives: Annotated[list[Annotated[str, Meta(max_length=8)]], Meta(max_length=26)] = []
    partner: Annotated[str | None, Meta(description="The partner's slug; one that is not known here is left out")] = (
        None
    )
    source: Source = Source()
    text_sha256: Annotated[
        Sha256 | None,
        Meta(description="The text that was shown: the statement's own, which it is if left out, or a translation's"),
    ] = None
    role: Annotated[str | None, Meta(description="Of the representative, in at most 100 characters")] = None
    organisation: OrganisationClaim | None = None
    proof: Annotated[
        Annotated[str, Meta(max_length=4000)] | None,
        Meta(
            description="The solution of the `challenge` of a `proof_needed`: an ALTCHA payload of version 2, as JSON in base64. "
            "Not looked at where none is needed"
        ),
    ] = None
    subject: Annotated[
        str,
        Meta(
            max_length=1000,
            description="Leave this empty: people don't see it in the form, and what fills it in is refused",
        ),
    ] = ""


class Correcting(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a claim's owner says instead of what was typed; null leaves a field as it is.

    An organisation's name, country and website decide who it is, and stay: what is wrong with them is a claim of its own.
    """

    country: Annotated[str | None, Meta(description="An individual's; empty for none")] = None
    objectives: list[Annotated[str, Meta(max_length=8)]] | None = None
    role: Annotated[str | None, Meta(description="Of the representative, in at most 100 characters")] = None
    contributions: list[str] | None = None
    source: Annotated[bool, Meta(description="False: no partner and no campaign brought me here")] = True


class Confirming(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The mailbox owner's word: the mailed token, their consent, and what they correct or choose."""

    token: Annotated[str, Meta(max_length=300)]
    consent: Annotated[bool, Meta(description="Must be true: you agree to the statement's consent text")]
    name: PersonName | None = None
    show_name: bool = False
    updates: bool = False
    corrected: Correcting = Correcting()


class Managing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose endorsement to manage: the mailbox that confirmed it, and for an organisation's, how it was named."""

    email: Annotated[str, Meta(max_length=254)]
    organisation: OrganisationClaim | None = None
    locale: Annotated[str, Meta(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$(?!\n)", max_length=35)] = "en"


class Accepted(msgspec.Struct, frozen=True):
    """The same answer for everybody; the rest is in the mail."""

    status: Literal["confirmation_sent"] = "confirmation_sent"


class Confirmed(msgspec.Struct, frozen=True):
    """What became of the claim: counted; waiting for a person to look; or it already was counted."""

    status: Literal["counted", "held", "already_confirmed"]


class Checked(Generic[T]):
    """A body read into shape T. Where some of it is bad, `faults` says so, and placeholders stand for it in `salvaged`.

    So whoever knows more than the shape can add what else is wrong, and a signer hears of everything at once.
    """

    def __init__(self, salvaged: T, faults: Sequence[FieldError] = ()) -> None:
        self.salvaged = salvaged
        self.faults = list(faults)

    @property
    def value(self) -> T:
        """The body. Raises InvalidFields if any of it is bad."""
        if self.faults:
            raise InvalidFields(self.faults)
        return self.salvaged


def read(shape: type[T], data: Any) -> Checked[T]:
    """`data`, as JSON gave it, in this shape."""
    try:
        return Checked(msgspec.convert(data, shape))
    except msgspec.ValidationError:
        salvaged, faults = _salvage(shape, data, "")
        return Checked(salvaged, faults)


def _salvage(shape: Any, data: Any, pointer: str) -> tuple[Any, list[FieldError]]:
    """The good part of an object with placeholders for the rest, and what is wrong with the rest."""
    faults = [] if isinstance(data, dict) else [FieldError(pointer, "invalid", "This must be an object.")]
    given = data if isinstance(data, dict) else {}
    fields = {field.encode_name: field for field in msgspec.structs.fields(shape)}
    faults += [
        FieldError(f"{pointer}/{_escaped(name)}", "unknown_field", "There is no such field.")
        for name in given
        if name not in fields
    ]
    good: dict[str, Any] = {}
    for name, field in fields.items():
        here = f"{pointer}/{name}"
        if name in given:
            try:
                good[name] = msgspec.convert(given[name], field.type)
                continue
            except msgspec.ValidationError as error:
                inner = _structure(field.type)
                if inner and isinstance(given[name], dict):
                    good[name], inner_faults = _salvage(inner, given[name], here)
                    faults += inner_faults
                    continue
                faults.append(FieldError(here, *_said(str(error))))
        elif field.required:
            faults.append(FieldError(here, "required", "This is needed."))
        if field.required:
            good[name] = _placeholder(field.type)
    return shape(**good), faults


def _structure(annotation: Any) -> Any:
    """The Struct in an annotation such as `Struct | None`, if there is one."""
    candidates = (annotation, *get_args(annotation))
    return next((c for c in candidates if isinstance(c, type) and issubclass(c, msgspec.Struct)), None)


def _placeholder(annotation: Any) -> Any:
    """Something of the right type for a required field; it is never kept, because the field has a fault."""
    if get_origin(annotation) is Literal:
        return get_args(annotation)[0]
    return False if bool in (annotation, *get_args(annotation)) else ""


def _said(error: str) -> tuple[str, str]:
    what = error.partition(" - at ")[0]
    code = "too_long" if "length <=" in what else "invalid"
    return code, f"{what}."


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")[:100]
