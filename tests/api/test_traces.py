"""What is done about keys, partners, names, reports and exports: done with its trace in the trail, or not at all."""

from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import pytest

from tests.api.test_public_names import sign
from tests.api.test_reports import endorse_for, link_on, report
from tests.api.test_succession import dump
from tests.conftest import World
from undersigned.admins import keys
from undersigned.database.connection import Database, connect
from undersigned.readers import exports, partners, public_names, reports

pytestmark = pytest.mark.virgin

READERS = "https://www.readers.org.uk"
NAME = "Ada Example"
Act = Callable[[Database], Awaitable[Any]]


async def make_a_key(_: World) -> Act:
    return lambda db: keys.create_key(db, "Ada", ["export"])


async def revoke_a_key(world: World) -> Act:
    await keys.create_key(world.db, "Ada", ["export"])
    [key] = await keys.listed(world.db)
    return lambda db: keys.revoke_key(db, key.id)


async def add_a_partner(_: World) -> Act:
    return lambda db: partners.add(db, "readers", "Readers", READERS, [])


async def take_a_partner_back(world: World) -> Act:
    add = await add_a_partner(world)
    await add(world.db)
    await partners.remove(world.db, "readers")
    return add


async def change_a_partner(world: World) -> Act:
    await (await add_a_partner(world))(world.db)
    return lambda db: partners.change(db, "readers", "Readers United", READERS, [])


async def renew_a_partners_key(world: World) -> Act:
    await (await add_a_partner(world))(world.db)
    return lambda db: partners.renew_key(db, "readers")


async def remove_a_partner(world: World) -> Act:
    await (await add_a_partner(world))(world.db)
    return lambda db: partners.remove(db, "readers")


async def show_a_name(world: World) -> Act:
    link, seen = await sign(world, NAME), public_names.fingerprint(NAME)
    return lambda db: public_names.show(db, link.endorsement_id, seen, "Ada")


async def refuse_a_name(world: World) -> Act:
    link, seen = await sign(world, NAME), public_names.fingerprint(NAME)
    return lambda db: public_names.refuse(db, link.endorsement_id, seen, "Ada", "not_a_name")


async def finish_a_report(world: World) -> Act:
    await endorse_for(world)
    assert await report(world, await link_on(world, "/s/example/organisations")) == 303
    [waiting] = await reports.waiting(world.db)
    return lambda db: reports.finish(db, waiting.id, "Ada")


async def export(_: World) -> Act:
    async def read(db: Database) -> bytes:
        async with exports.opened(db, "example", "csv", "Ada") as export:
            return b"".join([piece async for piece in export.pieces])

    return read


ACTS: dict[Callable[[World], Awaitable[Act]], tuple[str, str, str | None, str | None]] = {
    make_a_key: ("console", "create key", None, "Ada"),
    revoke_a_key: ("console", "revoke key", None, None),
    add_a_partner: ("console", "add partner", None, "readers"),
    take_a_partner_back: ("console", "add partner", None, "readers"),
    change_a_partner: ("console", "change partner", None, "readers"),
    renew_a_partners_key: ("console", "renew partner's key", None, "readers"),
    remove_a_partner: ("console", "remove partner", None, "readers"),
    show_a_name: ("Ada", "show name", "example", "entry 2"),
    refuse_a_name: ("Ada", "refuse name", "example", "entry 2, not_a_name"),
    finish_a_report: ("Ada", "report done", "example", None),
    export: ("Ada", "export", "example", "csv"),
}


@pytest.mark.parametrize(("prepared", "trace"), ACTS.items(), ids=lambda part: getattr(part, "__name__", ""))
async def test_an_act_is_done_with_its_trace_or_not_at_all(
    world: World, prepared: Callable[[World], Awaitable[Act]], trace: tuple[str, str, str | None, str | None]
) -> None:
    act = await prepared(world)
    before, left = await dump(world), await world.db.pool.fetchval("SELECT count(*) FROM trail")
    async with (
        connect(f"{world.settings.database_url}&lock_timeout=100ms") as hasty,
        world.db.pool.acquire() as other,
        other.transaction(),
    ):
        await other.execute("LOCK TABLE trail")
        with pytest.raises(asyncpg.LockNotAvailableError):
            await act(hasty)
    assert await dump(world) == before
    await act(world.db)
    traces = await world.db.pool.fetch("SELECT actor, action, statement, detail FROM trail ORDER BY id OFFSET $1", left)
    assert [tuple(row) for row in traces] == [trace]
