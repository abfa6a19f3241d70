"""What every handler works with."""

import datetime as dt
import time
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

import msgspec
from litestar import Request
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from undersigned import __version__
from undersigned.database.connection import Database
from undersigned.errors import OriginRefused
from undersigned.identity import keys
from undersigned.identity.tokens import Signer
from undersigned.process.room import Room
from undersigned.readers.partners import Partners
from undersigned.readers.proofs import Proofs
from undersigned.readers.records import Records
from undersigned.settings import Settings
from undersigned.signing import guard
from undersigned.signing.limits import Limits
from undersigned.signing.turns import Turns
from undersigned.signing.work import Work
from undersigned.statements.published import Statement, Statements
from undersigned.tallies.snapshots import Tallies
from undersigned.web.exchange.rendered import Pages
from undersigned.web.pictures.card import Cards

# Where templates, style sheets and scripts lie.
HERE = Path(__file__).parents[1]
VERSION = __version__
AnyRequest = Request[object, object, State]


class Memory:
    """When what this web worker has in memory was last what the database had."""

    def __init__(self) -> None:
        self.renewed(time.monotonic())

    def renewed(self, at_s: float) -> None:
        """Notes that everything is as it was at this moment of the monotonic clock."""
        self._renewed_at_s = at_s

    @property
    def age(self) -> dt.timedelta:
        return dt.timedelta(seconds=time.monotonic() - self._renewed_at_s)


class Site(msgspec.Struct, frozen=True):
    """One web worker's settings and memory."""

    settings: Settings
    db: Database
    signer: Signer
    statements: Statements
    tallies: Tallies
    partners: Partners
    limits: Limits
    work: Work
    turns: Turns
    proxies: list[IPv4Network | IPv6Network]
    room: Room
    memory: Memory = msgspec.field(default_factory=Memory)
    cards: Cards = msgspec.field(default_factory=Cards)
    records: Records = msgspec.field(default_factory=Records)
    proofs: Proofs = msgspec.field(default_factory=Proofs)
    pages: Pages = msgspec.field(default_factory=Pages)

    @property
    def name(self) -> str:
        """The host name that people see."""
        return urlsplit(self.settings.url).hostname or "localhost"

    def page_of(self, statement: Statement) -> str:
        """Where this statement can always be read and signed."""
        return f"{self.settings.url}/s/{statement.slug}"

    def admit(self, request: AnyRequest, statement: Statement, *, form: bool = False) -> None:
        """Raises OriginRefused for a submission from a site that may not take one."""
        if not self.is_ours(request, form=form):
            self.partners.admit(statement, request.headers.get("origin") or "", self.page_of(statement))

    def is_ours(self, request: AnyRequest, *, form: bool = False) -> bool:
        """Whether a request comes from a page of ours, or from no page; what no browser sends has no Origin.

        Our own pages' forms come with `Origin: null`, because their referrer policy is `no-referrer` (Fetch, 3.2), and only
        Fetch Metadata tells them from a stranger's. A browser too old to send it gets the benefit of the doubt.
        """
        origin, relation = request.headers.get("origin"), request.headers.get("sec-fetch-site")
        parts = urlsplit(self.settings.url)
        ours = origin is None or origin == f"{parts.scheme}://{parts.netloc}".lower() or relation == "same-origin"
        return ours or (form and origin == "null" and relation is None)

    def admits(self, request: AnyRequest, statement: Statement) -> bool:
        """Whether a submission from the site that this request comes from would be taken."""
        try:
            self.admit(request, statement)
        except OriginRefused:
            return False
        return True

    def hops(self, request: AnyRequest) -> tuple[str, str]:
        """The peer that a request came from, and whom it is said to have come from before that."""
        peer = request.client.host if request.client else ""
        return peer, ", ".join(request.headers.getall("x-forwarded-for", []))

    def network_key(self, request: AnyRequest) -> UUID | None:
        """The key of the network a request came from, or None if that can't be told."""
        network = guard.network_of(guard.client_address(*self.hops(request), self.proxies))
        return keys.network_id(self.settings.pepper, network) if network else None


def site_of(request: AnyRequest) -> Site:
    """The site that the app's lifespan opened."""
    site: Site = request.app.state.site
    return site


AtSite = NamedDependency[SkipValidation[Site]]
