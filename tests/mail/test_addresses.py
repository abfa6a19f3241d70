"""An address goes into the header and over the wire letter for letter: nothing that only looks encoded is ever decoded."""

import base64
from collections.abc import Callable
from email.header import decode_header, make_header

import pytest

from tests.conftest import World
from tests.letters import links_of, person, token_of
from tests.mail.relay import Relay, outcomes, send_round
from undersigned.identity import mailboxes
from undersigned.mail import headers
from undersigned.mail.messages import Mail


def encoded(text: str, how: str = "b", charset: str = "utf-8") -> str:
    inner = (
        base64.b64encode(text.encode()).decode() if how == "b" else "".join(f"={byte:02X}" for byte in text.encode())
    )
    return f"=?{charset}?{how}?{inner}?="


HOSTILE = [
    "=?utf-8?q?=28?=p1@evil.example",
    "=?utf-8?b?YQ0KUmVwbHktVG86eEBlLnZjDQoNClBheTogZS52Yy9hIA==?=@evil.example",
    encoded("a@victim.example,", "q") + "@evil.example",
    encoded("a\r\nBcc: b@c.example\r\n") + "@evil.example",
    encoded("a\r\nBcc: b@c.d\r\n", "q") + "@evil.example",
    encoded("\0") + "@evil.example",
    encoded('"') + "x@evil.example",
    encoded("<") + "@evil.example",
    encoded("é", "q", "iso-8859-1") + "@evil.example",
    encoded("a", "b", "no-such-charset") + "@evil.example",
    "=?utf-8?b?*?=@evil.example",
    "=?utf-8?q?a?=" * 4 + "@evil.example",
    "=?utf-8*en?q?a?=@evil.example",
    "x=?utf-8?q?=0D=0A?=.=?utf-8?q?=28?=y@evil.example",
    "=?=?=?@evil.example",
]


@pytest.mark.parametrize("address", HOSTILE)
async def test_an_address_that_looks_encoded_is_mailed_as_it_is(world: World, relay: Relay, address: str) -> None:
    for each in ("before@example.org", address, "after@example.org"):
        assert (await world.submit(person(each))).status_code == 202
    await send_round(world)
    assert await outcomes(world) == {"sent": 3}
    assert sorted(relay.recipients) == sorted(["before@example.org", address, "after@example.org"])
    [raw] = [raw for raw, recipient in zip(relay.raw, relay.recipients, strict=True) if recipient == address]
    head = raw.partition(b"\r\n\r\n")[0].split(b"\r\n")
    assert [line for line in head if line.lower().startswith((b"to:", b"cc:", b"bcc:", b"reply-to:"))] == [
        b"To: " + address.encode()
    ]
    assert b"victim" not in raw.replace(address.encode(), b"")
    assert [line for line in raw.split(b"\r\n") if b"\r" in line or b"\n" in line] == []


async def test_two_spellings_that_decode_alike_are_two_mailboxes_and_each_gets_its_own_mail(
    world: World, relay: Relay
) -> None:
    spellings = ["ada@evil.example", "=?utf-8?q?ada?=@evil.example", encoded("ada") + "@evil.example"]
    for address in spellings:
        await world.submit(person(address))
    await send_round(world)
    assert sorted(relay.recipients) == sorted(spellings)


@pytest.mark.parametrize(
    ("proven", "typed"),
    [
        ("ada.l+x@gmail.com", "adal@gmail.com"),
        ("Ada@example.org", "ada@example.org"),
        ("ada@me.com", "ada+y@icloud.com"),
        ("ju\u0308rgen@example.org", "Jürgen@example.org"),
    ],
)
async def test_links_that_open_what_is_held_go_to_the_proven_address_whichever_spelling_was_typed(
    world: World, relay: Relay, proven: str, typed: str
) -> None:
    await world.submit(person(proven))
    await send_round(world)
    await world.confirm(token_of(relay.taken[0]))
    await send_round(world)
    await world.submit(person(typed))
    await world.client.post("/v1/statements/example/manage-links", json={"email": typed})
    await send_round(world)
    assert len(relay.recipients) == 4
    assert set(relay.recipients) == {mailboxes.mailbox(proven).address}
    assert all(any(f"/{kind}/" in link for kind in "wm" for link in links_of(mail)) for mail in relay.taken[1:])


async def test_a_relay_that_takes_international_addresses_gets_them_letter_for_letter(
    world: World, relay: Relay
) -> None:
    await world.submit(person("čeněk@example.org"))
    await send_round(world)
    assert relay.recipients == ["čeněk@example.org"]
    assert "\r\nTo: čeněk@example.org\r\n".encode() in relay.raw[0]


@pytest.mark.parametrize(
    "address", ["a\r\nBcc: b@c.example", "a\nb@c.example", "a b@c.example", "a@c.example>", '"a"@c.example', "a", ""]
)
@pytest.mark.parametrize("write", [headers.address, lambda name, value: headers.mailbox(name, "Ada", value)])
def test_no_header_is_written_with_what_could_end_an_address(write: Callable[[str, str], bytes], address: str) -> None:
    with pytest.raises(ValueError, match="address"):
        write("To", address)


@pytest.mark.parametrize("text", ["a\r\nBcc: b", "a\nb", "a\rb", "a\0b", "a\x1bb", "a\u2028b", "a\x85b"])
@pytest.mark.parametrize("write", [headers.bare, lambda name, value: headers.mailbox(name, value, "a@example.org")])
def test_no_header_is_written_with_a_line_break_in_it(write: Callable[[str, str], bytes], text: str) -> None:
    try:
        written = write("Subject", text)
    except ValueError:
        return
    assert written.count(b"\n") == written.count(b"\r") == 1
    assert written.endswith(b"\r\n")


@pytest.mark.parametrize(
    "text",
    [
        "Bestätigen Sie bitte Ihre Adresse – undersigned.example.org",
        "Пожалуйста, подтвердите ваш адрес – undersigned.example.org",
        "Խնդրում ենք հաստատել ձեր հասցեն – undersigned.example.org",
        "Zəhmət olmasa ünvanınızı təsdiqləyin – undersigned.example.org",
        "=?utf-8?q?not_what_it_seems?=",
        "𝔘" * 100,
        "plain words " * 20,
    ],
)
def test_a_text_is_folded_into_lines_and_words_that_every_mail_program_reads(text: str) -> None:
    written = headers.words("Subject", text)
    for line in written.removesuffix(b"\r\n").split(b"\r\n"):
        assert len(line) <= 76
        assert all(len(word) <= 75 for word in line.split())
    value = written.removeprefix(b"Subject: ").removesuffix(b"\r\n").replace(b"\r\n", b"").decode("ascii")
    assert str(make_header(decode_header(value))).split() == text.split()


@pytest.mark.parametrize(
    "head",
    [b"To: b@c.example", b"To: a@c.example\r\nBcc: b@c.example", b"To: a@c.example\r\ncc: b@c.example", b"Subject: a"],
)
def test_a_mail_whose_head_names_anybody_else_is_not_sent(head: bytes) -> None:
    assert Mail("post@c.example", "a@c.example", b"From: post@c.example\r\nTo: a@c.example\r\n\r\nText").is_to(
        "a@c.example"
    )
    assert not Mail("post@c.example", "a@c.example", head + b"\r\n\r\nText").is_to("a@c.example")
