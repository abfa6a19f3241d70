"""Data directories for the fault tests, with a space in the path, cleared away with the clusters that they led to."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.memory import clear
from undersigned.process.embedded import running


@pytest.fixture(scope="module")
def new_data_dir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Path]]:
    made: list[Path] = []

    def make() -> Path:
        made.append(tmp_path_factory.mktemp("a place") / "data dir")
        return made[-1]

    yield make
    for data_dir in made:
        clear(data_dir)


@pytest.fixture(scope="module")
def data_dir(new_data_dir: Callable[[], Path]) -> Path:
    """A data directory whose cluster is made and stopped."""
    made = new_data_dir()
    with running(made):
        return made
