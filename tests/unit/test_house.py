"""The house keeps its order: what each room may know is refused to all others, in files that nobody has written yet too."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests import house
from tests.house import SOURCE
from undersigned.settings import ROOT

ROOMS = sorted(each.parent.relative_to(SOURCE) for each in SOURCE.rglob("__init__.py") if each.parent != SOURCE)
LINES_MAX = 300
# People download it, and read it whole before they believe it.
ONE_FILE = {"log/verify.py"}


def files() -> dict[str, str]:
    return {str(file.relative_to(SOURCE)): file.read_text() for file in sorted(SOURCE.rglob("*.py"))}


def lint(home: Path) -> str:
    program = Path(sys.executable).with_name("lint-imports")
    ran = subprocess.run(
        [program, "--no-cache"], cwd=home, env={"PYTHONPATH": "src", "COLUMNS": "200"}, capture_output=True, text=True
    )
    return f"{ran.stdout}{ran.stderr}"


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the check of imports says of a copy in which every room has a new file that knows what it shouldn't."""
    home = tmp_path_factory.mktemp("house")
    shutil.copy(ROOT / "pyproject.toml", home)
    shutil.copytree(SOURCE, home / "src" / "undersigned", ignore=shutil.ignore_patterns("__pycache__"))
    for room in ROOMS:
        upwards = "" if room.parts[0] == "console" else "import undersigned.console.keys\n"
        text = f"import asyncpg\nimport litestar\n{upwards}"
        (home / "src" / "undersigned" / room / "planted.py").write_text(text)
    (home / "src" / "undersigned" / "shed").mkdir()
    (home / "src" / "undersigned" / "shed" / "__init__.py").touch()
    return lint(home)


def test_a_new_file_may_import_what_its_room_may_and_nothing_else(planted: str) -> None:
    for room in ROOMS:
        name = ".".join(("undersigned", *room.parts, "planted"))
        knows_database, knows_web = room.parts[0] == "database", room.parts[0] == "web"
        assert (f"{name} -> asyncpg" in planted) is not knows_database, name
        assert (f"{name} -> litestar" in planted) is not knows_web, name
        assert (f"{name} -> undersigned.console" in planted) is (room.parts[0] != "console"), name


def test_a_room_without_a_floor_is_refused(planted: str) -> None:
    assert "- undersigned.shed" in planted


def test_a_file_has_one_idea_and_so_few_lines() -> None:
    long = {name: text.count("\n") for name, text in files().items() if text.count("\n") > LINES_MAX}
    assert set(long) - ONE_FILE == set(), long


def test_only_the_database_room_asks_in_sql_or_touches_its_pool() -> None:
    reaching = re.compile(r"\.pool\b|\bfetch(row|val|many)?\(|\bexecutemany\(")
    apart = ("database/", "log/verify.py")
    found = [name for name, text in files().items() if not name.startswith(apart) and reaching.search(text)]
    assert found == []


def test_no_handler_asks_the_database_itself() -> None:
    assert [name for name, text in files().items() if name.startswith("web/") and re.search(r"\.q\.\w", text)] == []


def test_no_two_rooms_import_each_other() -> None:
    drawn = house.arrows()
    assert {(one, other) for one, other in drawn if (other, one) in drawn} == set()
