"""The schema, its migrations and the declared queries agree, and the hot queries use their indexes."""

import asyncio
import datetime as dt
import re
from collections.abc import Iterator
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin
from uuid import UUID

import asyncpg
import msgspec
import pytest

from undersigned.admins import keys
from undersigned.database import migrations, queries
from undersigned.database.connection import Database
from undersigned.database.queries import Queries
from undersigned.database.queries.declaring import Command, QueriesDiffer, Query
from undersigned.errors import InstallationChanged
from undersigned.process import installation, readiness

MIGRATIONS = sorted(file.stem for file in (queries.SQL / "migrations").glob("*.sql"))
CATALOGUE = """
SELECT 'column' AS what, c.relname || '.' || a.attname AS name,
       format_type(a.atttypid, a.atttypmod) || ' ' || a.attnotnull || ' ' || coalesce(pg_get_expr(d.adbin, d.adrelid), '') AS is
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND c.relname <> 'migration'
UNION ALL
SELECT 'constraint', conrelid::regclass || '.' || conname, pg_get_constraintdef(oid) FROM pg_constraint
WHERE connamespace = 'public'::regnamespace AND conrelid <> 0 AND conrelid::regclass::text <> 'migration'
UNION ALL
SELECT 'index', indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename <> 'migration'
UNION ALL
SELECT 'comment', objoid::regclass || '.' || coalesce(attname, ''), description
FROM pg_description LEFT JOIN pg_attribute ON attrelid = objoid AND attnum = objsubid AND objsubid > 0
WHERE classoid = 'pg_class'::regclass AND objoid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace)
ORDER BY 1, 2, 3
"""


async def test_the_migrations_lead_to_the_schema(blank_url: str, database_url: str) -> None:
    written = await asyncpg.connect(blank_url)
    await written.execute((queries.SQL / "schema.sql").read_text())
    migrated = await asyncpg.connect(database_url)
    assert await written.fetch(CATALOGUE) == await migrated.fetch(CATALOGUE)
    assert len(await written.fetch(CATALOGUE)) > 100
    await written.close()
    await migrated.close()


@pytest.mark.virgin
async def test_a_key_whose_scope_is_gone_stays_and_opens_nothing(db: Database, database_url: str) -> None:
    await db.pool.execute(
        """
        ALTER TABLE admin_key DROP CONSTRAINT admin_key_scopes_are_known;
        ALTER TABLE admin_key ADD CONSTRAINT admin_key_scopes_are_known CHECK (scopes <@ ARRAY['export', 'review']);
        INSERT INTO admin_key (label, sha256, scopes) VALUES ('one', '1', '{review}'), ('both', '2', '{export,review}');
        DELETE FROM migration WHERE name = '0010_admin_scopes';
        """
    )
    assert await migrations.migrate(database_url) == ["0010_admin_scopes"]
    assert [(key.label, key.scopes) for key in await keys.listed(db)] == [("one", []), ("both", ["export"])]


def declared() -> Iterator[tuple[str, Query[Any] | Command]]:
    for noun, group in zip(Queries.__struct_fields__, msgspec.structs.astuple(queries.load()), strict=True):
        for name, query in zip(group.__struct_fields__, msgspec.structs.astuple(group), strict=True):
            yield f"{noun}.{name}", query if isinstance(query, Query | Command) else Command(f"{noun}.{name}", query)


async def test_every_query_can_be_prepared(db: Database) -> None:
    refused = {}
    async with db.pool.acquire() as connection:
        for name, query in declared():
            try:
                await connection.prepare(query.sql)
            except asyncpg.PostgresError as error:
                refused[name] = str(error)
    assert refused == {}


# What each type of PostgreSQL's becomes; a Literal is a text, and a Struct or a dict is JSON.
PYTHON: dict[str, tuple[object, ...]] = {
    "uuid": (UUID,),
    "text": (str,),
    "bool": (bool,),
    "int2": (int,),
    "int4": (int,),
    "int8": (int,),
    "bytea": (bytes,),
    "timestamptz": (dt.datetime,),
    "interval": (dt.timedelta,),
    "jsonb": (dict, list, msgspec.Struct),
}


