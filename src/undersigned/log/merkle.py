"""The log's Merkle tree (RFC 6962) as tiles (C2SP tlog-tiles): grows them, and computes and checks roots and proofs.

A tile is up to 256 hashes side by side, 32 bytes each. The one at (`level`, `index`) holds, for every i, the root of the
256**level entries from entry (index * 256 + i) * 256**level on. Whoever stores tiles keeps the widest form of each: what a
smaller tree had is a prefix of it, so every function here takes tiles wider than its `size` needs.
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

HASH_BYTES = 32
TILE_WIDTH = 256
EMPTY_ROOT = hashlib.sha256(b"").digest()

Key = tuple[int, int]
Tiles = Mapping[Key, bytes]


class ProofInvalid(ValueError):
    """There is no such proof, or it doesn't lead to the root."""


class TileName(msgspec.Struct, frozen=True):
    """What a path under a log names: `level` is None for an entry bundle, `width` is 1 to 256 hashes or entries."""

    level: int | None
    index: int
    width: int = TILE_WIDTH


def leaf_hash(entry: bytes) -> bytes:
    """The hash of an entry as a leaf (RFC 6962, section 2.1)."""
    return hashlib.sha256(b"\0" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of two children (RFC 6962, section 2.1)."""
    return hashlib.sha256(b"\1" + left + right).digest()


def width(level: int, index: int, size: int) -> int:
    """How many hashes a tile has in a tree of `size` entries, 0 to 256. An entry bundle is as wide as its tile at level 0."""
    return max(0, min((size >> 8 * level) - index * TILE_WIDTH, TILE_WIDTH))


def edge(size: int) -> list[Key]:
    """The partial tiles of a tree of `size` entries: all that `append` and `root` read."""
    levels = range((size.bit_length() + 7) // 8)
    return [(level, size >> 8 * level + 8) for level in levels if (size >> 8 * level) % TILE_WIDTH]


def append(size: int, leaves: Iterable[bytes], tiles: Tiles) -> dict[Key, bytes]:
    """The tiles that are new or wider once `leaves` (their hashes) stand behind the first `size`, each in full.

    Reads the tiles of `edge(size)`. Raises KeyError if one is missing and ValueError if one is too narrow.
    """
    changed: dict[Key, bytes] = {}
    level, new = 0, list(leaves)
    while new:
        index, old = divmod(size >> 8 * level, TILE_WIDTH)
        row = (_prefix(tiles, (level, index), old) if old else b"") + b"".join(new)
        new = []
        for at in range(0, len(row), TILE_WIDTH * HASH_BYTES):
            hashes = changed[level, index] = row[at : at + TILE_WIDTH * HASH_BYTES]
            if len(hashes) == TILE_WIDTH * HASH_BYTES:
                new.append(_fold(hashes))
            index += 1
        level += 1
    return changed


def root(size: int, tiles: Tiles) -> bytes:
    """The root of the first `size` entries (RFC 6962, section 2.1). Reads the tiles of `edge(size)`."""
    return _range(0, size, tiles) if size else EMPTY_ROOT


def inclusion_proof(index: int, size: int, tiles: Tiles) -> list[bytes]:
    """The hashes from a leaf's sibling up to the root's child (RFC 6962, 2.1.1). Raises ProofInvalid if there is none."""
    return [_range(start, end, tiles) for _, start, end in _way_up(index, size)]


def consistency_proof(old: int, new: int, tiles: Tiles) -> list[bytes]:
    """The hashes that show `old` entries to be the first of `new` (RFC 6962, 2.1.2). Raises ProofInvalid if there is none."""
    if not old:
        return []
    way = _way_up(old - 1, new, whole=True)
    base = max((end for leftwards, _, end in way if leftwards), default=0)
    return ([_range(base, old, tiles)] if base else []) + [_range(start, end, tiles) for _, start, end in way]


def needs(compute: Callable[[Tiles], object]) -> list[Key]:
    """The tiles that a computation reads, so that they can be fetched first and at once.

    `needs(lambda tiles: inclusion_proof(index, size, tiles))`: what is read depends on numbers only, never on hashes.
    """
    seen = _Blank()
    compute(seen)
    return sorted(seen)


def check_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes], expected: bytes) -> None:
    """Checks that `leaf`, a hash, is number `index` of the `size` under a root (RFC 9162, 2.1.3). Raises ProofInvalid."""
    way = _way_up(index, size)
    if len(proof) != len(way):
        raise ProofInvalid(f"The proof has {len(proof)} hashes instead of {len(way)}.")
    node = leaf
    for (leftwards, _, _), sibling in zip(way, proof, strict=True):
        node = node_hash(sibling, node) if leftwards else node_hash(node, sibling)
    if node != expected:
        raise ProofInvalid("The proof doesn't lead to the root.")


def check_consistency(old: int, new: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes) -> None:
    """Checks that the entries under one root are the first of another's (RFC 9162, 2.1.4). Raises ProofInvalid."""
    if not old:
        if proof or old_root != EMPTY_ROOT:
            raise ProofInvalid("An empty log has one root and needs no proof.")
        return
    way = _way_up(old - 1, new, whole=True)
    # With nothing to its left, the old tree is a subtree of the new one, and its root is where the way begins.
    begins_inside = any(leftwards for leftwards, _, _ in way)
    if len(proof) != len(way) + begins_inside:
        raise ProofInvalid(f"The proof has {len(proof)} hashes instead of {len(way) + begins_inside}.")
    first = second = proof[0] if begins_inside else old_root
    for (leftwards, _, _), sibling in zip(way, proof[begins_inside:], strict=True):
        first = node_hash(sibling, first) if leftwards else first
        second = node_hash(sibling, second) if leftwards else node_hash(second, sibling)
    if (first, second) != (old_root, new_root):
        raise ProofInvalid("The proof doesn't lead to both roots.")


def path(name: TileName) -> str:
    """Where a tile or bundle lies under its log: `tile/0/x001/x234/067`, `tile/entries/000.p/5` (tlog-tiles)."""
    *above, last = (group.zfill(3) for group in f"{name.index:,}".split(","))
    number = "".join(f"x{group}/" for group in above) + last
    partial = f".p/{name.width}" if name.width < TILE_WIDTH else ""
    return f"tile/{'entries' if name.level is None else name.level}/{number}{partial}"


def parse_path(text: str) -> TileName:
    """What a path names. Raises ValueError unless it is exactly what `path` writes, which is all that tlog-tiles allows."""
    match = re.fullmatch(r"tile/(entries|[0-9]{1,2})/((?:x[0-9]{3}/){0,5}[0-9]{3})(?:\.p/([0-9]{1,3}))?", text)
    if match:
        level = None if match[1] == "entries" else int(match[1])
        name = TileName(level, int(re.sub("[x/]", "", match[2])), int(match[3] or TILE_WIDTH))
        if name.width and (level or 0) < 64 and path(name) == text:
            return name
    raise ValueError("That names no tile.")


def bundle(entries: Iterable[bytes]) -> bytes:
    """Entries side by side, each behind its length in two bytes (tlog-tiles). Raises OverflowError past 65,535 bytes."""
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def _range(start: int, end: int, tiles: Tiles) -> bytes:
    """The root of the entries from `start` to before `end`; `start` is a multiple of what the range spans, as in RFC 6962."""
    roots = []
    while start < end:
        height = (end - start).bit_length() - 1
        roots.append(_subtree(height, start >> height, tiles))
        start += 1 << height
    result = roots.pop()
    while roots:
        result = node_hash(roots.pop(), result)
    return result


def _subtree(height: int, index: int, tiles: Tiles) -> bytes:
    """The root of 2**height entries, all there: those from index * 2**height on."""
    level, inner = divmod(height, 8)
    tile, first = divmod(index << inner, TILE_WIDTH)
    hashes = _prefix(tiles, (level, tile), first + (1 << inner))
    return _fold(hashes[first * HASH_BYTES :])


def _prefix(tiles: Tiles, key: Key, count: int) -> bytes:
    hashes = tiles[key][: count * HASH_BYTES]
    if len(hashes) < count * HASH_BYTES:
        raise ValueError(f"The tile {key} has fewer than {count} hashes.")
    return hashes


def _fold(row: bytes) -> bytes:
    """The root over a power of two of hashes."""
    hashes = [row[at : at + HASH_BYTES] for at in range(0, len(row), HASH_BYTES)]
    while len(hashes) > 1:
        hashes = [node_hash(hashes[at], hashes[at + 1]) for at in range(0, len(hashes), 2)]
    return hashes[0]


def _way_up(index: int, size: int, *, whole: bool = False) -> list[tuple[bool, int, int]]:
    """The siblings from an entry up to the root: whether each stands to the left, its first entry and its end.

    With `whole`, from the largest subtree that ends with the entry. Raises ProofInvalid if there is no such entry.
    """
    if not 0 <= index < size:
        raise ProofInvalid(f"There is no entry {index} among {size}.")
    way, start, end = [], 0, size
    while end - start > 1 and not (whole and end == index + 1):
        middle = start + (1 << (end - start - 1).bit_length() - 1)
        if index < middle:
            way.append((False, middle, end))
            end = middle
        else:
            way.append((True, start, middle))
            start = middle
    return way[::-1]


class _Blank(dict[Key, bytes]):
    """Tiles of nothing, which remember that they were read."""

    def __missing__(self, key: Key) -> bytes:
        self[key] = bytes(TILE_WIDTH * HASH_BYTES)
        return self[key]
