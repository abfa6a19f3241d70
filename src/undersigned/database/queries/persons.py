"""Persons: what is held under one mailbox, for requests that come by letter. Rare, so it reads whole tables."""

from undersigned.database.declaring import Noun


class Persons(Noun, frozen=True):
    endorsements: str
    others: str
    claims: str
    drop_claim: str
