"""Partners: sites that embed, held in memory by whoever serves; their origins, their keys, and the counts that are their own."""

import datetime as dt
import hmac
import re
from collections.abc import Sequence
from urllib.parse import SplitResult, urlsplit

import msgspec

from undersigned.admins import keys
from undersigned.database.connection import Database
from undersigned.database.queries.declaring import Query
from undersigned.database.queries.partners import Partner
from undersigned.errors import KeyRefused, OriginInvalid, OriginRefused, PartnerExists, PartnerUnknown, Refused
from undersigned.identity import domains
from undersigned.settings import is_loopback
from undersigned.statements.published import Statement
from undersigned.tallies.breakdowns import BREAKDOWN_EVERY, CELL_MIN
from undersigned.tallies.snapshots import Count

SLUG = re.compile(r"(?=.{1,64}\Z)[a-z0-9]+(-[a-z0-9]+)*")
NAME_LENGTH_MAX = 100
URL_LENGTH_MAX = 300


class PartnerTally(msgspec.Struct, frozen=True):
    """The individuals that came through a partner, as of when it was last published; null until it was."""

    partner: str
    statement: str
    individuals: Count | None
    as_of: dt.datetime | None


class Partners:
    """The partners in force, in memory. A retired one is unknown here."""

    def __init__(self, partners: Sequence[Partner] = ()) -> None:
        self.loaded_for: dict[str, dt.datetime] = {}
        self._hold(partners)

    async def load(self, db: Database, published_at: dict[str, dt.datetime]) -> None:
        """Reads them anew; `loaded_for` then says which state of the statements that was for, at least."""
        self._hold(await everyone(db))
        self.loaded_for = published_at

    def _hold(self, partners: Sequence[Partner]) -> None:
        self._by_slug = {partner.slug: partner for partner in partners if partner.retired_at is None}
        self._origins = {origin for partner in self._by_slug.values() for origin in partner.origins}

    def __contains__(self, slug: object) -> bool:
        return slug in self._by_slug

    def get(self, slug: str | None) -> Partner | None:
        return self._by_slug.get(slug) if slug else None

    def frame_ancestors(self, statement: Statement, named: str | None = None) -> str | None:
        """Who may frame this statement's embeds: the value of that directive (CSP Level 3, 6.4.2), or None for everybody.

        A frame that has its partner named is for that one only: with all of a hundred partners the header would be longer than
        proxies take.
        """
        if statement.embedding == "open":
            return None
        partner = self.get(named)
        return " ".join(("'self'", *sorted(partner.origins if partner else self._origins)))

    def admit(self, statement: Statement, origin: str, statement_url: str) -> None:
        """Raises OriginRefused if this statement takes nothing that a browser sends from this origin."""
        if statement.embedding == "partners" and origin not in self._origins:
            raise OriginRefused(statement_url)

    def authorise(self, slug: str, authorization: str | None) -> Partner:
        """The partner, if the `Authorization: Bearer` header has its key. Raises KeyRefused."""
        sha256, partner = keys.bearer(authorization), self.get(slug)
        if partner is None or not hmac.compare_digest(sha256, partner.key_sha256):
            raise KeyRefused
        return partner


async def everyone(db: Database) -> list[Partner]:
    """All partners, retired ones too."""
    return await db.many(db.q.partners.all)


async def add(db: Database, slug: str, name: str, url: str, origins: Sequence[str]) -> str:
    """Takes a partner in, or a retired one back; returns its key, which is shown this once.

    Its origins are that of `url` and the given ones, apex and www together. Raises OriginInvalid, PartnerExists or Refused.
    """
    given = _checked(name, url, origins)
    key, sha256 = keys.new_key()
    if not SLUG.fullmatch(slug):
        raise Refused(f"{slug!r} is no slug: small letters and digits, with single hyphens between them, 64 at most.")
    if not await _write(db, db.q.partners.add, slug, *given, sha256):
        raise PartnerExists
    return key


async def change(db: Database, slug: str, name: str, url: str, origins: Sequence[str]) -> None:
    """Says all of a partner anew; its key stays. Raises OriginInvalid, PartnerUnknown or Refused."""
    if not await _write(db, db.q.partners.change, slug, *_checked(name, url, origins)):
        raise PartnerUnknown


