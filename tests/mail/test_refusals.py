"""Blame is precise: only what its status says to be the recipient's fails a mail; everything else waits, and can be seen."""

import asyncio
import re
from argparse import Namespace

import pytest

from tests.conftest import World
from tests.letters import person
from tests.mail.relay import Relay, make_due, outcomes, send_round, waits
from undersigned import console
from undersigned.mail import refusals, trouble
from undersigned.mail.refusals import PutOff, Refused, Unclear

OURS = [
    "504 5.5.2 <sign>: Helo command rejected: need fully-qualified hostname",
    "554 5.7.1 <a@example.org>: Relay access denied",
    "550 5.4.5 Daily sending quota exceeded",
    "554 Message rejected: Email address is not verified",
    "550 5.7.1 Client host blocked",
    "550 No",
    "550 5.1.8 Sender's system address rejected",
    "550 5.1.7 Sender address rejected",
    "550 4.1.1 A status of another class",
    "550 5.1.11 No such status",
    "550 5.1.12",
    "553 5.3.0 Not here",
]


@pytest.mark.parametrize("reply", OURS)
async def test_a_refusal_of_a_recipient_that_may_be_about_us_loses_nothing(
    world: World, relay: Relay, reply: str
) -> None:
    relay.recipient_reply = reply
    await world.submit(person())
    await send_round(world)
    await make_due(world)
    await send_round(world)
    [(status, why, attempt_count)] = await waits(world)
    assert (status, attempt_count) == ("due", 2)
    assert why is not None
    assert why.startswith(f"RCPT {reply[:3]}")
    await world.db.pool.execute("UPDATE message SET created_at = now() - interval '6 days'")
    relay.recipient_reply = ""
    await make_due(world)
    await send_round(world)
    assert await outcomes(world) == {"sent": 1}


@pytest.mark.parametrize("reply", [*OURS, "550 5.1.1 No such user", "452 4.3.1 Disk full", "421 4.3.2 Going down"])
async def test_a_refusal_of_the_text_loses_nothing(world: World, relay: Relay, reply: str) -> None:
    relay.text_reply = reply
    await world.submit(person())
    await send_round(world)
    assert await waits(world) == [
        ("due", f"text {reply[:3]} {refusals.status_of(int(reply[:3]), reply[4:])}".strip(), 1)
    ]


@pytest.mark.parametrize(
    "reply",
    [
        "550 5.1.1 No such user",
        "550 5.1.2 No such domain",
        "553 5.1.3 No address",
        "551 5.1.6 Moved",
        "556 5.1.10 Takes no mail",
        "552 5.2.2 Mailbox full",
        "550 5.2.1 Disabled",
    ],
)
async def test_what_is_the_recipients_by_its_status_fails_that_mail_and_no_other(
    world: World, relay: Relay, reply: str
) -> None:
    relay.replies = {f"n{n}@d{n}.example": reply for n in range(20)}
    for address in [*relay.replies, "fine@example.org"]:
        await world.submit(person(address))
    await send_round(world)
    assert await outcomes(world) == {"failed": 20, "sent": 1}
    assert await trouble.of_now(world.db) is None


def test_only_what_is_about_a_mailbox_runs_out_after_five_days() -> None:
    def runs_out(code: int, text: str) -> bool:
        put_off = refusals.judged("RCPT", code, text)
        assert isinstance(put_off, PutOff)
        return put_off.runs_out

    assert [runs_out(450, text) for text in ("4.2.2 Full", "4.1.2 No domain yet", "Later")] == [True] * 3
    assert [runs_out(450, text) for text in ("4.7.1 Host rejected", "4.3.0 Trouble", "4.4.1 Away")] == [False] * 3
    # What Postfix says at RCPT of a sender whose domain it can't look up, as Debian's does by default.
    assert [runs_out(450, text) for text in ("4.1.7 Sender address rejected", "4.1.8 Domain not found")] == [False] * 2
    assert not runs_out(554, "5.7.1 Relay access denied")
    assert isinstance(refusals.judged("RCPT", 550, "5.1.1"), Refused)
    assert isinstance(refusals.judged("DATA", 550, "5.1.1"), Unclear)


