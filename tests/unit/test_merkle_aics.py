"""The tree beside aics-tlog, another implementation. It needs Python 3.12; tests/conftest.py leaves this file out before."""

import importlib
import random

import pytest

from tests.unit.test_merkle import SMALL, leaves, sizes_to_try, tiles
from undersigned.log import merkle
from undersigned.log.merkle import TileName

__all__ = ["leaves", "tiles"]  # fixtures
aics = importlib.import_module("aics_tlog")
aics_tiles = importlib.import_module("aics_tlog.tiles")


def test_every_small_tree_agrees_with_aics_tlog(tiles: dict[merkle.Key, bytes], leaves: list[bytes]) -> None:
    tree = aics.MerkleTree([b"entry %d" % index for index in range(SMALL)])
    for size in range(1, SMALL + 1):
        root = merkle.root(size, tiles)
        assert root == tree.root(size)
        for index in range(size):
            proof = merkle.inclusion_proof(index, size, tiles)
            assert proof == tree.inclusion_proof(index, size)
            assert aics.verify_inclusion(leaves[index], index, size, proof, root)
            proof = merkle.consistency_proof(index + 1, size, tiles)
            assert proof == tree.consistency_proof(index + 1, size)
            assert aics.verify_consistency(index + 1, size, merkle.root(index + 1, tiles), root, proof)


def test_random_proofs_pass_the_checks_of_aics_tlog(tiles: dict[merkle.Key, bytes], leaves: list[bytes]) -> None:
    chosen = random.Random(9162)
    for size in sizes_to_try():
        root = merkle.root(size, tiles)
        for index in [chosen.randrange(size) for _ in range(20)]:
            proof = merkle.inclusion_proof(index, size, tiles)
            assert aics.verify_inclusion(leaves[index], index, size, proof, root)
            proof = merkle.consistency_proof(index + 1, size, tiles)
            assert aics.verify_consistency(index + 1, size, merkle.root(index + 1, tiles), root, proof)


@pytest.mark.parametrize("size", [1, 255, 256, 257, 70_000])
def test_tiles_and_bundles_are_those_of_aics_tlog(size: int, tiles: dict[merkle.Key, bytes]) -> None:
    entries = [b"entry %d" % index for index in range(size)]
    ours = {}
    for (level, index), row in tiles.items():
        width = merkle.width(level, index, size)
        if width:
            ours[merkle.path(TileName(level, index, width))] = row[: width * 32]
            if level == 0:
                bundle = merkle.bundle(entries[index * 256 : index * 256 + width])
                ours[merkle.path(TileName(None, index, width))] = bundle
    assert ours == aics_tiles.materialise_tiles(entries)
