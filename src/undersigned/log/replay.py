"""Replaying a log from its first entry on: what each entry does to the counts, and the tree that they make."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from undersigned.log import entries, merkle

DISAGREEMENTS_MAX = 20
LINE = re.compile(
    rf"{re.escape(entries.VERSION)} (?:"
    r"(open)\nstatement sha256:[0-9a-f]{64}(?:\nprevious [!-~]+ [0-9]+ [A-Za-z0-9+/]{43}=)?"
    r"|add (individual|organisation)\n[A-Za-z0-9+/]{43}="
    r"|sub (0|[1-9][0-9]{0,18}) (withdrawn|duplicate|fraud|error)"
    r"|(sum|seal) (0|[1-9][0-9]{0,18}) (0|[1-9][0-9]{0,18}))\n"
)
# What an entry is in memory: a byte, so that ten million take ten megabytes.
NOTHING, INDIVIDUAL, ORGANISATION = range(3)


class Replay:
    """What the entries give so far, and what of them is not in order: at most 20 sentences of it."""

    def __init__(self, opening: str) -> None:
        self.size = 0
        self.individuals = 0
        self.organisations = 0
        self.subtracted: Counter[str] = Counter()
        self.sealed = False
        self.found: list[str] = []
        self._opening = opening
        self._summed_at = -1
        self._counting = bytearray()
        self._tiles: dict[merkle.Key, bytes] = {}

    @property
    def is_summed_up(self) -> bool:
        """Whether the last entry is a `sum` or the `seal`."""
        return self._summed_at == self.size - 1

    @property
    def edge(self) -> dict[merkle.Key, bytes]:
        """The tiles that aren't full."""
        return dict(self._tiles)

    def root(self) -> bytes:
        return merkle.root(self.size, self._tiles)

    def counting(self, start: int, end: int) -> Iterator[int]:
        """The entries from `start` to before `end` that add somebody and were not taken back."""
        return (index for index in range(start, min(end, self.size)) if self._counting[index])

    def say(self, disagreement: str) -> None:
        if len(self.found) < DISAGREEMENTS_MAX:
            self.found.append(disagreement)

    def add(self, texts: Sequence[str]) -> dict[merkle.Key, bytes]:
        """Replays the next entries; returns the tiles that they fill, which are then forgotten."""
        self._tiles |= merkle.append(self.size, [merkle.leaf_hash(text.encode()) for text in texts], self._tiles)
        for text in texts:
            self._counting.append(NOTHING)
            self._replay(text)
            self.size += 1
        partial = set(merkle.edge(self.size))
        filled = {key: hashes for key, hashes in self._tiles.items() if key not in partial}
        for key in filled:
            del self._tiles[key]
        return filled

    def _replay(self, text: str) -> None:
        index, line = self.size, LINE.fullmatch(text)
        if not line or self.sealed or (line[1] is not None) != (index == 0):
            self.say(f"Entry {index} is not a line that belongs there.")
        elif line[1]:
            if text != self._opening:
                self.say("The log was opened for another text, or after another log.")
        elif line[2]:
            self._move(index, INDIVIDUAL if line[2] == "individual" else ORGANISATION)
        elif line[3]:
            if self._move(int(line[3]), NOTHING):
                self.subtracted[line[4]] += 1
            else:
                self.say(f"Entry {index} takes back entry {line[3]}, which is not counted.")
        else:
            self._summed_at, self.sealed = index, line[5] == "seal"
            if (int(line[6]), int(line[7])) != (self.individuals, self.organisations):
                self.say(
                    f"Entry {index} sums up {line[6]} and {line[7]}; it is {self.individuals} and {self.organisations}."
                )

    def _move(self, index: int, now: int) -> bool:
        """Has an entry count as this from now on; returns False if that changes nothing."""
        before = self._counting[index] if index <= self.size else NOTHING
        if before == now:
            return False
        self._counting[index] = now
        self.individuals += (now == INDIVIDUAL) - (before == INDIVIDUAL)
        self.organisations += (now == ORGANISATION) - (before == ORGANISATION)
        return True
