"""The keys made of identities, by HMAC under a secret pepper. Data and program must agree on the `RULES` that they follow."""

import hashlib
import hmac
from uuid import UUID

from undersigned.identity.domains import PUBLIC_SUFFIX_LIST_SHA256
from undersigned.identity.endorsers import Kind
from undersigned.identity.mailboxes import Mailbox

RULES = f"2 {PUBLIC_SUFFIX_LIST_SHA256[:16]}"


def endorsement_id(pepper: str, slug: str, kind: Kind, identity: str) -> UUID:
    """The key of an endorsement, which is the deduplication. `identity` as `of_individual` or `of_organisation` give it."""
    return _keyed(pepper, "endorsement", slug, kind, identity)


def mailbox_id(pepper: str, box: Mailbox) -> UUID:
    return _keyed(pepper, "mailbox", box.key)


def network_id(pepper: str, network: str) -> UUID:
    """The key of a network (`guard.network_of`), which budgets are kept by without keeping anybody's address."""
    return _keyed(pepper, "network", network)


def domain_id(pepper: str, pot: str, domain: str, network_key: UUID | None) -> UUID:
    """The key of what one network asks for at one mail domain: it says nothing of what other networks ask for there."""
    return _keyed(pepper, "mail domain", pot, domain, str(network_key))


def secret(pepper: str, purpose: str) -> bytes:
    """32 bytes for one purpose, made of the pepper."""
    return hmac.digest(pepper.encode(), b"secret\0" + purpose.encode(), hashlib.sha256)


def _keyed(pepper: str, *parts: str) -> UUID:
    # The separators matter: without them a purpose-made slug could collide with another one's identities.
    digest = bytearray(hmac.digest(pepper.encode(), b"\0".join(part.encode() for part in parts), hashlib.sha256)[:16])
    digest[6] = digest[6] & 0x0F | 0x80  # RFC 9562, version 8
    digest[8] = digest[8] & 0x3F | 0x80
    return UUID(bytes=bytes(digest))
