"""A statement of one's own, for tests that change what is published."""

import shutil
from pathlib import Path

import pytest

from undersigned.settings import ROOT


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A copy of the example statement, to change."""
    copy = tmp_path / "example"
    shutil.copytree(ROOT / "statements" / "example", copy)
    return copy
