"""The trail: no act of an admin without its trace, and in the trace nothing of a person."""

import datetime as dt
from collections.abc import Awaitable, Callable

import asyncpg
import pytest

from tests.api.test_organisations import hold, waiting
from tests.api.test_succession import dump
from tests.conftest import World
from tests.letters import person, token_of
from undersigned.identity.tokens import Signer
from undersigned.signing import endorsements, letters, links, review

ADA, ROSA = "ada@example.org", "rep@readers.org.uk"
DONE = f"received 2026-01-10, due 2026-02-09, done {dt.datetime.now(dt.UTC).date()}"
FULL = "ALTER TABLE trail ADD CONSTRAINT trail_is_full CHECK (false) NOT VALID"
Act = Callable[[World], Awaitable[object]]


async def filled(world: World) -> None:
    """Ada is counted, and claims once more; an organisation waits for a look."""
    await world.submit(person(ADA))
    [mail] = await world.send_mail()
    await world.confirm(token_of(mail))
    await world.count()
    await world.submit(person(ADA))
    await hold(world, ROSA)


async def find(world: World) -> object:
    return await letters.find(world.db, letter(world))


async def manage_links(world: World) -> object:
    return await letters.manage_links(world.db, Signer(world.settings.signing_keys), letter(world), "")


async def withdraw(world: World) -> object:
    return await letters.withdraw(world.db, letter(world))


def letter(world: World) -> letters.Letter:
    return letters.Letter(letters.mailbox_id(world.settings.pepper, ADA), dt.date(2026, 1, 10), "Admin")


async def approve(world: World) -> object:
    return await review.approve(world.db, (await waiting(world))[0], "Admin")


async def approve_a_rival(world: World) -> object:
    """Approves a claim for an organisation that is counted already."""
    return await review.approve(world.db, (await waiting(world))[-1], "Admin")


async def reject_claim(world: World) -> object:
    await review.reject(world.db, (await waiting(world))[0], "Admin", "We could not reach you.")
    return None


async def reject(world: World) -> object:
    endorsement_id = await endorsements.find_by_entry(world.db, "example", 2)
    assert endorsement_id
    return await endorsements.reject(world.db, endorsement_id, "fraud", "It was not you.", "Admin")


ACTS = [
    (approve, "approve", "example", "counted"),
    (approve_a_rival, "approve", "example", "already_confirmed"),
    (reject_claim, "reject claim", "example", None),
    (reject, "reject fraud", "example", "entry 2"),
    (find, "person find", None, DONE),
    (manage_links, "person manage-link", None, DONE),
    (withdraw, "person withdraw", None, DONE),
]


async def prepared(world: World, act: Act) -> None:
    await filled(world)
    if act is approve_a_rival:
        await review.approve(world.db, (await waiting(world))[0], "Another")
        await hold(world, "rival@readers.org.uk")
    await world.db.pool.execute("DELETE FROM trail")


@pytest.mark.parametrize(("act", "action", "statement", "detail"), ACTS)
async def test_each_act_leaves_one_trace_that_names_no_person(
    world: World, act: Act, action: str, statement: str | None, detail: str | None
) -> None:
    await prepared(world, act)
    await act(world)
    [row] = await world.db.pool.fetch("SELECT actor, action, statement, subject, detail FROM trail")
    assert tuple(row) == ("Admin", action, statement, None, detail)


@pytest.mark.virgin
@pytest.mark.parametrize("act", [act for act, *_ in ACTS])
async def test_an_act_that_can_not_leave_its_trace_does_nothing(world: World, act: Act) -> None:
    await prepared(world, act)
    before = await dump(world)
    await world.db.pool.execute(FULL)
    with pytest.raises(asyncpg.CheckViolationError, match="trail_is_full"):
        await act(world)
    assert await dump(world) == before


@pytest.mark.parametrize("act", [approve, reject_claim])
async def test_nothing_keyed_by_a_person_stays_in_the_trail_when_they_are_gone(world: World, act: Act) -> None:
    token = await hold(world, ROSA)
    link = await links.claim(world.db, Signer(world.settings.signing_keys), token)
    [claim] = await review.held(world.db)
    await act(world)
    await world.count()
    if act is approve:
        [mail] = [mail for mail in await world.send_mail() if "counts" in mail["Subject"]]
        assert "Withdrawn" in (await world.client.post(f"/w/{token_of(mail, 'w')}")).text
        await world.count()
    else:
        await world.send_mail()
        await world.db.pool.execute("DELETE FROM message")  # as retention does, 30 days after they were sent
    left = await dump(world)
    assert "trail" in left
    for key in (claim.id, claim.endorsement_id, link.submission_id):
        assert str(key) not in left


async def test_an_owner_leaves_no_trace_of_what_they_do_themselves(world: World) -> None:
    await filled(world)
    assert await world.db.pool.fetchval("SELECT count(*) FROM trail") == 0
