"""What every handler works with."""

from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

import msgspec
from litestar import Request
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from undersigned import __version__, guard, identity
from undersigned.database import Database
from undersigned.guard import Budget
from undersigned.records import Records
from undersigned.settings import Settings
from undersigned.statements import Statements
from undersigned.tallies import Tallies
from undersigned.tokens import Signer

HERE = Path(__file__).parent
VERSION = __version__
AnyRequest = Request[object, object, State]


class Site(msgspec.Struct, frozen=True):
    """One web worker's settings and memory."""

    settings: Settings
    db: Database
    signer: Signer
    statements: Statements
    tallies: Tallies
    submit_budget: Budget
    proxies: list[IPv4Network | IPv6Network]
    records: Records = msgspec.field(default_factory=Records)

    @property
    def name(self) -> str:
        """The host name that people see."""
        return urlsplit(self.settings.url).hostname or "localhost"

    def network_key(self, request: AnyRequest) -> UUID | None:
        """The key of the network a request came from, or None if that can't be told."""
        peer = request.client.host if request.client else ""
        forwarded_for = ", ".join(request.headers.getall("x-forwarded-for", []))
        network = guard.network_of(guard.client_address(peer, forwarded_for, self.proxies))
        return identity.network_id(self.settings.pepper, network) if network else None


def site_of(request: AnyRequest) -> Site:
    """The site that the app's lifespan opened."""
    site: Site = request.app.state.site
    return site


AtSite = NamedDependency[SkipValidation[Site]]
