"""Admins: their keys, kept as SHA-256, and the trail of what they did."""

import datetime as dt
from typing import Literal
from uuid import UUID

import msgspec

from undersigned.database.queries.declaring import Command, Noun, Query

Scope = Literal["export"]


class AdminKey(msgspec.Struct, frozen=True):
    """A key, without what opens anything."""

    id: UUID
    label: str
    scopes: list[Scope]
    created_at: dt.datetime
    revoked_at: dt.datetime | None


class KeyInForce(msgspec.Struct, frozen=True):
    """Whose key it is, and what it opens."""

    label: str
    scopes: list[Scope]


class Admins(Noun, frozen=True):
    create_key: Query[UUID]
    find_key: Query[KeyInForce]
    keys: Query[AdminKey]
    revoke_key: Query[bool]
    leave_trail: Command
