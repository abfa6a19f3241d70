"""The alphabetical order of names in many scripts: by base letter first, then by accent; script after script."""

import unicodedata
from functools import lru_cache

# The scripts that have their letters on a page of names, in its order; all others follow as one.
SCRIPTS = {"LATIN": b"a", "CYRILLIC": b"c", "ARMENIAN": b"e"}
OTHER_SCRIPTS = b"z"
# Letters that Unicode doesn't take apart, under the letters where people look for them; й is a letter of its own.
BASES = str.maketrans(
    {"ı": "i", "ə": "e", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "ŧ": "t", "æ": "ae", "œ": "oe", "þ": "th",
     "є": "е", "ґ": "г", "і": "и", "ї": "и", "ј": "й"}
)  # fmt: skip
KEPT_WHOLE = "й"
# Some characters stand for a whole phrase; a place has to fit into an index and, sealed, into an address.
LETTERS_MAX = 50


def place(scope: bytes, name: str, tie: bytes) -> bytes:
    """What sorts a name bytewise among all of its scope; `tie` keeps two people of one name apart."""
    return b"\0".join((scope + key(name), tie))


def key(name: str) -> bytes:
    """A script's byte, the name's first 50 base letters, then the same with accents, for those who differ in nothing else."""
    folded = unicodedata.normalize("NFC", name.casefold())
    bare = _bare(folded)
    return _script(bare) + bare[:LETTERS_MAX].encode() + b"\0" + folded[:LETTERS_MAX].encode()


def initial(letter: str) -> bytes:
    """What the keys of all names with this initial begin with; `*` stands for all other scripts."""
    bare = _bare(unicodedata.normalize("NFC", letter.casefold())[:1])
    script = _script(bare)
    return OTHER_SCRIPTS if script == OTHER_SCRIPTS else script + bare[:1].encode()


def letter(start: bytes) -> str:
    """The initial, in capitals, of a key that starts so; `*` for other scripts."""
    if start[:1] == OTHER_SCRIPTS:
        return "*"
    return start[1:].decode(errors="ignore")[:1].upper()


def _bare(folded: str) -> str:
    parts = (c if c in KEPT_WHOLE else unicodedata.normalize("NFKD", c) for c in folded)
    letters = "".join(parts).translate(BASES)
    kept = "".join(c if c.isalnum() else " " if c.isspace() else "" for c in letters)
    start = next((at for at, c in enumerate(kept) if c.isalpha()), 0)
    return " ".join(kept[start:].split())


def _script(bare: str) -> bytes:
    return SCRIPTS.get(script_of(bare[:1]), OTHER_SCRIPTS)


@lru_cache(1024)
def script_of(letter: str) -> str:
    """The script of a letter, as the first word of its Unicode name; the empty string for what has none."""
    return unicodedata.name(letter, "").partition(" ")[0] if letter else ""
