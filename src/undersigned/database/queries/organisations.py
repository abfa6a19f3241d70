"""Organisations: claims that wait for a look."""

from undersigned.database.declaring import Noun


class Organisations(Noun, frozen=True):
    held: str
    find_held: str
    reject_claim: str
    counted: str
    listed: str
    find_listed: str
