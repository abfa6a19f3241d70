"""How queries are declared: a noun for each file of `sql/queries`, in it a field for each query, typed by the rows it gives."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Generic, TypeVar, get_args, get_origin, get_type_hints

import msgspec

NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)
R = TypeVar("R")
N = TypeVar("N")


class QueriesDiffer(Exception):
    """The SQL files and what is declared of them differ; the message says where."""


class Query(msgspec.Struct, Generic[R], frozen=True):
    """A statement whose rows have the shape R: a Struct, or for a single column its type. `name` is `<noun>.<query>`."""

    name: str
    sql: str
    shape: Any

    def read(self, row: Any) -> R:
        """A row of asyncpg in its shape. Raises msgspec.ValidationError if it doesn't fit."""
        given = dict(row) if _is_struct(self.shape) else row[0]
        read: R = msgspec.convert(given, self.shape)
        return read


class Command(msgspec.Struct, frozen=True):
    """A statement that gives no rows."""

    name: str
    sql: str


class Noun(msgspec.Struct, frozen=True):
    """The queries of one file, each a field of this name: `Query[<shape of its rows>]`, or `Command`."""


def parse(directory: Path, queries: type[N], nouns: Mapping[str, Any]) -> N:
    """All queries of a directory, as `queries` declares them by noun. Raises QueriesDiffer."""
    found = {file.stem: _statements(file.read_text()) for file in directory.glob("*.sql")}
    _must_be_alike(directory.name, set(found), set(nouns))
    return queries(**{noun: _declared(noun, found[noun], shape) for noun, shape in nouns.items()})


def _declared(noun: str, found: Mapping[str, str], shape: type[Noun]) -> Noun:
    fields = get_type_hints(shape)
    _must_be_alike(f"{noun}.sql", set(found), set(fields))
    return shape(**{name: _query(f"{noun}.{name}", found[name], kind) for name, kind in fields.items()})


def _query(name: str, sql: str, kind: Any) -> object:
    if get_origin(kind) is Query:
        return Query(name, sql, get_args(kind)[0])
    if kind is not Command:
        raise QueriesDiffer(f"{name} is declared as {kind}: a query is a Query of the shape of its rows, or a Command.")
    return Command(name, sql)


def _is_struct(shape: Any) -> bool:
    return isinstance(shape, type) and issubclass(shape, msgspec.Struct)


def _must_be_alike(where: str, found: set[str], declared: set[str]) -> None:
    if found != declared:
        raise QueriesDiffer(
            f"{where}: nobody declared {sorted(found - declared)}, and there is no {sorted(declared - found)}."
        )


def _statements(text: str) -> dict[str, str]:
    parts = NAME.split(text)[1:]
    return {name: body.strip().removesuffix(";") for name, body in zip(parts[::2], parts[1::2], strict=True)}
