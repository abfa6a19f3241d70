"""An act on a log and its trace are one: where the trace can't be left, nothing was done."""

from collections.abc import Awaitable, Callable

import asyncpg
import pytest

from tests.api.test_log import counted
from tests.conftest import World
from undersigned.log import audits, generations, sealing
from undersigned.process.worker import make_sealer

pytestmark = pytest.mark.virgin
CLOSED = "UPDATE statement SET opens_at = NULL, closes_at = now() - interval '6 minutes' WHERE slug = 'example'"
NO_TRACE = "ALTER TABLE trail ADD CONSTRAINT trail_is_full CHECK (false) NOT VALID"
STANDING = """
SELECT (SELECT to_jsonb(h) FROM log_head AS h WHERE statement = 'example') AS head,
       (SELECT jsonb_agg(to_jsonb(e) ORDER BY generation, index) FROM log_entry AS e) AS entries,
       (SELECT jsonb_agg(to_jsonb(a)) FROM audit AS a) AS audits,
       (SELECT jsonb_agg(to_jsonb(e) ORDER BY id) FROM endorsement AS e) AS endorsements
"""
Act = Callable[[World], Awaitable[object]]


async def announced(world: World) -> None:
    await counted(world, *(f"n{n}@example.org" for n in range(3)))
    await audits.announce(world.db, "example", 2)
    await counted(world, "later@example.org")


async def drawn(world: World) -> None:
    await announced(world)
    await audits.draw(world.db, "example")


async def closed(world: World) -> None:
    await counted(world, "ada@example.org")
    await world.db.pool.execute(CLOSED)


async def open_(world: World) -> None:
    await counted(world, "ada@example.org")


ACTS: dict[str, tuple[Act, Act, str]] = {
    "seal": (closed, lambda w: sealing.seal(w.db, make_sealer(w.settings), "example", "ada"), "entry 4"),
    "log restart": (
        open_,
        lambda w: generations.restart(w.db, make_sealer(w.settings), "example", "ada"),
        "generation 1",
    ),
    "audit announce": (open_, lambda w: audits.announce(w.db, "example", 2, actor="ada"), "2 of 4 entries"),
    "audit draw": (announced, lambda w: audits.draw(w.db, "example", actor="ada"), "2 openings, 0 withdrawn since"),
    "audit report": (
        drawn,
        lambda w: audits.report(w.db, "example", 1, 0, 1, actor="ada"),
        "1 genuine, 0 not genuine, 1 no answer",
    ),
}


@pytest.mark.parametrize("act", ACTS)
async def test_an_act_that_can_not_be_traced_is_not_done(world: World, act: str) -> None:
    prepare, do, _ = ACTS[act]
    await prepare(world)
    await world.db.pool.execute(NO_TRACE)
    before = await world.db.pool.fetchrow(STANDING)
    with pytest.raises(asyncpg.CheckViolationError):
        await do(world)
    assert await world.db.pool.fetchrow(STANDING) == before


@pytest.mark.parametrize("act", ACTS)
async def test_an_act_is_traced_with_who_did_it(world: World, act: str) -> None:
    prepare, do, detail = ACTS[act]
    await prepare(world)
    await do(world)
    traces = await world.db.pool.fetch(
        "SELECT action, statement, subject, detail FROM trail WHERE actor = 'ada' ORDER BY id LIMIT 1"
    )
    assert [tuple(trace) for trace in traces] == [(act, "example", None, detail)]


async def test_each_draw_is_traced_because_each_hands_out_what_opens_entries(world: World) -> None:
    await drawn(world)
    await audits.draw(world.db, "example")
    assert await world.db.pool.fetchval("SELECT count(*) FROM trail WHERE action = 'audit draw'") == 2


async def test_a_restart_that_is_through_everybody_says_so(world: World) -> None:
    await counted(world, "ada@example.org")
    await generations.restart(world.db, make_sealer(world.settings), "example")
    traces = await world.db.pool.fetch("SELECT detail FROM trail WHERE action = 'log restart' ORDER BY id")
    assert [trace["detail"] for trace in traces] == ["generation 1", "generation 1: everybody is queued again"]
