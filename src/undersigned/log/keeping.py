"""What is kept of a log outside its database: the last released checkpoint of each generation, as a file in every place.

A place is a directory: the one in a worker's own data directory, and before it the one that all workers see, where there is one.
It is read before the head that it is held against, so that it is never ahead of a log that goes on. What is written takes the
place of exactly what was read: whoever comes between, be it the worker of a restored copy, is noticed and not overwritten.
"""

import fcntl
import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec


class Kept(msgspec.Struct, frozen=True):
    """What one place had when it was looked at: its own id, and the text of the checkpoint kept of each generation."""

    place: Path
    keeper: str
    texts: dict[int, str]


def look(places: Sequence[Path], statement: str) -> list[Kept]:
    """What each place has of a log, in their order. Raises OSError where a place can't be read."""
    return [Kept(place, _keeper(place), _texts(place, statement)) for place in places]


def write(seen: Kept, statement: str, generation: int, text: str) -> Kept | None:
    """Keeps a checkpoint durably in the place of the one that was seen there.

    Returns what is there now, or None, with nothing written, if it is neither of the two. Raises OSError.
    """
    file = seen.place / f"{statement}.{generation}"
    with _locked(seen.place):
        there = _read(file)
        if there != text:
            if there != seen.texts.get(generation):
                return None
            _replace(file, text)
    return msgspec.structs.replace(seen, texts=seen.texts | {generation: text})


def write_everywhere(seen: Sequence[Kept], statement: str, generation: int, text: str) -> list[Kept] | None:
    """Keeps a checkpoint in every place, in order, until one has changed meanwhile: None then. Raises OSError."""
    written = []
    for each in seen:
        kept = write(each, statement, generation, text)
        if kept is None:
            return None
        written.append(kept)
    return written


def _texts(place: Path, statement: str) -> dict[int, str]:
    # Dots part name and generation, and no statement's name has one.
    found = {file.name.removeprefix(f"{statement}."): file for file in place.iterdir()}
    texts = {int(end): _read(file) for end, file in found.items() if end.isascii() and end.isdecimal()}
    return {generation: text for generation, text in sorted(texts.items()) if text is not None}


def _read(file: Path) -> str | None:
    with suppress(FileNotFoundError):
        return file.read_text(errors="replace")
    return None


def _keeper(place: Path) -> str:
    """The id of a place, which it gets when it is first looked at."""
    file = place / "keeper"
    if (known := _read(file)) is not None:
        return known.strip()
    with _locked(place):
        if _read(file) is None:
            _replace(file, f"{secrets.token_hex(8)}\n")
    return file.read_text().strip()


@contextmanager
def _locked(place: Path) -> Iterator[None]:
    with (place / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _replace(file: Path, text: str) -> None:
    unfinished = file.with_name(f"{file.name}.unfinished")
    with unfinished.open("w") as written:
        written.write(text)
        written.flush()
        os.fsync(written.fileno())
    unfinished.rename(file)
    directory = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
