"""Public names: their owners ask to be shown, a person looks at each, and a page shows them alphabetically."""

import base64
import binascii
import hashlib
import uuid
from typing import Literal
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from undersigned.database.connection import Database
from undersigned.database.queries.names import Called, KnownName, QueuedName
from undersigned.errors import MalformedRequest, NameNotFound
from undersigned.identity import alphabet, keys
from undersigned.identity.alphabet import script_of
from undersigned.identity.endorsers import Kind

PAGE_SIZE = 200
Refusal = Literal["not_a_name", "another_person", "abusive", "other"]


class ShownName(msgspec.Struct, frozen=True):
    """A name as its owner lets it be shown; `reference` stands for it in links, and is a new one each time it is shown."""

    name: str
    reference: UUID


class Names(msgspec.Struct, frozen=True):
    """A page of shown names in alphabetical order; `next` is the `after` of the one behind it, or null."""

    names: list[ShownName]
    next: str | None


async def page(db: Database, pepper: str, slug: str, *, after: str | None = None, letter: str = "") -> Names:
    """The 200 shown names of individuals behind a cursor, or from a letter on. Raises MalformedRequest for a bad cursor."""
    scope, end = bounds(slug)
    start = opened(pepper, scope, after) if after else scope + alphabet.initial(letter) if letter else scope
    placed = await db.many(db.q.names.page, start, end, PAGE_SIZE + 1)
    shown = [ShownName(each.name, each.reference) for each in placed[:PAGE_SIZE]]
    following = placed[PAGE_SIZE - 1].place if len(placed) > PAGE_SIZE else None
    return Names(shown, None if following is None else _sealed(pepper, scope, following))


async def initials(db: Database, slug: str) -> list[str]:
    """The letters that shown names begin with, in order; `*` stands for scripts without letters of their own here."""
    scope, end = bounds(slug)
    starts = await db.many(db.q.names.initials, scope, end, len(scope))
    return list(dict.fromkeys(map(alphabet.letter, starts)))


async def find_shown(db: Database, slug: str, reference: UUID) -> Called | None:
    """Whose shown name a public link means, or None if it isn't shown any more."""
    return await db.maybe(db.q.names.find_shown, slug, reference)


async def queued(db: Database, slug: str | None = None) -> list[QueuedName]:
    """The names that wait for a look, of one statement or of all."""
    return await db.many(db.q.names.queued, slug)


def remarks(queued: QueuedName) -> list[str]:
    """What is unusual about a queued name, in facts; most have nothing."""
    name = queued.name
    scripts = sorted({script_of(c) for c in name if c.isalpha()})
    found = [f"letters of {' and '.join(word.capitalize() for word in scripts)}"] if len(scripts) > 1 else []
    found += ["has digits"] if any(c.isdigit() for c in name) else []
    found += ["one word"] if " " not in name.strip() else []
    found += ["called like the statement"] if queued.is_title else []
    found += ["called like an organisation that endorses it"] if queued.is_organisation else []
    return found


def fingerprint(name: str) -> str:
    """Tells whether a name is still the one that somebody looked at."""
    return hashlib.sha256(name.encode()).hexdigest()[:8]


async def show(db: Database, endorsement_id: UUID, seen: str, actor: str) -> None:
    """Shows a queued name, if it is still the one with this fingerprint. Raises NameNotFound."""
    known = await _looked_at(db, endorsement_id, seen)
    reference = uuid.uuid4()
    place = alphabet.place(_scope(known.statement, known.kind), known.name, reference.bytes)
    if await db.batched(db.q.names.show, endorsement_id, known.name, place, reference, actor) == "absent":
        raise NameNotFound


async def refuse(db: Database, endorsement_id: UUID, seen: str, actor: str, reason: Refusal) -> None:
    """Refuses a queued name, or hides a shown one, if it is still the one with this fingerprint. Raises NameNotFound."""
    known = await _looked_at(db, endorsement_id, seen)
    if await db.batched(db.q.names.refuse, endorsement_id, known.name, actor, reason) == "absent":
        raise NameNotFound


def bounds(slug: str) -> tuple[bytes, bytes]:
    """The places between which the shown names of a statement's individuals lie."""
    scope = _scope(slug, "individual")
    return scope, scope + b"\xff"


def _scope(slug: str, kind: Kind) -> bytes:
    # Representatives are shown beside their organisation, and so they stand in an order of their own.
    return f"{slug}\0{kind}\0".encode()


async def _looked_at(db: Database, endorsement_id: UUID, seen: str) -> KnownName:
    known = await db.maybe(db.q.names.find, endorsement_id)
    if known is None or fingerprint(known.name) != seen:
        raise NameNotFound
    return known


def _sealed(pepper: str, scope: bytes, place: bytes) -> str:
    """A cursor: a place that only this site can read, so that no URL has a name in it (AES-SIV, RFC 5297)."""
    sealed = AESSIV(keys.secret(pepper, "names cursor")).encrypt(place, [scope])
    return base64.urlsafe_b64encode(sealed).decode().rstrip("=")


def opened(pepper: str, scope: bytes, cursor: str) -> bytes:
    """The place in the alphabet that a cursor holds. Raises as below if it is none of this list's."""
    try:
        sealed = base64.urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4))
        return AESSIV(keys.secret(pepper, "names cursor")).decrypt(sealed, [scope])
    except (InvalidTag, ValueError, binascii.Error):
        raise MalformedRequest from None
