"""The tree: RFC vectors, two other implementations, and proofs that must not pass."""

import hashlib
import importlib
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from undersigned.log import merkle, verify
from undersigned.log.merkle import ProofInvalid, TileName

# From the reference implementation, transparency-dev/merkle (testonly/constants.go).
LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
SMALL, LARGE = 130, 2**20
pytestmark = pytest.mark.xdist_group("merkle")  # the large tree is grown once


def hashes(count: int) -> list[bytes]:
    return [merkle.leaf_hash(b"entry %d" % index) for index in range(count)]


def grown(leaves: list[bytes]) -> dict[merkle.Key, bytes]:
    return merkle.append(0, leaves, {})


@pytest.fixture(scope="module")
def leaves() -> list[bytes]:
    return hashes(LARGE)


@pytest.fixture(scope="module")
def tiles(leaves: list[bytes]) -> dict[merkle.Key, bytes]:
    return grown(leaves)


@pytest.fixture(scope="module")
def oracle(leaves: list[bytes]) -> Any:
    """pymerkle's tree over the same leaves; its own storage keeps a node an entry, which is too slow for a million."""
    stored = {
        "_encode_entry": lambda self, data: data,
        "_store_leaf": lambda self, data, digest: len(leaves),
        "_get_leaf": lambda self, index: leaves[index - 1],
        "_get_leaves": lambda self, offset, width: leaves[offset : offset + width],
        "_get_size": lambda self: len(leaves),
    }
    return type("Oracle", (importlib.import_module("pymerkle.core").BaseMerkleTree,), stored)()


def sizes_to_try() -> list[int]:
    chosen = random.Random(6962)
    return [chosen.randrange(1, LARGE + 1) for _ in range(8)] + [255, 256, 257, 65535, 65536, 65537, LARGE - 1, LARGE]


def test_roots_are_those_of_the_reference_vectors() -> None:
    leaves = [merkle.leaf_hash(bytes.fromhex(leaf)) for leaf in LEAVES]
    assert [merkle.root(size, grown(leaves)).hex() for size in range(9)] == ROOTS
    assert [verify.merge(leaves[:size]).hex() for size in range(9)] == ROOTS


@pytest.mark.parametrize(
    ("index", "size", "proof"),
    [
        (5, 8, ["bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0", ROOTS[4]]),
        (2, 3, [ROOTS[2]]),
        (0, 1, []),
    ],
)  # fmt: skip
def test_inclusion_proofs_are_those_of_the_reference_vectors(index: int, size: int, proof: list[str]) -> None:
    leaves = [merkle.leaf_hash(bytes.fromhex(leaf)) for leaf in LEAVES]
    assert [node.hex() for node in merkle.inclusion_proof(index, size, grown(leaves))] == proof


@pytest.mark.parametrize(
    ("old", "new", "proof"),
    [
        (6, 8, ["0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0", ROOTS[4]]),
        (2, 5, ["5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"]),
        (0, 8, []),
        (8, 8, []),
    ],
)  # fmt: skip
def test_consistency_proofs_are_those_of_the_reference_vectors(old: int, new: int, proof: list[str]) -> None:
    leaves = [merkle.leaf_hash(bytes.fromhex(leaf)) for leaf in LEAVES]
    found = merkle.consistency_proof(old, new, grown(leaves))
    assert [node.hex() for node in found] == proof
    merkle.check_consistency(old, new, found, bytes.fromhex(ROOTS[old]), bytes.fromhex(ROOTS[new]))


def test_proofs_are_those_of_the_example_in_rfc_9162() -> None:
    a, b, c, d, e, f, j = leaves = hashes(7)
    node = merkle.node_hash
    g, h, i = node(a, b), node(c, d), node(e, f)
    k, l = node(g, h), node(i, j)  # noqa: E741 -- the RFC's letters (section 2.1.5)
    tiles = grown(leaves)
    assert merkle.root(7, tiles) == node(k, l)
    assert merkle.inclusion_proof(0, 7, tiles) == [b, h, l]
    assert merkle.inclusion_proof(3, 7, tiles) == [c, g, l]
    assert merkle.inclusion_proof(4, 7, tiles) == [f, j, k]
    assert merkle.inclusion_proof(6, 7, tiles) == [i, k]
    assert merkle.consistency_proof(3, 7, tiles) == [c, d, g, l]
    assert merkle.consistency_proof(4, 7, tiles) == [l]
    assert merkle.consistency_proof(6, 7, tiles) == [i, j, k]


