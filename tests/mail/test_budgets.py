"""Budgets: what strangers ask for in somebody's name keeps neither their own claim nor their own links from them."""

from collections import Counter
from uuid import UUID, uuid4

import msgspec
import pytest

from tests.conftest import World
from tests.letters import links_of, person, representative, text_of, token_of
from tests.mail.relay import Relay, make_due, outcomes, send_round
from undersigned.mail import outbox
from undersigned.mail.budgets import MAILBOX_PER_DAY, MAILBOX_PER_DAY_AND_NETWORK, UNSENT_MAX
from undersigned.process.worker import make_outbox
from undersigned.settings import Settings

STRANGER, OWNER, THIRD = UUID(int=1), UUID(int=2), UUID(int=3)


async def ask(world: World, network: UUID | None, body: dict[str, object]) -> None:
    """Submits a claim as from a network."""
    before = await world.db.pool.fetch("SELECT id FROM message")
    assert (await world.submit(body)).status_code == 202
    await world.db.pool.execute(
        "UPDATE message SET network_key = $1 WHERE id <> ALL ($2::uuid[])", network, [row["id"] for row in before]
    )


async def claim(world: World, network: UUID, number: int) -> None:
    """A claim for one of many organisations, all in the name of the same mailbox."""
    organisation = {"name": f"Society {number}", "website": f"https://society{number}.org", "country": "GB"}
    await ask(world, network, representative("ada@example.org", organisation=organisation))


async def ask_for_links(world: World, network: UUID) -> None:
    """What the page that mails endorsers their link again puts into the outbox."""
    await world.db.pool.execute(
        """INSERT INTO message (endorsement_id, id, statement, template, mailbox_id, address, locale, network_key)
        SELECT id, $1, 'example', 'manage', mailbox_id, 'ada@example.org', 'en', $2
        FROM endorsement JOIN signatory ON endorsement_id = id""",
        uuid4(),
        network,
    )


async def sent_by_network(world: World) -> dict[UUID, int]:
    rows = await world.db.pool.fetch("SELECT network_key FROM message WHERE status = 'sent'")
    return dict(Counter(row["network_key"] for row in rows))


async def round_with(world: World, settings: Settings) -> None:
    await outbox.run_once(make_outbox(world.db, settings))


async def test_a_flood_from_one_network_leaves_another_networks_claim_its_mail_of_the_same_day(
    world: World, relay: Relay
) -> None:
    for number in range(30):
        await claim(world, STRANGER, number)
    await send_round(world)
    await ask(world, OWNER, person())
    await send_round(world)
    assert await sent_by_network(world) == {STRANGER: MAILBOX_PER_DAY_AND_NETWORK, OWNER: 1}


async def test_a_strangers_newer_claim_for_the_same_person_does_not_replace_the_owners_own(
    world: World, relay: Relay
) -> None:
    await ask(world, OWNER, person())
    await ask(world, STRANGER, person(name="Not Ada"))
    await send_round(world)
    assert await sent_by_network(world) == {OWNER: 1, STRANGER: 1}


async def test_within_a_mailbox_networks_take_turns_and_the_newest_goes_first(world: World, relay: Relay) -> None:
    for number in range(9):
        await claim(world, (STRANGER, OWNER, THIRD)[number % 3], number)
    await send_round(world)
    rows = await world.db.pool.fetch("SELECT status FROM message ORDER BY created_at")
    assert [row["status"] for row in rows] == ["due"] * 4 + ["sent"] * MAILBOX_PER_DAY


async def test_what_waits_for_a_mailbox_comes_back_together_and_takes_turns_again(world: World, relay: Relay) -> None:
    for number in range(25):
        await claim(world, STRANGER, number)
    await send_round(world)
    for number in range(25, 31):
        await claim(world, (OWNER, THIRD)[number % 2], number)
        await send_round(world)
    at = await world.db.pool.fetchrow(
        "SELECT max(due_at) - min(due_at) < interval '20 seconds' AS together FROM message WHERE status = 'due'"
    )
    assert at is not None
    assert at["together"]
    await world.db.pool.execute("UPDATE message SET done_at = done_at - interval '25 hours' WHERE status = 'sent'")
    await make_due(world)
    before = await sent_by_network(world)
    await send_round(world)
    after = await sent_by_network(world)
    assert {network: after[network] - before.get(network, 0) for network in after} == {STRANGER: 1, OWNER: 2, THIRD: 2}


async def test_claims_that_spend_their_pot_leave_the_owners_links_and_renewals_theirs(
    world: World, relay: Relay
) -> None:
    await ask(world, OWNER, person())
    await send_round(world)
    await world.confirm(token_of(relay.taken[0]))
    await send_round(world)
    organisation = {"name": "Mine", "website": "https://mine.org", "country": "GB"}
    await ask(world, OWNER, representative("ada@example.org", organisation=organisation))
    await send_round(world)
    link = next(link for link in links_of(relay.taken[-1]) if link.startswith("/c/"))
    for number in range(8):
        await claim(world, (STRANGER, THIRD)[number % 2], number)
    await send_round(world)
    claims = await world.db.pool.fetchval("SELECT count(*) FROM message WHERE pot = 'claims'")
    assert claims == MAILBOX_PER_DAY
    await ask_for_links(world, OWNER)
    await world.client.post(f"{link}/renew")
    await send_round(world)
    rows = await world.db.pool.fetch("SELECT template FROM message WHERE pot = 'owner' AND status = 'sent'")
    assert sorted(row["template"] for row in rows) == ["confirm", "manage"]
    assert "/m/" in "".join(map(text_of, relay.taken[-2:]))


