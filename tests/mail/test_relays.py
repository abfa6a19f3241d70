"""Relays as they are: slow, closing, taking two connections, wanting a password, showing whatever certificate they have."""

import asyncio
import ssl
from pathlib import Path

import msgspec
import pytest

from tests.conftest import World
from tests.letters import person
from tests.mail.conftest import Start
from tests.mail.relay import Relay, make_due, outcomes, send_round, waits
from tests.process import free_port
from undersigned.mail import connecting, marking, outbox, trouble
from undersigned.mail.delivery import Outbox
from undersigned.mail.transport import Patience
from undersigned.process.worker import make_outbox


def box_for(world: World, url: str, **changes: object) -> Outbox:
    """An outbox that sends through this relay."""
    box = make_outbox(world.db, msgspec.structs.replace(world.settings, smtp_url=url))
    return msgspec.structs.replace(box, **changes)


async def reason(world: World) -> str:
    known = await trouble.of_now(world.db)
    return known.reason if known else ""


def test_a_relay_is_waited_for_as_rfc_5321_has_it() -> None:
    assert Patience() == Patience(command=5 * 60, data=2 * 60, dot=10 * 60)


async def test_a_relay_that_thinks_long_after_the_final_dot_gets_the_mail_once(world: World, relay: Relay) -> None:
    relay.slow = {"ada@example.org": 1.5}
    await world.submit(person("ada@example.org"))
    box = box_for(world, f"smtp://127.0.0.1:{relay.port}", patience=Patience(command=1, data=1, dot=60))
    await outbox.run_once(box)
    assert await outcomes(world) == {"sent": 1}
    assert relay.recipients == ["ada@example.org"]


async def test_a_mail_lost_after_the_final_dot_is_tried_again_hours_later_and_three_times_at_most(
    world: World, relay: Relay
) -> None:
    relay.losing = {"ada@example.org"}
    for address in ("ada@example.org", "bela@example.org"):
        await world.submit(person(address))
    await send_round(world)
    assert await waits(world) == [("due", "lost after the final dot (SMTPServerDisconnected)", 1)]
    assert await world.db.pool.fetchval("SELECT min(due_at - now()) > '2 hours' FROM message WHERE status = 'due'")
    for _ in range(6):
        await make_due(world)
        await send_round(world)
    assert relay.recipients.count("ada@example.org") == 4
    assert await outcomes(world) == {"failed": 1, "sent": 1}


async def test_one_mail_that_the_relay_is_slow_with_holds_up_nobody_elses(world: World, relay: Relay) -> None:
    relay.slow = {"slow@example.org": 6}
    box = box_for(world, f"smtp://127.0.0.1:{relay.port}?connections=2")
    await world.submit(person("slow@example.org"))
    await world.submit(person("quick@example.org"))
    await outbox.run_once(box)
    assert relay.recipients == ["quick@example.org"]
    await world.submit(person("next@example.org"))
    await outbox.run_once(box)
    assert relay.recipients == ["quick@example.org", "next@example.org"]
    await asyncio.wait(box.senders.busy)
    assert relay.recipients == ["quick@example.org", "next@example.org", "slow@example.org"]
    await outbox.run_once(box)
    assert await outcomes(world) == {"sent": 3}