def test_every_small_tree_agrees_with_pymerkle(tiles: dict[merkle.Key, bytes], oracle: Any) -> None:
    roots = [oracle.get_root(size) for size in range(SMALL + 1)]
    for size in range(1, SMALL + 1):
        root = merkle.root(size, tiles)
        assert root == roots[size]
        for other in range(1, size + 1):
            assert merkle.inclusion_proof(other - 1, size, tiles) == oracle.prove_inclusion(other, size).path[1:]
            proof = merkle.consistency_proof(other, size, tiles)
            # Its own consistency proofs have another form than RFC 6962's, so that only the roots can be compared.
            merkle.check_consistency(other, size, proof, roots[other], root)


def test_random_trees_agree_with_pymerkle(tiles: dict[merkle.Key, bytes], leaves: list[bytes], oracle: Any) -> None:
    chosen = random.Random(9162)
    for size in sizes_to_try():
        root = merkle.root(size, tiles)
        assert root == oracle.get_root(size)
        for _ in range(2):
            other = chosen.randrange(1, size + 1)
            proof = merkle.inclusion_proof(other - 1, size, tiles)
            assert proof == oracle.prove_inclusion(other, size).path[1:]
            merkle.check_inclusion(other - 1, size, leaves[other - 1], proof, root)
            assert verify.inclusion_root(other - 1, size, leaves[other - 1], proof) == root
            proof = merkle.consistency_proof(other, size, tiles)
            merkle.check_consistency(other, size, proof, oracle.get_root(other), root)


def test_a_tree_of_70000_has_the_tiles_that_tlog_tiles_says(tiles: dict[merkle.Key, bytes]) -> None:
    widths = [[merkle.width(level, index, 70_000) for index in range(275)] for level in range(4)]
    assert (widths[0].count(256), widths[0][273]) == (273, 112)
    assert widths[1][:3] == [256, 17, 0]
    assert widths[2][:2] == [1, 0]
    assert not any(widths[3])
    assert merkle.edge(70_000) == [(0, 273), (1, 1), (2, 0)]
    assert merkle.edge(256) == [(1, 0)]
    assert merkle.edge(0) == []


@given(st.lists(st.integers(0, 700), max_size=8))
@settings(max_examples=60, deadline=None)
def test_a_tree_grown_in_batches_is_the_tree_grown_at_once(batches: list[int]) -> None:
    leaves = hashes(sum(batches))
    stored: dict[merkle.Key, bytes] = {}
    size = 0
    for batch in batches:
        edge = {key: stored[key] for key in merkle.edge(size)}
        changed = merkle.append(size, leaves[size : size + batch], edge)
        for key, row in changed.items():
            # A tile only ever grows: what was served of it stays a prefix.
            assert row.startswith(stored.get(key, b""))
            assert row != stored.get(key)
        stored |= changed
        size += batch
        assert merkle.root(size, edge | changed) == verify.merge(leaves[:size])
    assert stored == grown(leaves)


def test_appending_needs_the_edge_as_wide_as_it_was() -> None:
    with pytest.raises(KeyError):
        merkle.append(5, hashes(1), {})
    with pytest.raises(ValueError, match="fewer than 5"):
        merkle.append(5, hashes(1), {(0, 0): bytes(4 * 32)})


