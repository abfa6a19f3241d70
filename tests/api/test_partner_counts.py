"""What a partner may know of those who came through it: its own numbers, coarsely, behind its key."""

import pytest

from tests.api.test_partners import a_day_passes, add, read_tally, sign, told
from tests.conftest import World
from tests.letters import representative, token_of
from undersigned.errors import PartnerUnknown
from undersigned.log import generations
from undersigned.process.worker import make_sealer
from undersigned.readers import partners


async def test_a_key_is_shown_once_and_opens_that_partners_counts_only(world: World) -> None:
    key, other = await add(world), await add(world, "poets", "https://poets.org.uk")
    answer = await read_tally(world, key)
    assert answer.json() == {"partner": "readers", "statement": "example", "individuals": None, "as_of": None}
    assert answer.headers["cache-control"] == "no-store"
    assert "access-control-allow-origin" not in answer.headers
    rows = await world.db.pool.fetch("SELECT partner::text AS row FROM partner")
    assert not any(secret in row["row"] for row in rows for secret in (key, other))
    for wrong, slug in (("", "readers"), ("x", "readers"), (other, "readers"), (key, "poets"), (key, "nobody")):
        refused = await read_tally(world, wrong, slug)
        assert (refused.status_code, refused.json()["type"]) == (401, "urn:undersigned:problem:key_refused")
        assert "access-control-allow-origin" not in refused.headers
    assert (await world.client.get("/v1/partners/readers/statements/example/tally")).status_code == 401
    missing = await world.client.get(
        "/v1/partners/readers/statements/none/tally", headers={"Authorization": f"Bearer {key}"}
    )
    assert missing.status_code == 404
    assert (await world.client.get("/v1/admin/statements/example/endorsements")).status_code == 401


async def test_a_new_key_ends_the_old_one_and_a_removed_partner_has_none(world: World) -> None:
    old = await add(world)
    new = await partners.renew_key(world.db, "readers")
    await world.refresh()
    assert [(await read_tally(world, key)).status_code for key in (old, new)] == [401, 200]
    await partners.remove(world.db, "readers")
    await world.refresh()
    assert (await read_tally(world, new)).status_code == 401
    for gone in (partners.renew_key(world.db, "readers"), partners.remove(world.db, "readers")):
        with pytest.raises(PartnerUnknown):
            await gone


async def test_counts_are_told_from_ten_on_and_then_stand_for_a_day_and_ten_more(world: World) -> None:
    key = await add(world)
    await sign(world, 9, partner="readers")
    assert await told(world, key) is None
    await sign(world, 1, partner="readers")
    assert await told(world, key) == 10
    await a_day_passes(world)
    await sign(world, 9, partner="readers")
    assert await told(world, key) == 10
    await sign(world, 2, partner="readers")
    assert await told(world, key) == 21
    await sign(world, 10, partner="readers")
    assert await told(world, key) == 21
    await a_day_passes(world)
    assert await told(world, key) == 31


async def test_who_withdraws_is_missed_at_the_next_publication_only_and_never_shows_a_small_number(
    world: World,
) -> None:
    key = await add(world)
    await sign(world, 10, partner="readers")
    assert await told(world, key) == 10
    await a_day_passes(world)
    await withdraw(world, 4)
    assert await told(world, key) == 10
    await sign(world, 10, partner="readers")
    assert await told(world, key) == 16
    await a_day_passes(world)
    await withdraw(world, 15)
    await sign(world, 8, partner="readers")
    assert await told(world, key) == 16
    await sign(world, 2, partner="readers")
    assert await told(world, key) == 11


async def withdraw(world: World, number: int) -> None:
    """That many of those who signed withdraw."""
    rows = await world.db.pool.fetch("SELECT endorsement_id, bound FROM signatory ORDER BY address LIMIT $1", number)
    for row in rows:
        done = await world.db.batched(world.db.q.endorsements.withdraw, row["endorsement_id"], row["bound"])
        assert done == "withdrawn"


async def test_a_count_is_not_told_while_it_would_give_away_the_few_who_came_otherwise(world: World) -> None:
    key = await add(world)
    await sign(world, 12, partner="readers")
    await sign(world, 3)
    assert await told(world, key) is None
    await sign(world, 7)
    assert await told(world, key) == 12


async def test_organisations_are_no_part_of_it(world: World) -> None:
    key = await add(world)
    await world.db.pool.execute("UPDATE statement SET policy = 'domain_proof', published_at = now()")
    await world.refresh()
    await world.submit(representative("rosa@readers.org.uk", partner="readers"))
    [mail] = await world.send_mail()
    await world.confirm(token_of(mail))
    await sign(world, 10, partner="readers")
    assert await told(world, key) == 10


async def test_a_new_generation_of_the_log_makes_nobody_new(world: World) -> None:
    key = await add(world)
    await sign(world, 10, partner="readers")
    assert await told(world, key) == 10
    await a_day_passes(world)
    await withdraw(world, 1)
    await world.count()
    await generations.restart(world.db, make_sealer(world.settings), "example")
    assert await told(world, key) == 10
    await sign(world, 9, partner="readers")
    assert await told(world, key) == 10
    await sign(world, 1, partner="readers")
    assert await told(world, key) == 19
