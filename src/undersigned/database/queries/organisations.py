"""Organisations: the counted ones, as readers see them."""

from undersigned.database.declaring import Noun


class Organisations(Noun, frozen=True):
    counted: str
    listed: str
    find_listed: str
