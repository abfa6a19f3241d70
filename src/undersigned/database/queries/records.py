"""Records: what the page of a statement shows beside its text and its tally."""

import datetime as dt

import msgspec

from undersigned.database.queries.declaring import Noun, Query
from undersigned.database.queries.organisations import Listed


class Total(msgspec.Struct, frozen=True):
    """Both numbers as they were when a breakdown was published."""

    as_of: dt.datetime
    individuals: int
    organisations: int


class Record(msgspec.Struct, frozen=True):
    """The published totals, oldest first; the first organisations, in the order of the log; whether there are names to see."""

    history: list[Total]
    organisations: list[Listed]
    has_names: bool


class Records(Noun, frozen=True):
    read: Query[Record]