async def renew_key(db: Database, slug: str) -> str:
    """A new key for a partner, shown this once; the old one is refused from now on. Raises PartnerUnknown."""
    key, sha256 = keys.new_key()
    if not await _write(db, db.q.partners.renew_key, slug, sha256):
        raise PartnerUnknown
    return key


async def remove(db: Database, slug: str) -> None:
    """Retires a partner: signatures from its pages still count, without being its own. Raises PartnerUnknown."""
    if not await _write(db, db.q.partners.retire, slug):
        raise PartnerUnknown


async def publish_tallies(db: Database) -> None:
    """Publishes the partners' own counts that are ripe, by the rules of the breakdown."""
    await db.execute(db.q.partners.publish_tallies, CELL_MIN, BREAKDOWN_EVERY)


async def tally(db: Database, partner: Partner, statement: Statement) -> PartnerTally:
    """What may be told to a partner of its own."""
    told = await db.maybe(db.q.partners.tally, statement.slug, partner.slug)
    count, as_of = (told.individual_count, told.as_of) if told else (None, None)
    return PartnerTally(partner.slug, statement.slug, count, as_of)


def origin_of(address: str) -> str:
    """The origin (RFC 6454) of a site, as browsers write it: scheme, host in ASCII, and a port that isn't the default.

    https only, or http on this machine. Raises OriginInvalid for anything that has more to it than an origin.
    """
    parts = _split(address)
    if parts.path not in ("", "/") or parts.query or parts.fragment or address.endswith(("?", "#")):
        raise OriginInvalid(address)
    return _origin(address)


def with_www(origin: str) -> list[str]:
    """An origin and, for a registrable domain, its twin with or without `www.`: visitors come by either."""
    scheme, _, rest = origin.partition("://")
    host, colon, port = rest.partition(":")
    apex = host.removeprefix("www.")
    if is_loopback(host) or domains.registrable(apex) != apex:
        return [origin]
    return [f"{scheme}://{name}{colon}{port}" for name in (apex, f"www.{apex}")]


def _checked(name: str, url: str, origins: Sequence[str]) -> tuple[str, str, list[str]]:
    """Name, address and all origins of a partner. Raises Refused or OriginInvalid."""
    name = " ".join(name.split())
    if not name or len(name) > NAME_LENGTH_MAX or not name.isprintable():
        raise Refused(f"A partner's name has 1 to {NAME_LENGTH_MAX} printable characters.")
    every = {twin for origin in (_origin(url), *map(origin_of, origins)) for twin in with_www(origin)}
    return name, url, sorted(every)


def _origin(address: str) -> str:
    parts = _split(address)
    typed = parts.hostname or ""
    try:
        port = parts.port
        host = typed if is_loopback(typed) else domains.website_host(typed)
    except ValueError:
        raise OriginInvalid(address) from None
    # `frame-ancestors` can't say an IPv6 address, and a name that ends in a dot is another origin than the one without.
    if ":" in host or typed.endswith(".") or host.endswith("."):
        raise OriginInvalid(address)
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(host)):
        raise OriginInvalid(address)
    default = {"https": 443, "http": 80}[parts.scheme]
    return f"{parts.scheme}://{host}" + ("" if port in (None, default) else f":{port}")


def _split(address: str) -> SplitResult:
    # Python's parser drops tabs and newlines without a word; here they are refused.
    try:
        parts = urlsplit(address)
    except ValueError:
        raise OriginInvalid(address) from None
    if (
        len(address) > URL_LENGTH_MAX
        or not address.isprintable()
        or any(mark in address for mark in ' \\"')
        or "@" in parts.netloc
    ):
        raise OriginInvalid(address)
    return parts


async def _write(db: Database, query: Query[bool], slug: str, *values: object) -> bool:
    """Writes, and makes every web worker take it over; returns False if there was nothing to write."""
    async with db.transaction() as session:
        written = await session.one(query, slug, "console", *values)
        if written:
            await session.execute(db.q.statements.announce_all)
    return written
