"""Whoever is told that a claim is deleted is not counted, and the other way round: two connections, step by step."""

import asyncio
from typing import Any

from tests.sql.test_counting_once import claim, confirm_alone, facts
from undersigned.database.connection import Database
from undersigned.signing import claims

WAITING = (
    "SELECT EXISTS (SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')"
)


async def held_up(db: Database, call: asyncio.Task[Any]) -> bool:
    """Whether a call waits for another transaction; False once it has its answer without."""
    while not call.done():
        if await db.pool.fetchval(WAITING):
            return True
        await asyncio.sleep(0.01)
    return False


async def test_a_confirmation_that_comes_while_the_claim_is_being_denied_counts_nothing(db: Database) -> None:
    link = await claim(db, "ada@example.org")
    async with db.transaction() as denying:
        told = await denying.one(db.q.submissions.deny, link.endorsement_id, link.submission_id)
        confirming = asyncio.create_task(confirm_alone(db, link))
        assert await held_up(db, confirming)
    assert (told, await confirming) == ("deleted", "expired")
    assert await facts(db) == (0, 0, 0)


async def test_a_denial_that_comes_while_the_claim_is_being_confirmed_says_that_nothing_was_deleted(
    db: Database,
) -> None:
    link = await claim(db, "ada@example.org")
    async with db.transaction() as confirming:
        given = {"endorse": {"at": "2027-01-01T00:00:00+00:00"}}
        became = await confirming.one(
            db.q.endorsements.confirm,
            link.endorsement_id,
            link.submission_id,
            None,
            "hidden",
            given,
            None,
            link.submission_id,
        )
        denying = asyncio.create_task(claims.deny(db, link))
        assert await held_up(db, denying)
    assert (became.outcome, await denying) == ("counted", False)
    assert await facts(db) == (1, 1, 1)
