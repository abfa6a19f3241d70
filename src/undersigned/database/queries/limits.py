"""Limits: what all web processes count together, and which passes were used."""

import datetime as dt
from typing import Literal
from uuid import UUID

import msgspec

from undersigned.database.queries.declaring import Command, Noun, Query

MeterName = Literal["budget", "burst", "turns"]


class Fill(msgspec.Struct, frozen=True):
    """The time, and how long a meter takes from then on to run empty; null if there is none to tell of."""

    clock: dt.datetime
    name: MeterName | None
    key: UUID | None
    fill: dt.timedelta | None


class EmptyMeter(msgspec.Struct, frozen=True):
    """A meter that is over its time, as `purge` takes it."""

    name: MeterName
    key: UUID
    grace: dt.timedelta


class UsedPass(msgspec.Struct, frozen=True):
    """A pass that is over its time, as `forget_pass` takes it."""

    id: UUID
    grace: dt.timedelta


class Limits(Noun, frozen=True):
    exchange: Query[Fill]
    fill: Query[dt.timedelta]
    drain: Command
    overdue: Query[EmptyMeter]
    purge: Query[int]
    redeem: Query[bool]
    passes_overdue: Query[UsedPass]
    forget_pass: Query[int]
