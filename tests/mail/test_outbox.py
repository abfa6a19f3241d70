"""Mail through a real SMTP server on loopback: leases, back-off, refusals, and budgets that delay and never drop."""

import asyncio
import datetime as dt
from collections import Counter
from uuid import UUID, uuid4

import msgspec
import pytest

from tests.conftest import World
from tests.letters import person, token_of
from tests.mail.relay import Relay, make_due, outcomes, send_round, waits
from tests.process import free_port
from undersigned import console
from undersigned.database.connection import connect
from undersigned.mail import marking, outbox
from undersigned.process import retention
from undersigned.process.worker import make_outbox
from undersigned.settings import ROOT, Settings
from undersigned.statements import publishing


async def test_a_mail_goes_out_in_text_and_html_and_its_address_is_forgotten(world: World, relay: Relay) -> None:
    await world.submit(person("ada@example.org"))
    assert await send_round(world) == 1
    [mail] = relay.taken
    assert (mail["To"], mail["From"]) == ("ada@example.org", "Undersigned <post@undersigned.example>")
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    row = await world.db.pool.fetchrow("SELECT status, address, id FROM message")
    assert row is not None
    assert (row["status"], row["address"]) == ("sent", "")
    assert str(row["id"]) in mail["Message-ID"]
    assert await send_round(world) == 0


async def test_a_mail_program_can_read_the_header_that_stops_mail(world: World, relay: Relay) -> None:
    await world.submit(person("ada@example.org"))
    await send_round(world)
    assert b"\r\nList-Unsubscribe: <http://127.0.0.1:8000/n/" in relay.raw[0]
    assert b"\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in relay.raw[0]


async def test_a_refused_sender_costs_no_mail(world: World, relay: Relay) -> None:
    await world.submit(person())
    relay.sender_reply = "553 not your address"
    await send_round(world)
    assert await outcomes(world) == {"due": 1}


async def test_a_claim_runs_out_while_the_relay_keeps_putting_its_mail_off(world: World, relay: Relay) -> None:
    relay.replies = {"ada@example.org": "452 4.2.2 Mailbox full"}
    await world.submit(person("ada@example.org"))
    await send_round(world)
    await world.db.pool.execute("UPDATE submission SET expires_at = now() - interval '1 minute'")
    await world.db.pool.execute("UPDATE message SET due_at = now()")
    await send_round(world)
    assert await outcomes(world) == {"dropped": 1}
    assert await world.db.pool.fetchval("SELECT expires_at < now() FROM submission")


async def test_a_recipient_refused_for_good_is_marked_and_one_put_off_comes_again(world: World, relay: Relay) -> None:
    relay.replies = {"gone@example.org": "550 5.1.1 No such user", "later@example.org": "451 4.7.1 Greylisted"}
    for who in ("gone", "later", "fine"):
        await world.submit(person(f"{who}@example.org"))
    await send_round(world)
    assert [mail["To"] for mail in relay.taken] == ["fine@example.org"]
    assert await outcomes(world) == {"failed": 1, "due": 1, "sent": 1}
    row = await world.db.pool.fetchrow("SELECT due_at - now() AS wait, attempt_count FROM message WHERE status = 'due'")
    assert row is not None
    assert dt.timedelta(seconds=10) < row["wait"] < dt.timedelta(seconds=31)
    assert row["attempt_count"] == 1
    relay.replies.clear()
    await world.db.pool.execute("UPDATE message SET due_at = now() WHERE status = 'due'")
    await send_round(world)
    assert [mail["To"] for mail in relay.taken] == ["fine@example.org", "later@example.org"]


async def test_while_the_relay_is_down_mail_waits_and_nothing_is_lost(world: World, relay: Relay) -> None:
    await world.submit(person())
    down = msgspec.structs.replace(world.settings, smtp_url=f"smtp://127.0.0.1:{free_port()}")
    assert await outbox.run_once(make_outbox(world.db, down)) == 1
    assert await waits(world) == [("due", None, 0)]
    await make_due(world)
    await send_round(world)
    assert len(relay.taken) == 1


async def test_a_mailbox_that_is_put_off_for_ever_is_given_up_after_five_days(
    world: World, relay: Relay, caplog: pytest.LogCaptureFixture
) -> None:
    await world.submit(person())
    await send_round(world)
    await world.confirm(token_of(relay.taken[0]))
    relay.replies = {"ada@example.org": "450 4.2.1 Not now"}
    await send_round(world)
    await world.db.pool.execute(
        "UPDATE message SET due_at = now(), tried_at = now() - interval '119 hours' WHERE status = 'due'"
    )
    await send_round(world)
    assert await outcomes(world) == {"sent": 1, "due": 1}
    await world.db.pool.execute(
        "UPDATE message SET due_at = now(), tried_at = now() - interval '121 hours' WHERE status = 'due'"
    )
    await send_round(world)
    row = await world.db.pool.fetchrow("SELECT status, address, outcome, done_at FROM message WHERE status <> 'sent'")
    assert row is not None
    assert (row["status"], row["address"]) == ("failed", "")
    assert "450" in row["outcome"]
    assert "ada@example.org" not in caplog.text
    assert await send_round(world) == 0
    await world.db.pool.execute("UPDATE message SET done_at = now() - interval '31 days'")
    await retention.purge(world.db)
    assert await outcomes(world) == {}


