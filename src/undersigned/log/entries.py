"""What the lines of the public log say, and the commitment that ties an entry to an endorser without naming them."""

import base64
import hashlib
from typing import Literal

from undersigned.identity.endorsers import Kind

VERSION = "undersigned/v1"
Reason = Literal["withdrawn", "duplicate", "fraud", "error"]


def commitment(*, origin: str, statement_sha256: bytes, kind: Kind, identity: str, salt: bytes) -> bytes:
    """The 32 bytes that stand for an endorser: they can be opened with the salt (32 bytes), and never without it."""
    claim = f"{origin}\n{statement_sha256.hex()}\n{kind}\n{identity}\n".encode()
    return hashlib.sha256(f"{VERSION} commitment\n".encode() + salt + hashlib.sha256(claim).digest()).digest()


def open_(statement_sha256: bytes, previous: str | None = None) -> str:
    """The first entry; `previous` is origin, size and root of the last checkpoint before a log that begins anew."""
    cited = f"previous {previous}\n" if previous else ""
    return f"{VERSION} open\nstatement sha256:{statement_sha256.hex()}\n{cited}"


def add(kind: Kind, committed: bytes) -> str:
    return f"{VERSION} add {kind}\n{base64.b64encode(committed).decode()}\n"


def sub(index: int, reason: Reason) -> str:
    return f"{VERSION} sub {index} {reason}\n"


def seal(individuals: int, organisations: int) -> str:
    return f"{VERSION} seal {individuals} {organisations}\n"


def sum_(individuals: int, organisations: int) -> str:
    return f"{VERSION} sum {individuals} {organisations}\n"
