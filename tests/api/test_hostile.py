"""Whatever the world sends to whichever address of ours is the sender's fault, and never a 5xx; nothing of it runs anywhere."""

import itertools
import logging
import re
from collections.abc import Iterator

import pytest
from litestar.routes import HTTPRoute

from tests.api.test_public_names import show
from tests.api.test_reports import endorse_for
from tests.conftest import World
from tests.letters import person, token_of
from undersigned import persons

PARTS = (
    "example",
    "x",
    "-1",
    "9" * 5000,
    "%00",
    "%ff%fe",
    "%F0%9F%92%A9",
    "..%2f..%2fetc%2fpasswd",
    "%22%3E%3Csvg%3E",
    "%D9%A3",
)
VALUES = (
    "",
    "%00",
    "%ff",
    "%",
    "%ed%a0%80",
    "%D9%A3",
    "-9" * 40,
    "9" * 5000,
    "nan",
    "A" * 1200,
    "%22%3E%3C/script%3E%3Csvg+onload=alert(1)%3E",
    "%E2%80%AE%E2%81%A6%EF%B7%BA",
    "hy-Latn-x-%F0%9F%92%A9",
    "1&{name}=2&{name}=%00",
)
# Every name that a query of ours has, and one that none has.
NAMES = ("lang", "after", "letter", "theme", "accent", "style", "partner", "url", "maxwidth", "format", "organisation", "name",
         "since", "show", "language", "utm_source", "nothing")  # fmt: skip
BODIES = (
    b"",
    b"\xff\xfe",
    b"{" * 5000,
    b"&" * 5000,
    b"kind=organisation&email=%00&name=%ed%a0%80&organisation_website=javascript://x.org/%250aalert(1)&objectives=%00",
    b"email=a@example.org&kind=organisation&organisation_name=%00&organisation_country=%00&organisation_website=http://[",
    b"name=" + b"9" * 5000 + b"&reason=other&note=%00",
    b"organisation=" + b"-9" * 500 + b"&reason=%00",
    b"organisation=2&reason=%ed%a0%80&note=" + b"%00" * 600,
    b"name=1&name=2&reason=1&reason=2&consent=%00&consent_translation=%ff&show_name=&updates=",
    b"successor_name=%00&successor_email=%00@%ff&successor_role=" + b"%f0%9f%92%a9" * 200,
)
TYPES = (b"application/json", b"text/html; charset=nothing", b"multipart/form-data", b"\xff")
HEADERS: tuple[dict[str, bytes], ...] = (
    {"Accept": b"text/html"},
    {"Accept-Language": b"nan;q=nan, hy;q=1e999, \xff;q=-inf" + b",x" * 3000},
    {"If-None-Match": b'"\xff", *, W/'},
    {"X-Forwarded-For": b"::1%0, 999.1.1.1, \xff", "Origin": b"http://[", "Sec-Fetch-Site": b"\xff"},
    {"Authorization": b"Bearer \xff", "Host": b"[", "Accept-Encoding": b"gzip;q=\xff"},
)


def addresses(world: World, tokens: dict[str, str]) -> Iterator[str]:
    """Each address of the app with each part in its places, and with real tokens; real slugs before other hostile parts."""
    for route in world.app.routes:
        assert isinstance(route, HTTPRoute)
        places = re.findall(r"\{\w+\}", route.path_format)
        for part in PARTS if places else ("",):
            filled = route.path_format
            for place in places:
                kept = (
                    "example" if place == "{slug}" and len(places) > 1 else tokens.get(route.path_format.split("/")[1])
                )
                filled = filled.replace(place, kept if kept and place in ("{slug}", "{token}") else part, 1)
            yield filled
        if "{token}" in places:
            yield re.sub(r"\{\w+\}", "x", route.path_format)


@pytest.fixture
async def tokens(world: World) -> dict[str, str]:
    """An organisation is counted, a name shown, and somebody else's claim mailed; what opens their pages."""
    link = await endorse_for(world)
    await show(world, "Ada Example")
    await world.send_mail()
    await world.submit(person("somebody@example.org"))
    [mail] = await world.send_mail()
    await world.refresh()
    mailbox_id = persons.mailbox_id(world.settings.pepper, "rep@readers.example.org")
    signer = world.app.state.site.signer
    return {"m": signer.manage(link), "c": token_of(mail), "stop": signer.stop(mailbox_id)}


async def test_no_address_answers_bad_input_with_a_5xx(
    world: World, tokens: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL, logger="httpx")
    refused: list[str] = []

    async def send(method: str, address: str, content: bytes = b"", **headers: bytes) -> None:
        named = [(name.replace("_", "-").encode(), value) for name, value in headers.items()]
        answer = await world.client.request(method, f"http://127.0.0.1:8000{address}", content=content, headers=named)
        # What oEmbed says for a format that isn't offered (oEmbed 1.0, 2.3.4).
        if answer.status_code >= 500 and (answer.status_code, address[:15]) != (501, "/oembed?format="):
            refused.append(f"{answer.status_code} {method} {address[:200]} {content[:100]!r} {headers}")

    # Who leaves does so last.
    everywhere = sorted(set(addresses(world, tokens)), key=lambda address: (address.endswith("/leave"), address))
    known = [address for address in everywhere if len(address) < 1000 and not re.search("%|-1|/x", address)]
    assert len(known) > 50
    for (turn, address), (place, value) in itertools.product(enumerate(known), enumerate(VALUES)):
        for name in NAMES[(turn + place) % 3 :: 3]:
            await send("GET", f"{address}?{name}={value.replace('{name}', name)}")
    for (turn, address), body in itertools.product(enumerate(known), BODIES):
        for content_type in (b"application/x-www-form-urlencoded", TYPES[turn % len(TYPES)]):
            await send("POST", f"{address}?lang=%00", body, content_type=content_type)
    for address, headers in itertools.product(known, HEADERS):
        await send("GET", address, **headers)
    for address, method in itertools.product(everywhere, ("GET", "HEAD", "OPTIONS", "POST", "DELETE")):
        await send(method, address)
    assert not refused, "\n".join(refused)
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []
