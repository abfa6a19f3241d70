"""Reports: what readers say is wrong with a shown name or a counted organisation. $1 is the endorsement id."""

import datetime as dt
from typing import Literal
from uuid import UUID

import msgspec

from undersigned.database.queries.declaring import Noun, Query
from undersigned.database.queries.names import NameStatus

About = Literal["name", "organisation"]
Reason = Literal["not_them", "impersonation", "abusive", "other"]


class OpenReport(msgspec.Struct, frozen=True):
    """A report that nobody dealt with yet; `log_index` and `name` are null once what it is about is gone."""

    endorsement_id: UUID
    id: UUID
    statement: str
    about: About
    reason: Reason
    note: str
    reported_at: dt.datetime
    log_index: int | None
    name: str | None
    name_status: NameStatus


class OverdueReport(msgspec.Struct, frozen=True):
    """A report that is over its time, as `purge` takes it."""

    endorsement_id: UUID
    id: UUID
    grace: dt.timedelta


class Reports(Noun, frozen=True):
    report: Query[bool]
    waiting: Query[OpenReport]
    find: Query[UUID]
    finish: Query[Literal["done", "absent"]]
    overdue: Query[OverdueReport]
    purge: Query[int]