def test_a_smaller_tree_is_read_from_the_tiles_of_a_larger_one(tiles: dict[merkle.Key, bytes]) -> None:
    for size in (1, 200, 256, 300, 66_000):
        own = {
            (level, index): row[: 32 * merkle.width(level, index, size)]
            for (level, index), row in tiles.items()
            if merkle.width(level, index, size)
        }
        assert merkle.root(size, own) == merkle.root(size, tiles)
        assert merkle.inclusion_proof(size // 3, size, own) == merkle.inclusion_proof(size // 3, size, tiles)


def test_what_a_proof_needs_is_known_before_it_is_read(tiles: dict[merkle.Key, bytes]) -> None:
    def computed(read: merkle.Tiles) -> list[list[bytes]]:
        return [merkle.inclusion_proof(500_123, LARGE - 5, read), merkle.consistency_proof(777, LARGE - 5, read)]

    needed = merkle.needs(computed)
    assert len(needed) <= 10
    assert computed({key: tiles[key] for key in needed}) == computed(tiles)
    assert set(merkle.needs(lambda read: merkle.root(LARGE - 5, read))) <= set(merkle.edge(LARGE - 5))


@pytest.mark.parametrize(
    ("name", "path"),
    [
        (TileName(0, 1234067), "tile/0/x001/x234/067"),
        (TileName(0, 0), "tile/0/000"),
        (TileName(63, 999, 1), "tile/63/999.p/1"),
        (TileName(1, 1000, 255), "tile/1/x001/000.p/255"),
        (TileName(None, 67, 5), "tile/entries/067.p/5"),
    ],
)
def test_paths_are_written_as_tlog_tiles_wants(name: TileName, path: str) -> None:
    assert merkle.path(name) == path
    assert merkle.parse_path(path) == name


@pytest.mark.parametrize(
    "path",
    [
        "tile/0/0", "tile/0/1000", "tile/00/000", "tile/64/000", "tile/0/x000/001", "tile/0/001/001", "tile/0/x001",
        "tile/0/000.p/0", "tile/0/000.p/256", "tile/0/000.p/01", "tile/0/000.p/", "tile/data/000", "tile/-1/000",
        "tile/0/000\n", "tile/0/٠٠٠", "/tile/0/000", "tile/0/000/", "tile/entries/", "checkpoint", "",
    ],
)  # fmt: skip
def test_any_other_path_names_no_tile(path: str) -> None:
    with pytest.raises(ValueError, match="names no tile"):
        merkle.parse_path(path)


@given(st.none() | st.integers(0, 63), st.integers(0, 10**18 - 1), st.integers(1, 256))
def test_a_path_reads_back_as_what_it_names(level: int | None, index: int, width: int) -> None:
    name = TileName(level, index, width)
    assert merkle.parse_path(merkle.path(name)) == name


def test_a_bundle_puts_each_length_in_two_bytes() -> None:
    assert merkle.bundle([b"ab", b"", b"c" * 256]) == b"\0\2ab" + b"\0\0" + b"\1\0" + b"c" * 256
    with pytest.raises(OverflowError):
        merkle.bundle([bytes(65536)])


def test_entries_that_dont_exist_have_no_proof(tiles: dict[merkle.Key, bytes]) -> None:
    attempts: list[Callable[[], object]] = [
        lambda: merkle.inclusion_proof(5, 5, tiles),
        lambda: merkle.inclusion_proof(-1, 5, tiles),
        lambda: merkle.consistency_proof(6, 5, tiles),
        lambda: merkle.consistency_proof(-1, 5, tiles),
        lambda: merkle.check_inclusion(5, 5, bytes(32), [], bytes(32)),
        lambda: merkle.check_consistency(6, 5, [], bytes(32), bytes(32)),
        lambda: merkle.check_consistency(0, 5, [], bytes(32), bytes(32)),
    ]
    for attempt in attempts:
        with pytest.raises(ProofInvalid):
            attempt()


def mutations(proof: list[bytes], chosen: random.Random) -> Iterator[list[bytes]]:
    """Proofs that differ from a good one: a bit, an order, a length."""
    spoiled = list(proof)
    if proof:
        at, bit = chosen.randrange(len(proof)), 1 << chosen.randrange(256)
        spoiled[at] = (int.from_bytes(proof[at], "big") ^ bit).to_bytes(32, "big")
        yield spoiled
        yield proof[:at] + proof[at + 1 :]
    if proof[::-1] != proof:
        yield proof[::-1]
    extra = hashlib.sha256(chosen.randbytes(8)).digest()
    at = chosen.randrange(len(proof) + 1)
    yield [*proof[:at], extra, *proof[at:]]


def test_a_hundred_thousand_spoiled_proofs_are_all_rejected(
    tiles: dict[merkle.Key, bytes], leaves: list[bytes]
) -> None:
    chosen = random.Random(100_000)
    roots = [merkle.root(size, tiles) for size in range(67)]
    tried = 0
    while tried < 100_000:
        size = chosen.randrange(2, 67)
        old = chosen.randrange(1, size)
        inclusion = merkle.inclusion_proof(old, size, tiles)
        consistency = merkle.consistency_proof(old, size, tiles)
        attempts: list[tuple[Callable[..., None], tuple[Any, ...]]] = [
            (merkle.check_inclusion, (old, size, leaves[old], spoiled, roots[size]))
            for spoiled in mutations(inclusion, chosen)
        ]
        attempts += [
            (merkle.check_consistency, (old, size, spoiled, roots[old], roots[size]))
            for spoiled in mutations(consistency, chosen)
        ]
        attempts += [
            (merkle.check_inclusion, (old - 1, size, leaves[old], inclusion, roots[size])),
            (merkle.check_inclusion, (old, size, leaves[old - 1], inclusion, roots[size])),
            (merkle.check_inclusion, (old, size, leaves[old], inclusion, roots[size - 1])),
            (merkle.check_consistency, (old, size, consistency, roots[old - 1], roots[size])),
            (merkle.check_consistency, (old, size, consistency, roots[old], roots[size - 1])),
        ]
        for check, arguments in attempts:
            tried += 1
            try:
                check(*arguments)
            except ProofInvalid:
                continue
            pytest.fail(f"{check.__name__}{arguments} passed")
