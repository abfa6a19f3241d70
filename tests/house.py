"""The plan of the house, read from its imports: `python -m tests.house` says how many rooms, files and arrows there are.

A room is a folder, or a file that lies in none. An arrow is that some file of one room imports from another.
"""

import ast
from pathlib import Path

from undersigned.settings import ROOT

SOURCE = ROOT / "src" / "undersigned"


def modules(source: Path = SOURCE) -> dict[str, Path]:
    """Every module of the package by its dotted name."""
    found = {}
    for file in sorted(source.rglob("*.py")):
        parts = file.relative_to(source.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    return found


def imports(source: Path = SOURCE) -> set[tuple[str, str]]:
    """Which module imports which."""
    known = modules(source)
    found = set()
    for name, file in known.items():
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module:
                wanted = [f"{node.module}.{each.name}" for each in node.names]
                found |= {(name, each if each in known else node.module) for each in wanted}
    return {(one, other) for one, other in found if other in known and other != one}


def arrows(source: Path = SOURCE) -> set[tuple[str, str]]:
    """Which room imports from which, by their paths."""
    known = modules(source)

    def room(module: str) -> str:
        place = known[module].relative_to(source)
        return str(place if place.parent == Path() else place.parent)

    return {(room(one), room(other)) for one, other in imports(source) if room(one) != room(other)}


if __name__ == "__main__":
    drawn = arrows()
    rooms = {room for arrow in drawn for room in arrow}
    print(
        f"{len(rooms)} rooms, {len(modules())} files, {len(imports())} imports between files, {len(drawn)} arrows between rooms"
    )
