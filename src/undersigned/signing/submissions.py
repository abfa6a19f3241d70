"""Submitting, the first station: a claim is checked and kept with the mail that asks its mailbox's owner."""

import contextlib
import datetime as dt
import secrets
import uuid
from collections.abc import Container, Iterable, Sequence
from typing import Any
from uuid import UUID

import msgspec

from undersigned.database.connection import Database
from undersigned.database.queries.submissions import ClaimedOrganisation, KeptClaim
from undersigned.errors import FieldError, InvalidFields, Unavailable
from undersigned.identity import domains, endorsers, keys, mailboxes, names, visible
from undersigned.identity.endorsers import Kind
from undersigned.identity.mailboxes import Mailbox
from undersigned.log import entries
from undersigned.signing.bodies import Checked, Correcting, Managing, OrganisationClaim, Signing, Source
from undersigned.statements.published import Statement
from undersigned.words import countries
from undersigned.words.languages import noop

TTL = dt.timedelta(days=7)
# After its 7 days a claim waits 7 more, so that an expired link can offer a new one in one tap.
GRACE = dt.timedelta(days=7)
HOST_LENGTH_MAX = 253

DETAILS = {
    "required": noop("This is needed."),
    "too_long": noop("This is too long."),
    "name_characters": noop("A name has letters, and no invisible or control characters."),
    "name_link": noop("A name has no web or mail addresses in it."),
    "email_invalid": noop("This is not an e-mail address that mail can reach."),
    "country_unknown": noop("There is no such country."),
    "objective_unknown": noop("The statement has no such objective."),
    "text_unknown": noop("This is not a text of this statement."),
    "contribution_unknown": noop("The statement doesn't ask for this."),
    "website_invalid": noop("This is not a web address."),
    "not_empty": noop(
        "Something was filled in here that people don’t see. It is empty again: please send the form once more."
    ),
    "individual_only": noop("This belongs to an organisation: leave it out, or sign as one."),
}


class Claim(msgspec.Struct, frozen=True):
    """A submission whose every field was checked and cleaned."""

    name: str
    mailbox: Mailbox
    identity: str
    role: str | None
    organisation: ClaimedOrganisation | None
    hold_reason: str | None


class _Faults:
    """Collects what is wrong, so that a signer hears of everything at once."""

    def __init__(self, found: Iterable[FieldError] = ()) -> None:
        self.found = list(found)

    def add(self, pointer: str, code: str) -> None:
        """Adds a fault, unless something is wrong with this field, or with what it lies in, already."""
        if not any(f"{pointer}/".startswith(f"{fault.pointer}/") for fault in self.found):
            self.found.append(FieldError(pointer, code, DETAILS[code]))

    def name(self, pointer: str, value: str, *, length_max: int = names.NAME_LENGTH_MAX, domains: bool = False) -> str:
        try:
            return names.clean(value, length_max=length_max, domains=domains)
        except names.UnacceptableName as error:
            self.add(pointer, error.code)
            return ""

    def objectives(self, statement: Statement, chosen: Sequence[str]) -> None:
        known = {objective.key for objective in statement.objectives}
        for place, objective in enumerate(chosen):
            if objective not in known:
                self.add(f"/objectives/{place}", "objective_unknown")

    def contributions(self, statement: Statement, chosen: Sequence[str], within: str) -> None:
        for place, contribution in enumerate(chosen):
            if contribution not in statement.contributions:
                self.add(f"{within}/contributions/{place}", "contribution_unknown")


def check(statement: Statement, body: Checked[Signing]) -> Claim:
    """The claim in a signing body. Raises StatementNotOpen, StatementClosed, or InvalidFields with every bad field."""
    statement.must_be_open()
    signing, faults = body.salvaged, _Faults(body.faults)
    name = faults.name("/name", signing.name)
    box = _mailbox(faults, signing.email)
    if signing.country is not None and signing.country not in countries.CODES:
        faults.add("/country", "country_unknown")
    if signing.subject:
        faults.add("/subject", "not_empty")
    faults.objectives(statement, signing.objectives)
    if signing.text_sha256 is not None and statement.locale_of(signing.text_sha256) is None:
        faults.add("/text_sha256", "text_unknown")
    role, organisation, who, hold_reason = None, None, endorsers.of_individual(box), None
    if signing.kind == "organisation":
        role = faults.name("/role", signing.role or "", domains=True)
        if signing.organisation is None:
            faults.add("/organisation", "required")
        else:
            organisation = _organisation(faults, statement, signing.organisation, box)
            who = organisation.identity
            hold_reason = _hold_reason(statement, organisation)
    else:
        if signing.role is not None:
            faults.add("/role", "individual_only")
        if signing.organisation is not None:
            faults.add("/organisation", "individual_only")
    if faults.found:
        raise InvalidFields(faults.found)
    return Claim(name, box, who, role, organisation, hold_reason)


def whose(asked: Managing) -> tuple[Mailbox, Kind, str]:
    """The mailbox, the kind and the identity that somebody asks to manage. Raises InvalidFields."""
    faults = _Faults()
    box = _mailbox(faults, asked.email)
    kind: Kind = "organisation" if asked.organisation else "individual"
    who = endorsers.of_individual(box)
    if asked.organisation:
        try:
            who = endorsers.of_organisation(
                asked.organisation.name, asked.organisation.country, asked.organisation.website
            )
        except ValueError:
            faults.add("/organisation/website", "website_invalid")
    if faults.found:
        raise InvalidFields(faults.found)
    return box, kind, who


