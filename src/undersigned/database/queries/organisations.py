"""Organisations: the counted ones, as readers see them."""

import msgspec

from undersigned.database.queries.declaring import Noun, Query
from undersigned.database.queries.names import Called


class Counted(msgspec.Struct, frozen=True):
    """A counted organisation, with what opens its entry."""

    log_index: int
    name: str
    website: str | None
    country: str
    contributions: list[str]
    identity: str
    salt: bytes


class Listed(msgspec.Struct, frozen=True):
    """A counted organisation as pages show it; its representative only if they want it and a person looked at the name."""

    log_index: int
    name: str
    website: str | None
    country: str
    representative: str | None

    @property
    def link(self) -> str | None:
        """Its website, if that can be linked to."""
        return self.website if (self.website or "").startswith(("https://", "http://")) else None


class Organisations(Noun, frozen=True):
    counted: Query[Counted]
    listed: Query[Listed]
    find_listed: Query[Called]
