"""Traces: what admins do to keys, partners, names, reports and exports is done with its trace, or not at all."""

from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import pytest

from tests.api.test_public_names import sign
from tests.api.test_reports import endorse_for, link_on, report
from tests.api.test_succession import dump
from tests.conftest import World
from undersigned.admins import keys
from undersigned.readers import exports, partners, public_names, reports

pytestmark = pytest.mark.virgin

READERS = "https://www.readers.org.uk"
NAME = "Ada Example"
Act = Callable[[], Awaitable[Any]]


async def make_a_key(world: World) -> Act:
    return lambda: keys.create_key(world.db, "Ada", ["export"])


async def revoke_a_key(world: World) -> Act:
    await keys.create_key(world.db, "Ada", ["export"])
    [key] = await keys.listed(world.db)
    return lambda: keys.revoke_key(world.db, key.id)


async def add_a_partner(world: World) -> Act:
    return lambda: partners.add(world.db, "readers", "Readers", READERS, [])


async def take_a_partner_back(world: World) -> Act:
    await partners.add(world.db, "readers", "Readers", READERS, [])
    await partners.remove(world.db, "readers")
    return await add_a_partner(world)


async def change_a_partner(world: World) -> Act:
    await partners.add(world.db, "readers", "Readers", READERS, [])
    return lambda: partners.change(world.db, "readers", "Readers United", READERS, [])


async def renew_a_partners_key(world: World) -> Act:
    await partners.add(world.db, "readers", "Readers", READERS, [])
    return lambda: partners.renew_key(world.db, "readers")


async def remove_a_partner(world: World) -> Act:
    await partners.add(world.db, "readers", "Readers", READERS, [])
    return lambda: partners.remove(world.db, "readers")


async def show_a_name(world: World) -> Act:
    link = await sign(world, NAME)
    return lambda: public_names.show(world.db, link.endorsement_id, public_names.fingerprint(NAME), "Ada")


async def refuse_a_name(world: World) -> Act:
    link = await sign(world, NAME)
    seen = public_names.fingerprint(NAME)
    return lambda: public_names.refuse(world.db, link.endorsement_id, seen, "Ada", "not_a_name")


async def finish_a_report(world: World) -> Act:
    await endorse_for(world)
    assert await report(world, await link_on(world, "/s/example/organisations")) == 200
    [waiting] = await reports.waiting(world.db)
    return lambda: reports.finish(world.db, waiting.id, "Ada")


async def export(world: World) -> Act:
    await sign(world, NAME)

    async def read() -> bytes:
        async with exports.opened(world.db, "example", "csv", "Ada") as pieces:
            return b"".join([piece async for piece in pieces])

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
    await world.db.pool.execute("ALTER TABLE trail ADD CONSTRAINT full_up CHECK (false) NOT VALID")
    with pytest.raises(asyncpg.CheckViolationError, match="full_up"):
        await act()
    assert await dump(world) == before
    await world.db.pool.execute("ALTER TABLE trail DROP CONSTRAINT full_up")
    await act()
    traces = await world.db.pool.fetch("SELECT actor, action, statement, detail FROM trail ORDER BY id OFFSET $1", left)
    assert [tuple(row) for row in traces] == [trace]