def kind_of(annotation: Any) -> Any:
    """What an annotation is in the words of PYTHON: without its None, its constraints and what is inside."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return kind_of(arguments[0])
    if origin in (Union, UnionType):
        [bare] = [each for each in arguments if each is not type(None)]
        return kind_of(bare)
    if origin is Literal:
        return str
    if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct):
        return msgspec.Struct
    return origin or annotation


def fits(postgres: str, annotation: Any) -> bool:
    if postgres.endswith("[]"):
        bare = [each for each in (annotation, *get_args(annotation)) if get_origin(each) is list]
        return bool(bare) and fits(postgres.removesuffix("[]"), get_args(bare[0])[0])
    return kind_of(annotation) in PYTHON[postgres]


def columns_of(query: Query[Any]) -> list[tuple[str | None, Any]]:
    if isinstance(query.shape, type) and issubclass(query.shape, msgspec.Struct):
        return [(field.name, field.type) for field in msgspec.structs.fields(query.shape)]
    return [(None, query.shape)]


async def test_every_row_has_the_shape_that_its_query_declares(db: Database) -> None:
    wrong = {}
    async with db.pool.acquire() as connection:
        for name, query in declared():
            given = [
                (column.name, column.type.name) for column in (await connection.prepare(query.sql)).get_attributes()
            ]
            columns = columns_of(query) if isinstance(query, Query) else []
            names_differ = any(
                ours not in (None, theirs) for (ours, _), (theirs, _) in zip(columns, given, strict=False)
            )
            if isinstance(query, Query) and (
                len(given) != len(columns)
                or names_differ
                or not all(fits(theirs, ours) for (_, ours), (_, theirs) in zip(columns, given, strict=True))
            ):
                wrong[name] = (given, columns)
    assert wrong == {}


PERSONS = "submission|message|endorsement|signatory|succession|organisation|report|log_queue|log_member"
# What else may write to them: the sequencer alone writes `log_member`, a batch at a time, and of its transactions one at a time
# moves a head. Nobody else ever locks these rows, so there is no order to keep.
OF_THE_SEQUENCER = {
    "log.remember": "which entries count those of a batch",
    "log.forget": "that entries counted those of a batch who left",
    "log.forget_all": "that any entry counted anybody, as a log begins anew",
}


def clauses(sql: str) -> Iterator[tuple[str, str, str]]:
    """The writes to tables of persons: what is done, to which, and all of that clause."""
    for begun in re.finditer(rf"\b(INSERT INTO|UPDATE|DELETE FROM|MERGE INTO) (?:ONLY )?({PERSONS})\b", sql):
        depth, end = 0, begun.start()
        while end < len(sql) and depth >= 0:
            depth += {"(": 1, ")": -1}.get(sql[end], 0)
            end += 1
        yield begun[1], begun[2], sql[begun.start() : end]


def names_one_endorser(act: str, table: str, clause: str) -> bool:
    """Whether a write names the one endorser that the query is about, by its first argument."""
    key = "id" if table == "endorsement" else "endorsement_id"
    if act == "INSERT INTO":
        given = rf"\( ?{key}, .*?\b(?:VALUES \(|SELECT )\$1,|\b(?:id|endorsement_id) = \$1\b"
        return re.search(given, " ".join(clause.split())) is not None
    return re.search(rf"\bWHERE (?:\w+\.)?{key} = \$1\b|\bAND (?:\w+\.)?{key} = \$1\b", clause) is not None


def test_every_write_to_a_table_of_persons_names_one_endorser_in_each_clause() -> None:
    written, unnamed = set(), set()
    for name, query in declared():
        for act, table, clause in clauses(query.sql):
            written.add(table)
            if not names_one_endorser(act, table, clause):
                unnamed.add(name)
    assert unnamed == set(OF_THE_SEQUENCER)
    assert written == set(PERSONS.split("|"))


def test_a_query_nobody_declared_stops_the_program(tmp_path: Any) -> None:
    for file in (queries.SQL / "queries").glob("*.sql"):
        (tmp_path / file.name).write_text(file.read_text())
    (tmp_path / "admins.sql").write_text("-- name: surprise\nSELECT 1;")
    with pytest.raises(QueriesDiffer, match="surprise"):
        queries.load(tmp_path)


@pytest.mark.virgin
async def test_readiness_names_what_is_missing(db: Database) -> None:
    assert await readiness.problems(db) == []
    await db.pool.execute("DELETE FROM migration")
    assert await readiness.problems(db) == [f"migrations missing: {', '.join(MIGRATIONS)}"]


async def test_a_database_filled_with_another_pepper_is_refused(db: Database) -> None:
    with pytest.raises(InstallationChanged, match="PEPPER"):
        await installation.establish(db, "another pepper, long enough to be one")


async def test_migrating_from_many_processes_at_once_migrates_once(blank_url: str) -> None:
    applied = await asyncio.gather(*(migrations.migrate(blank_url) for _ in range(8)))
    assert sorted(applied) == [[]] * 7 + [MIGRATIONS]
