"""Short tokens: bytes in letters and digits only, so that a mailed link stays whole on one line of 76 columns.

There is no sign in them that a mail program takes for the end of a link, for emphasis or for an escape (RFC 2045, 6.7).
"""

import string
from functools import cache
from uuid import UUID

import msgspec
from itsdangerous.signer import HMACAlgorithm

ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
VALUES = {letter: value for value, letter in enumerate(ALPHABET)}
# How many bytes of an endorsement's id stand in a link, and how many of what else names the row.
START_BYTES, TIE_BYTES = 6, 2


class Cut(HMACAlgorithm):
    """HMAC, of which only the first `size` bytes are used (RFC 2104, 5)."""

    def __init__(self, digest_method: object, size: int) -> None:
        super().__init__(digest_method)
        self.size = size

    def get_signature(self, key: bytes, value: bytes) -> bytes:
        return super().get_signature(key, value)[: self.size]


class Located(msgspec.Struct, frozen=True):
    """What a short link says of the row it leads to: the beginnings of its keys. Only the row shows whether `seal` is right."""

    start: bytes
    tie: bytes
    sealed: bytes
    seal: bytes

    @property
    def first(self) -> UUID:
        """The first endorsement id that begins so; no endorsement has it."""
        return UUID(bytes=self.start.ljust(16, b"\0"))

    @property
    def last(self) -> UUID:
        return UUID(bytes=self.start.ljust(16, b"\xff"))


def written(given: bytes) -> str:
    """Bytes as a number in base 62, always equally long for equally many bytes."""
    number, letters = int.from_bytes(given, "big"), []
    for _ in range(length_of(len(given))):
        number, value = divmod(number, 62)
        letters.append(ALPHABET[value])
    return "".join(reversed(letters))


def read(token: str, size: int) -> bytes:
    """The bytes that `written` made this of. Raises ValueError."""
    if len(token) != length_of(size):
        raise ValueError("a token of another length")
    number = 0
    for letter in token:
        if letter not in VALUES:
            raise ValueError("no letter of a token")
        number = number * 62 + VALUES[letter]
    if number >= 256**size:
        raise ValueError("no token of this size")
    return number.to_bytes(size, "big")


@cache
def length_of(size: int) -> int:
    """How many letters so many bytes take."""
    length = 0
    while 62**length < 256**size:
        length += 1
    return length
