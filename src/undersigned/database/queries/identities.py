"""Identities: those of claims and signatories that older versions made without keeping them. $1 is the endorsement id where
something is written.
"""

from uuid import UUID

import msgspec

from undersigned.database.queries.declaring import Command, Noun, Query


class ClaimToFill(msgspec.Struct, frozen=True):
    """A claim on the way through all of them; `given` is its identity as far as that needn't be computed."""

    endorsement_id: UUID
    id: UUID
    address: str
    given: str | None
    filled: bool


class SignatoryToFill(msgspec.Struct, frozen=True):
    """A signatory on the way through all of them; `given` as with claims."""

    endorsement_id: UUID
    address: str
    given: str | None
    filled: bool


class Identities(Noun, frozen=True):
    whole: Query[bool]
    claims: Query[ClaimToFill]
    fill_claim: Query[int]
    signatories: Query[SignatoryToFill]
    fill_signatory: Query[int]
    be_brief: Query[str]
    require_of_claims: Command
    require_of_signatories: Command
    validate_claims: Command
    validate_signatories: Command
