"""Exports: verified endorsements, for admins."""

from undersigned.database.declaring import Noun


class Exports(Noun, frozen=True):
    endorsements: str
    size: str
