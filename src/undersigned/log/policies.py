"""Which witnesses a log's heads are shown to, and how many of them make a quorum: C2SP tlog-policy."""

from collections.abc import Set as AbstractSet

import msgspec

from undersigned.log import witnesses
from undersigned.log.note import NoteInvalid
from undersigned.log.witnesses import WitnessKey

LENGTH_MAX = 256 * 1024


class PolicyInvalid(ValueError):
    """The policy is not one; the message is a sentence that names the line."""


class Witness(msgspec.Struct, frozen=True):
    """A witness under its name in the policy; `url` is its submission prefix, without a slash at its end, or ""."""

    name: str
    key: WitnessKey
    url: str


class Group(msgspec.Struct, frozen=True):
    """How many of its members, witnesses or groups, are enough for it."""

    enough: int
    members: tuple[str, ...]


class Policy(msgspec.Struct, frozen=True):
    """Witnesses and groups by name, and the one that is the quorum; `none` wants nobody."""

    witnesses: dict[str, Witness]
    groups: dict[str, Group]
    quorum: str

    def is_met(self, names: AbstractSet[str], by: str | None = None) -> bool:
        """Whether these witnesses are enough: for the quorum, or for one name."""
        name = self.quorum if by is None else by
        if name not in self.groups:
            return name == "none" or name in names
        group = self.groups[name]
        return sum(self.is_met(names, member) for member in group.members) >= group.enough


def parse(text: bytes) -> Policy:
    """The policy that a file is. Its `log` lines are passed over: who asks witnesses knows its own logs. Raises PolicyInvalid."""
    if len(text) > LENGTH_MAX or any((byte < 0x20 and byte not in b"\t\n") or byte == 0x7F for byte in text):
        raise PolicyInvalid("That is not a policy: it is too long, or has control characters.")
    known, groups, members = dict[str, Witness](), dict[str, Group](), set[str]()
    quorum: str | None = None
    for number, line in enumerate(text.decode(errors="surrogateescape").split("\n"), 1):
        # Only the space and the tab part items, whatever Unicode calls white.
        items = [item for item in line.replace("\t", " ").split(" ") if item]
        if not items or items[0].startswith("#"):
            continue
        defined = {*known, *groups}
        try:
            match items:
                case ["log", _] | ["log", _, _]:
                    pass
                case ["witness", name, vkey, *url] if len(url) <= 1 and name not in {*defined, "none"}:
                    known[name] = _witness(name, vkey, url[0] if url else "", known)
                case ["group", name, enough, *named] if named and name not in {*defined, "none"}:
                    groups[name] = _group(enough, named, defined - members)
                    members.update(named)
                case ["quorum", name] if quorum is None and name in {*defined, "none"}:
                    quorum = name
                case _:
                    raise PolicyInvalid("it is none of `log`, `witness`, `group` and `quorum`, or names what it can't")
        except (PolicyInvalid, NoteInvalid) as error:
            raise PolicyInvalid(f"Line {number} of the policy: {str(error).rstrip('.')}.") from None
    if quorum is None:
        raise PolicyInvalid("The policy has no `quorum` line.")
    return Policy(known, groups, quorum)


def _witness(name: str, vkey: str, url: str, known: dict[str, Witness]) -> Witness:
    key = witnesses.parse_vkey(vkey)
    if any(key.public == other.key.public for other in known.values()):
        raise PolicyInvalid("two witnesses have one key")
    if url and not url.startswith(("https://", "http://")):
        raise PolicyInvalid("a witness's address begins with https://")
    return Witness(name, key, url.rstrip("/"))


def _group(enough: str, named: list[str], free: AbstractSet[str]) -> Group:
    if len(set(named)) < len(named) or not set(named) <= free:
        raise PolicyInvalid("each member is defined before, and in one group only")
    words = {"any": 1, "all": len(named)}
    count = words[enough] if enough in words else int(enough) if enough.isascii() and enough.isdecimal() else 0
    if not 1 <= count <= len(named):
        raise PolicyInvalid("a group wants `any`, `all`, or a number that it has members for")
    return Group(count, tuple(named))