def corrected(statement: Statement, claim: KeptClaim, said: Correcting) -> KeptClaim:
    """The claim as its owner corrects it. Raises InvalidFields with every bad field."""
    faults, changes = _Faults(), dict[str, Any]()
    if said.country is not None and claim.kind == "individual":
        if said.country and said.country not in countries.CODES:
            faults.add("/country", "country_unknown")
        changes["country"] = said.country or None
    if said.objectives is not None:
        faults.objectives(statement, said.objectives)
        changes["objectives"] = sorted(set(said.objectives))
    if claim.organisation and said.role is not None:
        changes["role"] = faults.name("/role", said.role, domains=True)
    if claim.organisation and said.contributions is not None:
        faults.contributions(statement, said.contributions, "")
        contributions = sorted(set(said.contributions))
        changes["organisation"] = msgspec.structs.replace(claim.organisation, contributions=contributions)
    if not said.source:
        changes |= {"partner": None, "source": {}}
    if faults.found:
        raise InvalidFields(faults.found)
    return msgspec.structs.replace(claim, **changes)


def corrected_name(name: str | None) -> str | None:
    """A name as its owner corrected it while confirming. Raises InvalidFields."""
    faults = _Faults()
    cleaned = None if name is None else faults.name("/name", name)
    if faults.found:
        raise InvalidFields(faults.found)
    return cleaned


def representative(name: str, role: str) -> tuple[str, str]:
    """A representative's name and role, cleaned. Raises InvalidFields."""
    faults = _Faults()
    cleaned = faults.name("/name", name), faults.name("/role", role, domains=True)
    if faults.found:
        raise InvalidFields(faults.found)
    return cleaned


def successor(name: str, role: str, email: str) -> tuple[str, str, Mailbox]:
    """A successor as a representative names them. Raises InvalidFields with every bad field."""
    faults = _Faults()
    cleaned = faults.name("/name", name), faults.name("/role", role, domains=True), _mailbox(faults, email)
    if faults.found:
        raise InvalidFields(faults.found)
    return cleaned


def coarse(source: Source) -> dict[str, str]:
    """What is kept of where a signer came from; what doesn't fit is left out, because it is no fault of theirs."""
    labels = {"utm_source": source.utm_source, "utm_medium": source.utm_medium, "utm_campaign": source.utm_campaign}
    kept = {
        name: label.strip() for name, label in labels.items() if label and len(label) <= 100 and label.isprintable()
    }
    host = source.referring_host
    if host and len(host) <= HOST_LENGTH_MAX and host.isprintable():
        with contextlib.suppress(ValueError):
            kept["referring_host"] = domains.own_domain(domains.website_host(host))
    return {name: value for name, value in kept.items() if value}


async def submit(
    db: Database,
    pepper: str,
    statement: Statement,
    claim: Claim,
    signing: Signing,
    network_key: UUID | None,
    partners: Container[str] = (),
) -> None:
    """Keeps a claim that was checked for 7 days, and the mail that asks for its confirmation; returns after the commit.

    It is attributed to its partner if that is one of `partners`, and otherwise to nobody: anyone can invent a name. A filled
    honeypot is a fault like others, because a password manager fills it too. Raises Unavailable if the text changed at this very
    moment.
    """
    salt = secrets.token_bytes(32)
    accepted = await db.batched(
        db.q.submissions.submit,
        keys.endorsement_id(pepper, statement.slug, signing.kind, claim.identity),
        uuid.uuid4(),
        statement.slug,
        signing.kind,
        keys.mailbox_id(pepper, claim.mailbox),
        claim.mailbox.address,
        claim.name,
        claim.role,
        claim.organisation.country if claim.organisation else signing.country,
        signing.locale,
        sorted(set(signing.objectives)),
        signing.partner if signing.partner in partners else None,
        coarse(signing.source),
        claim.organisation,
        claim.hold_reason,
        salt,
        entries.commitment(
            origin=statement.origin,
            statement_sha256=statement.sha256,
            kind=signing.kind,
            identity=claim.identity,
            salt=salt,
        ),
        network_key,
        TTL,
        uuid.uuid4(),
        statement.sha256,
        statement.generation,
        bytes.fromhex(signing.text_sha256) if signing.text_sha256 else statement.sha256,
        claim.identity,
    )
    if not accepted:
        raise Unavailable  # The text was replaced a moment ago; memory follows at once.
    db.stations.note("submission", "accepted")


def _mailbox(faults: _Faults, email: str) -> Mailbox:
    try:
        return mailboxes.mailbox(email)
    except ValueError:
        faults.add("/email", "email_invalid" if visible.typed(email) else "required")
        return Mailbox("", "")


def _organisation(
    faults: _Faults, statement: Statement, claimed: OrganisationClaim, box: Mailbox
) -> ClaimedOrganisation:
    name = faults.name("/organisation/name", claimed.name, length_max=names.ORGANISATION_NAME_LENGTH_MAX, domains=True)
    if claimed.country not in countries.CODES:
        faults.add("/organisation/country", "country_unknown" if claimed.country else "required")
    faults.contributions(statement, claimed.contributions, "/organisation")
    website = visible.typed(claimed.website or "") or None
    try:
        who = endorsers.of_organisation(name, claimed.country, website)
    except ValueError:
        faults.add("/organisation/website", "website_invalid")
        who = ""
    if website and "://" not in website:
        website = f"https://{website}"
    return ClaimedOrganisation(
        name, website, claimed.country, who, sorted(set(claimed.contributions)), endorsers.proof(box, who)
    )


def _hold_reason(statement: Statement, organisation: ClaimedOrganisation) -> str | None:
    if names.calls_elsewhere(organisation.name):
        return "name_calls_elsewhere"
    if statement.policy == "review_all":
        return "review_all"
    return None if organisation.proof == "domain" else "no_domain_proof"