@pytest.mark.parametrize(
    "reply",
    [
        "554 5.7.1 Relay access denied",
        "450 4.1.8 <post@undersigned.example>: Sender address rejected: Domain not found",
        "451 4.3.5 Server configuration error",
    ],
)
async def test_a_few_refusals_alike_stop_all_mail_until_a_probe_gets_through(
    world: World, relay: Relay, reply: str
) -> None:
    for n in range(30):
        await world.submit(person(f"n{n}@d{n}.example"))
    relay.recipient_reply = reply
    await send_round(world)
    offered = len(relay.offered)
    assert 3 <= offered <= 6
    known = await trouble.of_now(world.db)
    assert known
    assert known.reason == f"the relay refuses all alike: RCPT {reply[:9]}"
    assert await send_round(world) == 0
    await world.db.pool.execute("UPDATE mail_trouble SET probe_at = now()")
    await send_round(world)
    assert len(relay.offered) == offered + 1
    relay.recipient_reply = ""
    await make_due(world)
    await send_round(world)
    assert len(relay.taken) == 1
    assert await trouble.of_now(world.db) is None
    while await send_round(world):
        pass
    assert await outcomes(world) == {"sent": 30}


@pytest.mark.parametrize("reply", ["450 4.2.0 Greylisted", "451 4.7.1 Greylisting in action, please come back later"])
async def test_greylisting_of_all_recipients_stops_no_mail(world: World, relay: Relay, reply: str) -> None:
    for n in range(12):
        await world.submit(person(f"n{n}@d{n}.example"))
    relay.recipient_reply = reply
    await send_round(world)
    assert await outcomes(world) == {"due": 12}
    assert await trouble.of_now(world.db) is None
    relay.recipient_reply = ""
    await make_due(world)
    await send_round(world)
    assert await outcomes(world) == {"sent": 12}


async def test_one_domain_that_refuses_three_stops_nobody_elses_mail(world: World, relay: Relay) -> None:
    relay.replies = {f"n{n}@evil.example": "554 5.7.1 No" for n in range(6)}
    for address in [*relay.replies, *(f"n{n}@example.org" for n in range(6))]:
        await world.submit(person(address))
    await send_round(world)
    assert await outcomes(world) == {"due": 6, "sent": 6}
    assert await trouble.of_now(world.db) is None


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ("550 5.7.1 Not from you", "the relay refuses the sender: MAIL 550 5.7.1"),
        ("450 4.7.1 Error: too much mail", "the relay takes no mail from us at the moment: MAIL 450 4.7.1"),
    ],
)
async def test_a_relay_that_has_enough_for_now_is_told_from_one_that_refuses_the_sender(
    world: World, relay: Relay, reply: str, said: str
) -> None:
    await world.submit(person())
    relay.sender_reply = reply
    await send_round(world)
    known = await trouble.of_now(world.db)
    assert known
    assert known.reason == said


async def test_of_many_workers_one_probes(world: World, relay: Relay) -> None:
    for n in range(9):
        await world.submit(person(f"n{n}@example.org"))
    relay.sender_reply = "550 5.7.1 Not from you"
    await send_round(world)
    assert len(relay.offered) == 0
    relay.sender_reply = ""
    await world.db.pool.execute("UPDATE mail_trouble SET probe_at = now()")
    await asyncio.gather(*(send_round(world) for _ in range(4)))
    assert len(relay.taken) == 1


async def test_an_operator_sees_what_waits_or_failed_by_reason_and_sends_it_again(
    world: World, relay: Relay, capsys: pytest.CaptureFixture[str]
) -> None:
    relay.replies = {
        "a@a.example": "550 5.1.1 No such user",
        "b@b.example": "554 5.7.1 Relay access denied",
        "c@c.example": "550 5.1.1 No such user",
    }
    for address in (*relay.replies, "d@d.example"):
        await world.submit(person(address))
    await send_round(world)
    await world.db.pool.execute("DELETE FROM submission WHERE address = 'c@c.example'")
    await trouble.pause(world.db, "the relay refuses user or password: AUTH 535 5.7.8", is_login=True)
    assert await console.mail.waiting(world.db, world.settings, Namespace()) == 1
    said = capsys.readouterr().out
    assert "No mail goes out since" in said
    assert re.search(r" 2  failed: RCPT 550 5.1.1 ", said)
    assert re.search(r" 1  wait: RCPT 554 5.7.1 .*tried again from", said)
    assert "@" not in said
    relay.replies = {}
    await console.mail.retry(world.db, world.settings, Namespace(reason=""))
    await send_round(world)
    assert await outcomes(world) == {"failed": 2, "sent": 2}
    await console.mail.retry(world.db, world.settings, Namespace(reason="RCPT 550 5.1.1"))
    await send_round(world)
    assert sorted(relay.recipients) == ["a@a.example", "b@b.example", "d@d.example"]
    assert await outcomes(world) == {"failed": 1, "sent": 3}
    assert await console.mail.waiting(world.db, world.settings, Namespace()) == 0
