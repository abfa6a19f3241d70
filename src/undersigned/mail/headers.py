"""The headers of a mail, written as bytes by ourselves: what was checked once is not parsed by anything that decodes it again.

Every function returns one whole header with its line break, and raises ValueError for what would be another header or a line
of its own.
"""

import base64
import re

# RFC 5322, 2.1.1, and RFC 2047, 2: a line with an encoded-word has at most 76 characters, the word itself 75.
LINE_MAX = 76
ENCODED_WORD_MAX = 75
HARD_LINE_MAX = 998
UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
NAME = re.compile(r"[A-Z][A-Za-z]*(-[A-Z][A-Za-z]*)*")
ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+( [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
# Our own view of an address that may stand bare in a header or on a command's line (RFC 5321, 4.1.2; RFC 6531).
ADDRESS = re.compile(r"[^\s\x00-\x20\x7f-\x9f\u2028\u2029()<>\[\]:;@\\,\"]+@[a-z0-9.-]+")


def bare(name: str, value: str) -> bytes:
    """A header on one line, just as given: for what must not be folded, such as List-Unsubscribe (RFC 8058)."""
    return _whole(name, [_printable(value)], line_max=HARD_LINE_MAX)


def folded(name: str, *tokens: str) -> bytes:
    """A header of tokens that each stay whole, such as a type and its parameters."""
    return _whole(name, [_printable(token) for token in tokens])


def words(name: str, value: str) -> bytes:
    """A header of free text, folded; in encoded-words if it isn't plain ASCII or looks as if it were encoded already."""
    value = _printable(" ".join(value.split()))
    if value.isascii() and "=?" not in value:
        return _whole(name, value.split(" "))
    return _whole(name, _encoded(value, LINE_MAX - len(name) - 2))


def address(name: str, value: str) -> bytes:
    """A header with one address, letter for letter; in UTF-8 if its local part is international (RFC 6532)."""
    return _whole(name, [checked(value)], line_max=HARD_LINE_MAX)


def mailbox(name: str, display_name: str, value: str) -> bytes:
    """A header with one address that has a name before it."""
    if not display_name:
        return address(name, value)
    display_name = _printable(" ".join(display_name.split()))
    if ATOMS.fullmatch(display_name) and "=?" not in display_name:
        tokens = display_name.split(" ")
    elif display_name.isascii() and "=?" not in display_name:
        tokens = ['"' + re.sub(r'(["\\])', r"\\\1", display_name) + '"']
    else:
        tokens = _encoded(display_name, LINE_MAX - len(name) - 2)
    return _whole(name, [*tokens, f"<{checked(value)}>"])


def checked(value: str) -> str:
    """The address, if nothing in it could end it. Raises ValueError."""
    if not ADDRESS.fullmatch(value):
        raise ValueError("an address holds what no address may")
    return value


def _encoded(value: str, room: int) -> list[str]:
    """RFC 2047 encoded-words, whole characters each; the first one has `room`."""
    found: list[str] = []
    part = ""
    for character in value:
        longer = _encoded_word(part + character)
        if part and len(longer) > (min(room, ENCODED_WORD_MAX) if not found else ENCODED_WORD_MAX):
            found.append(_encoded_word(part))
            part = character
        else:
            part += character
    return [*found, _encoded_word(part)]


def _encoded_word(part: str) -> str:
    return f"=?utf-8?b?{base64.b64encode(part.encode()).decode()}?="


def _printable(value: str) -> str:
    if UNPRINTABLE.search(value):
        raise ValueError("a header holds what can't be seen")
    return value


def _whole(name: str, tokens: list[str], *, line_max: int = LINE_MAX) -> bytes:
    if not NAME.fullmatch(name):
        raise ValueError("no name of a header")
    lines, line = [], f"{name}:"
    for token in tokens:
        if len(line) + 1 + len(token.encode()) > line_max and line.strip() and not line.endswith(":"):
            lines.append(line)
            line = ""
        line += f" {token}"
    whole = "\r\n".join([*lines, line]).encode()
    if max(map(len, whole.split(b"\r\n"))) > HARD_LINE_MAX:
        raise ValueError("a header is too long")
    return whole + b"\r\n"