async def test_a_mail_that_could_never_be_offered_is_given_up_when_no_claim_is_kept_any_more(world: World) -> None:
    await world.submit(person())
    down = make_outbox(world.db, msgspec.structs.replace(world.settings, smtp_url=f"smtp://127.0.0.1:{free_port()}"))
    await outbox.run_once(down)
    await world.db.pool.execute("UPDATE message SET created_at = now() - interval '13 days'")
    await make_due(world)
    await outbox.run_once(down)
    assert await outcomes(world) == {"due": 1}
    await world.db.pool.execute("UPDATE message SET created_at = now() - interval '15 days'")
    await make_due(world)
    await outbox.run_once(down)
    assert await outcomes(world) == {"failed": 1}


async def test_a_mail_that_cannot_be_composed_fails_alone_and_says_why_without_naming_anybody(
    world: World, relay: Relay, caplog: pytest.LogCaptureFixture
) -> None:
    for n in range(8):
        await world.submit(person(f"n{n}@example.org"))
    await world.db.pool.execute(
        "UPDATE message SET address = E'n3@example.org\\r\\nBcc: x@example.org' WHERE address = 'n3@example.org'"
    )
    await send_round(world)
    assert await outcomes(world) == {"sent": 7, "failed": 1}
    why = await world.db.pool.fetchval("SELECT outcome FROM message WHERE status = 'failed'")
    assert why.startswith("can't be composed: ValueError at ")
    assert f"A message (confirm) can't be composed ({why.partition(': ')[2]})" in caplog.text
    assert "n3@" not in caplog.text + why


async def test_mail_about_a_statement_that_was_just_published_goes_out_and_about_one_that_never_was_fails_alone(
    world: World, relay: Relay
) -> None:
    box = make_outbox(world.db, world.settings)
    await world.submit(person())
    await outbox.run_once(box)
    await publishing.publish(world.db, ROOT / "statements" / "recognize-to-reconcile", world.settings.url)
    await world.refresh()
    for n, slug in enumerate(("recognize-to-reconcile", "example", "example")):
        await world.submit(person(f"n{n}@example.org"), slug=slug)
    await world.db.pool.execute("UPDATE message SET statement = 'nowhere' WHERE address = 'n1@example.org'")
    await outbox.run_once(box)
    assert {mail["To"] for mail in relay.taken[1:]} == {"n0@example.org", "n2@example.org"}
    assert await outcomes(world) == {"sent": 3, "failed": 1}


async def test_a_worker_that_died_with_a_lease_is_followed_by_another_with_the_same_message_id(
    world: World, relay: Relay
) -> None:
    await world.submit(person())
    row = await world.db.pool.fetchrow("SELECT endorsement_id, id, due_at FROM message")
    assert row is not None
    lease = world.db.q.messages.lease
    await world.db.one(lease, row["endorsement_id"], row["id"], row["due_at"], marking.LEASE)
    assert await send_round(world) == 0
    await world.db.pool.execute("UPDATE message SET due_at = now()")
    assert await send_round(world) == 1
    assert str(row["id"]) in relay.taken[0]["Message-ID"]


async def test_four_workers_at_once_send_each_mail_once(world: World, relay: Relay) -> None:
    for n in range(40):
        await world.submit(person(f"n{n}@example.org"))
    async with connect(world.settings.database_url) as other:
        boxes = [make_outbox(side, world.settings) for side in (world.db, other) for _ in range(2)]
        await asyncio.gather(*(outbox.run_once(box) for box in boxes))
    assert sorted(Counter(mail["To"] for mail in relay.taken).values()) == [1] * 40


async def test_a_mailbox_gets_three_confirmation_mails_a_day_and_the_fourth_waits(world: World, relay: Relay) -> None:
    for _ in range(5):
        await world.submit(person())
        await send_round(world)
    assert len(relay.taken) == 3
    assert await outcomes(world) == {"sent": 3, "due": 2}
    wait = await world.db.pool.fetchval("SELECT min(due_at - now()) FROM message WHERE status = 'due'")
    assert dt.timedelta(hours=23) < wait < dt.timedelta(hours=25)
    await world.db.pool.execute("UPDATE message SET done_at = done_at - interval '25 hours' WHERE status = 'sent'")
    await world.db.pool.execute("UPDATE message SET due_at = now() WHERE status = 'due'")
    await send_round(world)
    assert len(relay.taken) == 4
    assert await outcomes(world) == {"sent": 4, "dropped": 1}


