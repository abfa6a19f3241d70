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


@pytest.mark.parametrize(
    "noun",
    ["submissions", "endorsements", "review", "owners", "successions", "persons", "identities", "names", "reports"],
)
def test_every_write_to_a_persons_table_names_one_endorser_in_each_clause(noun: str) -> None:
    for name, query in declared():
        if not name.startswith(f"{noun}."):
            continue
        for clause in re.findall(
            r"(?:UPDATE|DELETE FROM) (?:submission|signatory|succession|endorsement|organisation|message|report)\b.*?RETURNING",
            query.sql,
            re.DOTALL,
        ):
            assert re.search(r"(?:endorsement_id|\bid) = \$1", clause), f"{name}: {clause}"


def test_a_query_nobody_declared_stops_the_program(tmp_path: Any) -> None:
    for file in (queries.SQL / "queries").glob("*.sql"):
        (tmp_path / file.name).write_text(file.read_text())
    (tmp_path / "admins.sql").write_text("-- name: surprise\nSELECT 1;")
    with pytest.raises(QueriesDiffer, match="surprise"):
        queries.load(tmp_path)


GUARDED = (
    "submissions.find",
    "submissions.overdue",
    "endorsements.confirm",
    "endorsements.withdraw",
    "successions.find",
    "successions.accept",
    "names.find",
    "names.show",
    "names.page",
    "names.initials",
    "names.find_shown",
    "organisations.listed",
    "reports.report",
    "records.read",
    "messages.due",
    "messages.lease",
    "messages.circumstances",
    "messages.overdue",
    "messages.sent_to_mailboxes",
    "messages.sent_for_networks",
    "log.queue",
    "health.mail",
    "health.queue_length",
    "health.logs",
    "log.outdated",
    "endorsements.recommit",
    "endorsements.outdated",
)


async def test_no_hot_query_reads_a_whole_table_of_persons(db: Database) -> None:
    for name in GUARDED:
        query = dict(declared())[name]
        async with db.pool.acquire() as connection, connection.transaction():
            await connection.execute("SET LOCAL enable_seqscan = off; SET LOCAL plan_cache_mode = force_generic_plan")
            parameters = len((await connection.prepare(query.sql)).get_parameters())
            await connection.execute(f"PREPARE guarded AS {query.sql}")
            given = f"({', '.join(['NULL'] * parameters)})" if parameters else ""
            plan = await connection.fetch(f"EXPLAIN EXECUTE guarded {given}")
            await connection.execute("DEALLOCATE guarded")
        text = f"{name}\n" + "\n".join(row[0] for row in plan)
        assert not re.search(
            r"Seq Scan on (submission|message|endorsement|signatory|succession|organisation|log_queue|log_member)\b",
            text,
        ), text


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
