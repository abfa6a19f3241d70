"""Records: what the page of a statement shows beside its text and its tally."""

from undersigned.database.declaring import Noun


class Records(Noun, frozen=True):
    read: str
