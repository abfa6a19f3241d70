"""Names: those whose owners asked to be shown are looked at, then shown or refused. Being counted never waits for it."""

from typing import Literal
from uuid import UUID

import msgspec

from undersigned.database.queries.declaring import Noun, Query
from undersigned.identity.endorsers import Kind

NameStatus = Literal["hidden", "queued", "shown", "refused"]


class QueuedName(msgspec.Struct, frozen=True):
    """A name that waits for a look; `organisation` is what its owner speaks for, `log_index` null before it is in the log."""

    endorsement_id: UUID
    statement: str
    kind: Kind
    name: str
    role: str | None
    organisation: str | None
    log_index: int | None
    is_title: bool
    is_organisation: bool


class KnownName(msgspec.Struct, frozen=True):
    """A name that is shown or waits for a look."""

    statement: str
    kind: Kind
    name: str


class PlacedName(msgspec.Struct, frozen=True):
    """A shown name, what it is called in links, and where it stands in the alphabet."""

    name: str
    reference: UUID
    place: bytes


class Called(msgspec.Struct, frozen=True):
    """An endorsement, and what it is called in public."""

    endorsement_id: UUID
    name: str


class Names(Noun, frozen=True):
    queued: Query[QueuedName]
    find: Query[KnownName]
    show: Query[Literal["shown", "absent"]]
    refuse: Query[Literal["refused", "absent"]]
    page: Query[PlacedName]
    initials: Query[bytes]
    find_shown: Query[Called]