async def test_of_many_claims_at_once_only_the_newest_is_mailed(world: World, relay: Relay) -> None:
    await asyncio.gather(*(world.submit(person()) for _ in range(20)))
    await send_round(world)
    assert await outcomes(world) == {"sent": 1, "dropped": 19}


@pytest.fixture
async def flooded(world: World) -> World:
    """A world in which one network asked for 300 mails, and then two others for two each."""
    networks = [UUID(int=1)] * 300 + [UUID(int=2), UUID(int=3)] * 2
    for n, network in enumerate(networks):
        await world.db.pool.execute(
            """WITH m AS (SELECT $1::uuid AS e, $2::uuid AS i) INSERT INTO submission (endorsement_id, id, statement, kind,
            mailbox_id, address, identity, name, locale, objectives, source, shown_sha256, salt, commitment,
            expires_at)
            SELECT e, i, 'example', 'individual', e, 'n@example.org', 'mailbox:n@example.org', 'N', 'en', '{}', '{}',
            sha256('t'), sha256('a'), sha256('b'), now() + '7 days' FROM m""",
            UUID(int=1000 + n),
            UUID(int=5000 + n),
        )
        await world.db.pool.execute(
            """INSERT INTO message (endorsement_id, id, statement, template, submission_id, mailbox_id, address, locale,
            network_key, due_at) VALUES ($1, $2, 'example', 'confirm', $3, $1, $4, 'en', $5, $6)""",
            UUID(int=1000 + n),
            uuid4(),
            UUID(int=5000 + n),
            f"n{n}@example.org",
            network,
            dt.datetime.now(dt.UTC) - dt.timedelta(hours=1) + dt.timedelta(seconds=n),
        )
    return world


async def test_a_spent_network_budget_delays_that_network_only_and_drops_nothing(flooded: World, relay: Relay) -> None:
    settings = msgspec.structs.replace(flooded.settings, mail_budget_network=10)
    box = make_outbox(flooded.db, settings)
    while await outbox.run_once(box):
        pass
    assert len(relay.taken) == 14
    assert await outcomes(flooded) == {"sent": 14, "due": 290}
    waits = await flooded.db.pool.fetchrow(
        "SELECT min(due_at - now()) AS a, max(due_at - now()) AS z FROM message WHERE status = 'due'"
    )
    assert waits is not None
    assert dt.timedelta(minutes=55) < waits["a"] <= waits["z"] < dt.timedelta(minutes=65)


async def test_a_total_budget_is_shared_fairly_across_networks(flooded: World, relay: Relay) -> None:
    settings = msgspec.structs.replace(flooded.settings, mail_budget_total=6)
    box = make_outbox(flooded.db, settings)
    while await outbox.run_once(box):
        pass
    assert len(relay.taken) == 6
    by_network = Counter(
        row["network_key"].int
        for row in await flooded.db.pool.fetch("SELECT network_key FROM message WHERE status = 'sent'")
    )
    assert by_network == {1: 2, 2: 2, 3: 2}
    assert await outcomes(flooded) == {"sent": 6, "due": 298}


async def test_stopping_mail_holds_until_it_is_undone(world: World, relay: Relay) -> None:
    await world.submit(person())
    await send_round(world)
    stop = f"/n/{token_of(relay.taken[0], 'n')}"
    page = await world.client.post(stop, content=b"List-Unsubscribe=One-Click")
    assert page.status_code == 200
    await world.submit(person())
    await send_round(world)
    assert len(relay.taken) == 1
    assert "stopped" in (await world.client.get(stop)).text
    await world.client.post(f"{stop}/undo")
    await world.submit(person())
    await send_round(world)
    assert len(relay.taken) == 2


async def test_a_mail_that_a_budget_delayed_gives_its_reader_seven_days_all_the_same(
    world: World, relay: Relay
) -> None:
    await world.submit(person())
    await world.db.pool.execute("UPDATE submission SET expires_at = now() - interval '1 day'")
    await send_round(world)
    assert (await world.confirm(token_of(relay.taken[0]))).json() == {"status": "counted"}


async def test_whoever_endorsed_already_is_told_so_and_how_to_withdraw(world: World, relay: Relay) -> None:
    await world.submit(person())
    await send_round(world)
    await world.confirm(token_of(relay.taken[0]))
    await send_round(world)
    await world.submit(person(name="Somebody Else"))
    await send_round(world)
    told = relay.taken[-1]
    assert "already" in told.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert await world.client.get(f"/w/{token_of(told, 'w')}")
    assert await world.count() == (1, 0)


async def test_the_trial_mail_says_whether_the_relay_took_it(
    settings: Settings, relay: Relay, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await console.mail.try_out(settings, "me@example.org") == 0
    assert [mail["To"] for mail in relay.taken] == ["me@example.org"]
    relay.replies = {"me@example.org": "550 no"}
    assert await console.mail.try_out(settings, "me@example.org") == 1
    assert "550" in capsys.readouterr().err
