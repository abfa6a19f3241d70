"""Admins' bearer keys with scopes, kept as hashes."""

import hashlib
import secrets
from collections.abc import Iterable
from uuid import UUID

from undersigned.database.connection import Database
from undersigned.database.queries.admins import AdminKey, Scope
from undersigned.errors import KeyRefused

PREFIX = "undersigned_"


async def create_key(db: Database, label: str, scopes: Iterable[Scope]) -> str:
    """A new key, which is shown this once: the database keeps its SHA-256."""
    key, sha256 = new_key()
    await db.one(db.q.admins.create_key, label, sha256, sorted(set(scopes)), "console")
    return key


def new_key() -> tuple[str, bytes]:
    """A new bearer key, and the SHA-256 that is kept of it."""
    key = PREFIX + secrets.token_urlsafe(32)
    return key, _sha256(key)


def bearer(authorization: str | None) -> bytes:
    """The SHA-256 of the key in an `Authorization: Bearer` header (RFC 6750). Raises KeyRefused if there is none."""
    scheme, _, key = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        raise KeyRefused
    return _sha256(key.strip())


async def listed(db: Database) -> list[AdminKey]:
    """All keys, revoked ones too."""
    return await db.many(db.q.admins.keys)


async def revoke_key(db: Database, key_id: UUID) -> bool:
    """Revokes a key; returns False if no such key was in force."""
    return await db.one(db.q.admins.revoke_key, key_id, "console")


async def authorise(db: Database, authorization: str | None, scope: Scope) -> str:
    """The label of the key in an `Authorization: Bearer` header. Raises KeyRefused unless it has the scope."""
    key = await db.maybe(db.q.admins.find_key, bearer(authorization))
    if key is None or scope not in key.scopes:
        raise KeyRefused
    return key.label


def _sha256(key: str) -> bytes:
    # Keys are 256 random bits: a plain hash can't be searched, so a slow one would only cost.
    return hashlib.sha256(key.encode()).digest()