async def test_a_lease_is_renewed_for_as_long_as_the_relay_thinks(
    world: World, relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(marking, "LEASE", marking.LEASE / 1200)
    relay.slow = {"slow@example.org": 2}
    await world.submit(person("slow@example.org"))
    box = box_for(world, f"smtp://127.0.0.1:{relay.port}")
    sending = asyncio.create_task(outbox.run_once(box))
    await asyncio.sleep(1)
    before = await world.db.pool.fetchval("SELECT due_at FROM message")
    await asyncio.sleep(0.5)
    assert await world.db.pool.fetchval("SELECT due_at > $1 FROM message", before)
    await sending
    await asyncio.wait(box.senders.busy | {asyncio.create_task(asyncio.sleep(0))})
    assert await outcomes(world) == {"sent": 1}


async def test_a_relay_that_closes_after_some_mails_is_opened_again_and_no_mail_counts_an_attempt(
    world: World, relay: Relay
) -> None:
    relay.mails_per_connection = 5
    for n in range(23):
        await world.submit(person(f"n{n}@example.org"))
    await outbox.run_once(box_for(world, f"smtp://127.0.0.1:{relay.port}?connections=1"))
    assert await outcomes(world) == {"sent": 23}
    assert relay.connection_count == 5
    assert await world.db.pool.fetchval("SELECT sum(attempt_count) FROM message") == 0


async def test_a_relay_that_takes_no_mail_on_any_connection_is_asked_once_a_round(world: World, relay: Relay) -> None:
    relay.mails_per_connection = 0
    for n in range(9):
        await world.submit(person(f"n{n}@example.org"))
    await outbox.run_once(box_for(world, f"smtp://127.0.0.1:{relay.port}?connections=1"))
    assert relay.connection_count == 1
    assert {why for _, why, attempt_count in await waits(world)} == {None}
    assert "421" in await reason(world)


async def test_a_relay_that_allows_two_connections_gets_all_mail_over_two(world: World, relay: Relay) -> None:
    relay.connections_max = 2
    relay.slow = {f"n{n}@example.org": 0.05 for n in range(20)}
    for n in range(20):
        await world.submit(person(f"n{n}@example.org"))
    box = box_for(world, f"smtp://127.0.0.1:{relay.port}?connections=6")
    await outbox.run_once(box)
    assert await outcomes(world) == {"sent": 20}
    assert await reason(world) == ""


async def test_while_a_relay_is_away_only_a_probe_is_made_and_its_return_lets_all_mail_go(
    world: World, start_relay: Start
) -> None:
    port = free_port()
    for n in range(12):
        await world.submit(person(f"n{n}@example.org"))
    box = box_for(world, f"smtp://127.0.0.1:{port}")
    for _ in range(3):
        await outbox.run_once(box)
        await make_due(world)
    assert {(why, count) for _, why, count in await waits(world)} == {(None, 0)}
    assert await world.db.pool.fetchval("SELECT count(*) FROM submission WHERE expires_at IS NULL") == 0
    back = start_relay(port=port)
    while await outbox.run_once(box):
        pass
    assert len(back.taken) == 12
    await outbox.run_once(box)
    due = "SELECT max(probe_at - now()) <= '1 minute' FROM mail_trouble"
    await trouble.pause(world.db, "it is away")
    assert await world.db.pool.fetchval(due)


async def test_a_relay_that_cannot_check_a_password_is_not_said_to_refuse_it_and_is_tried_again_within_a_minute(
    world: World, start_relay: Start
) -> None:
    relay = start_relay(password="right", login_reply="454 4.7.0 Temporary authentication failure: generic failure")
    await world.submit(person())
    await outbox.run_once(box_for(world, f"smtp://me:right@127.0.0.1:{relay.port}"))
    assert relay.passwords == ["right"]
    assert await reason(world) == "the relay can't check user and password at the moment: AUTH 454 4.7.0"
    assert await world.db.pool.fetchval("SELECT probe_at - now() <= '1 minute' FROM mail_trouble")


async def test_a_wrong_password_is_tried_once_and_then_somebody_is_told(
    world: World, start_relay: Start, caplog: pytest.LogCaptureFixture
) -> None:
    strict = start_relay(password="right")
    for n in range(12):
        await world.submit(person(f"n{n}@example.org"))
    wrong = box_for(world, f"smtp://me:wrong@127.0.0.1:{strict.port}")
    for _ in range(3):
        await outbox.run_once(wrong)
    assert strict.passwords == ["wrong"]
    assert await reason(world) == "the relay refuses user or password: AUTH 535 5.7.8"
    assert await world.db.pool.fetchval("SELECT probe_at - now() > '20 minutes' FROM mail_trouble")
    assert "AUTH 535" in caplog.text
    assert "wrong" not in caplog.text
    await make_due(world)
    await outbox.run_once(box_for(world, f"smtp://me:right@127.0.0.1:{strict.port}"))
    assert await reason(world) == ""


async def test_the_relay_is_greeted_by_name_and_every_session_is_left(world: World, relay: Relay) -> None:
    await world.submit(person("a@example.org"))
    named = msgspec.structs.replace(world.settings, base_url="https://sign.bücher.example")
    await outbox.run_once(make_outbox(world.db, named))
    await world.submit(person("b@example.org"))
    await outbox.run_once(box_for(world, f"smtp://127.0.0.1:{relay.port}?ehlo=mail.example.org"))
    await world.submit(person("c@example.org"))
    await send_round(world)
    assert relay.greeted == ["sign.xn--bcher-kva.example", "mail.example.org", "[127.0.0.1]"]
    assert relay.quit_count == 3


async def test_starttls_is_used_where_it_is_offered_whatever_the_certificate_unless_it_is_asked_to_hold(
    world: World, start_relay: Start, tls: ssl.SSLContext, certificate: Path
) -> None:
    offering = start_relay(tls_context=tls)
    here = f"smtp://127.0.0.1:{offering.port}"
    await world.submit(person("a@example.org"))
    await outbox.run_once(box_for(world, here))
    assert offering.secured == [True]
    await world.submit(person("b@example.org"))
    await outbox.run_once(box_for(world, f"{here}?tls=off"))
    assert offering.secured == [True, False]
    await world.submit(person("c@example.org"))
    await outbox.run_once(box_for(world, f"{here}?tls=verify"))
    assert await reason(world) == ("the relay can't be used: its certificate isn't accepted (self-signed certificate)")
    await make_due(world)
    await outbox.run_once(box_for(world, f"{here}?cafile={certificate}"))
    assert "mismatch" in await reason(world)
    await make_due(world)
    await outbox.run_once(box_for(world, f"smtp://localhost:{offering.port}?cafile={certificate}"))
    assert offering.secured == [True, False, True]
    assert await outcomes(world) == {"sent": 3}


async def test_a_relay_without_starttls_gets_nothing_where_a_certificate_is_asked_for(
    world: World, relay: Relay
) -> None:
    await world.submit(person())
    await outbox.run_once(box_for(world, f"smtp://127.0.0.1:{relay.port}?tls=verify"))
    assert relay.offered == []
    assert await reason(world) == "the relay offers no STARTTLS"


async def test_where_nothing_is_asked_a_starttls_that_fails_is_done_without(
    world: World, start_relay: Start, certificate: Path
) -> None:
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    old.load_cert_chain(certificate)
    old.set_ciphers("ECDHE-ECDSA-AES128-SHA")
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    offering = start_relay(tls_context=old)
    await world.submit(person())
    await outbox.run_once(box_for(world, f"smtp://127.0.0.1:{offering.port}"))
    assert offering.secured == [False]


async def test_a_process_makes_one_tls_context_for_all_its_connections(
    world: World, start_relay: Start, tls: ssl.SSLContext
) -> None:
    offering = start_relay(tls_context=tls)
    connecting.tls_context.cache_clear()
    for n in range(8):
        await world.submit(person(f"n{n}@example.org"))
    await outbox.run_once(box_for(world, f"smtp://127.0.0.1:{offering.port}"))
    assert offering.connection_count > 1
    assert connecting.tls_context.cache_info().misses == 1