async def test_a_flood_of_requests_for_links_leaves_another_network_its_own(world: World, relay: Relay) -> None:
    await ask(world, OWNER, person())
    await send_round(world)
    await world.confirm(token_of(relay.taken[0]))
    for _ in range(10):
        await ask_for_links(world, STRANGER)
    await send_round(world)
    await ask_for_links(world, OWNER)
    await send_round(world)
    rows = await world.db.pool.fetch("SELECT network_key FROM message WHERE template = 'manage' AND status = 'sent'")
    assert Counter(row["network_key"] for row in rows) == {STRANGER: MAILBOX_PER_DAY_AND_NETWORK, OWNER: 1}


async def test_a_refused_recipient_counts_for_the_mailbox(world: World, relay: Relay) -> None:
    relay.replies = {"ada@example.org": "550 5.1.1 No such user"}
    for number in range(6):
        await claim(world, STRANGER, number)
        await send_round(world)
    assert relay.offered == ["ada@example.org"] * MAILBOX_PER_DAY_AND_NETWORK
    assert await outcomes(world) == {"failed": 3, "due": 3}


async def test_refused_recipients_count_for_the_network_and_what_could_not_be_composed_does_not(
    world: World, relay: Relay
) -> None:
    settings = msgspec.structs.replace(world.settings, mail_budget_network=2)
    await ask(world, STRANGER, person("broken@example.org"))
    await world.db.pool.execute("UPDATE message SET statement = 'nowhere'")
    await round_with(world, settings)
    for number in range(4):
        relay.replies[f"n{number}@example.org"] = "550 5.1.1 No such user"
        await ask(world, STRANGER, person(f"n{number}@example.org"))
        await round_with(world, settings)
    assert relay.offered == ["n0@example.org", "n1@example.org"]
    assert await outcomes(world) == {"failed": 3, "due": 2}


async def test_aliases_at_one_unknown_domain_share_a_budget_of_each_network(world: World, relay: Relay) -> None:
    settings = msgspec.structs.replace(world.settings, mail_budget_domain=3)
    for number in range(30):
        domain = "example.org" if number % 2 else f"sub{number}.example.org"
        await ask(world, STRANGER, person(f"alias{number}@{domain}"))
    await ask(world, OWNER, person("someone@example.org"))
    await ask(world, STRANGER, person("someone@example.net"))
    await round_with(world, settings)
    assert await sent_by_network(world) == {STRANGER: 4, OWNER: 1}
    assert await outcomes(world) == {"sent": 5, "due": 27}
    await make_due(world)
    await round_with(world, settings)
    assert await outcomes(world) == {"sent": 5, "due": 27}


@pytest.mark.parametrize("domain", ["gmail.com", "gmx.net", "mailinator.com"])
async def test_where_anybody_gets_a_mailbox_the_domain_has_no_budget(world: World, relay: Relay, domain: str) -> None:
    settings = msgspec.structs.replace(world.settings, mail_budget_domain=3)
    for number in range(6):
        await ask(world, STRANGER, person(f"someone{number}@{domain}"))
    await round_with(world, settings)
    assert await outcomes(world) == {"sent": 6}


async def test_the_unsent_claims_of_a_mailbox_are_bounded_and_another_networks_is_not_crowded_out(
    world: World, relay: Relay
) -> None:
    for number in range(MAILBOX_PER_DAY_AND_NETWORK + 1):
        await claim(world, OWNER, 100 + number)
        await send_round(world)
    for number in range(30):
        await claim(world, STRANGER, number)
    await send_round(world)
    assert await outcomes(world) == {"sent": MAILBOX_PER_DAY, "due": UNSENT_MAX, "dropped": 9}
    waiting = await world.db.pool.fetch("SELECT network_key FROM message WHERE status = 'due'")
    assert Counter(row["network_key"] for row in waiting) == {STRANGER: UNSENT_MAX - 1, OWNER: 1}
    oldest_kept = await world.db.pool.fetchval(
        """SELECT max(created_at) FILTER (WHERE status = 'dropped') < min(created_at) FILTER (WHERE status = 'due')
        FROM message WHERE network_key = $1""",
        STRANGER,
    )
    assert oldest_kept


async def test_nobody_is_told_that_a_mail_is_on_its_way_which_a_budget_may_put_off(world: World, relay: Relay) -> None:
    sent = await world.client.post(
        "/s/example", data={"kind": "individual", "name": "Ada Example", "email": "ada@example.org"}
    )
    assert "it comes tomorrow at the earliest" in sent.text
    assert "on its way" not in sent.text
    links = await world.client.post("/s/example/manage", data={"kind": "individual", "email": "ada@example.org"})
    assert "it comes tomorrow at the earliest" in links.text
    await send_round(world)
    [asking] = [mail for mail in relay.taken if "/c/" in text_of(mail)]
    renewed = await world.client.post(f"/c/{token_of(asking)}/renew")
    assert "it comes tomorrow at the earliest" in renewed.text
    assert "on its way" not in renewed.text
    framed = await world.client.post(
        "/embed/example/form", data={"kind": "individual", "name": "Ada Example", "email": "ada@example.org"}
    )
    assert "it comes tomorrow at the earliest" in framed.text
