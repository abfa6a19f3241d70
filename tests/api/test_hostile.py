"""Whatever the world sends to whichever address of ours is the sender's fault, and never a 5xx; nothing of it runs anywhere."""

import itertools
import json
import logging
import re
import shutil
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest
from litestar.routes import HTTPRoute

from tests.api.test_public_names import show
from tests.api.test_reports import endorse_for
from tests.conftest import World
from tests.letters import person, token_of
from undersigned.readers import partners
from undersigned.settings import ROOT
from undersigned.signing import letters
from undersigned.statements import publishing

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
    b'"\xff"',
    b'{"token": "\xed\xa0\x80", "email": "\xff", "\xfe": 1}',
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
    mailbox_id = letters.mailbox_id(world.settings.pepper, "rep@readers.example.org")
    signer = world.site.signer
    stop = signer.stop(mailbox_id)
    return {"m": signer.manage(link), "c": token_of(mail), "n": stop, "stop": stop}


Request = tuple[str, str, bytes, dict[str, bytes]]


def with_queries(known: list[str], _: list[str]) -> Iterator[Request]:
    for (turn, address), (place, value) in itertools.product(enumerate(known), enumerate(VALUES)):
        for name in NAMES[(turn + place) % 3 :: 3]:
            yield "GET", f"{address}?{name}={value.replace('{name}', name)}", b"", {}


def with_bodies(known: list[str], _: list[str]) -> Iterator[Request]:
    for (turn, address), body in itertools.product(enumerate(known), BODIES):
        for content_type in (b"application/x-www-form-urlencoded", TYPES[turn % len(TYPES)]):
            yield "POST", f"{address}?lang=%00", body, {"content-type": content_type}


def with_headers(known: list[str], _: list[str]) -> Iterator[Request]:
    for address, headers in itertools.product(known, HEADERS):
        yield "GET", address, b"", headers


def with_methods(_: list[str], everywhere: list[str]) -> Iterator[Request]:
    for address, method in itertools.product(everywhere, ("GET", "HEAD", "OPTIONS", "POST", "DELETE")):
        yield method, address, b"", {}


@pytest.mark.parametrize("requests", [with_queries, with_bodies, with_headers, with_methods])
async def test_no_address_answers_bad_input_with_a_5xx(
    world: World,
    tokens: dict[str, str],
    caplog: pytest.LogCaptureFixture,
    requests: Callable[[list[str], list[str]], Iterator[Request]],
) -> None:
    caplog.set_level(logging.CRITICAL, logger="httpx")
    # Who leaves does so last.
    everywhere = sorted(set(addresses(world, tokens)), key=lambda address: (address.endswith("/leave"), address))
    known = [address for address in everywhere if len(address) < 1000 and not re.search("%|-1|/x", address)]
    assert len(known) > 50
    refused: list[str] = []
    for method, address, content, headers in requests(known, everywhere):
        url, named = f"http://127.0.0.1:8000{address}", [(name.encode(), value) for name, value in headers.items()]
        answer = await world.client.request(method, url, content=content, headers=named)
        # What oEmbed says for a format that isn't offered (oEmbed 1.0, 2.3.4).
        if answer.status_code >= 500 and (answer.status_code, address[:15]) != (501, "/oembed?format="):
            refused.append(f"{answer.status_code} {method} {address[:200]} {content[:100]!r} {headers}")
    assert not refused, "\n".join(refused)
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


# What would show in a page if it were not escaped: an element, an attribute; and what a template or a format would take up.
HOSTILE = """"'/><xss onx=1></title></script></style></textarea>-->]]>&lt;xss>{{7*7}}%(x)s{0}\u202e"""
NAME = HOSTILE.replace("\u202e", "")[:100]
QUERIES = (
    {"lang": "de"},
    {"lang": HOSTILE, "show": HOSTILE, "language": HOSTILE, "letter": '"><xss', "x": HOSTILE},
    {"partner": HOSTILE, "utm_source": HOSTILE, "theme": HOSTILE, "accent": HOSTILE},
)
FIELDS = ("name", "email", "role", "country", "organisation_name", "organisation_website", "objectives", "partner", "utm_source",
          "text_sha256", "reason", "note", "consent")  # fmt: skip


class Reader(HTMLParser):
    """Notes every element and attribute that only a hostile text would have made."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "xss" or any(
            name.startswith("on") or (value or "").startswith("javascript:") for name, value in attrs
        ):
            self.found.append(self.get_starttag_text() or tag)


async def write_everywhere(world: World, home: Path) -> None:
    """The hostile text in every place of a statement, a partner, an organisation and its representative."""
    shutil.copytree(ROOT / "statements" / "example", home)
    told = json.dumps(HOSTILE, ensure_ascii=False)
    toml = (home / "statement.toml").read_text()
    toml = re.sub(
        r'^(title|editorial_note|name) = ".*"$', lambda found: f"{found[1]} = {told}", toml, flags=re.MULTILINE
    )
    toml += f"[translations.de]\ntitle = {told}\ntranslator = {told}\n"
    url = json.dumps(f"https://x.org/{HOSTILE.replace(' ', '')}", ensure_ascii=False)
    (home / "statement.toml").write_text(f"{toml}[[milestones]]\non = 2026-01-02\ntext = {told}\nurl = {url}\n")
    (home / "de.md").write_text((home / "en.md").read_text() + HOSTILE)
    await publishing.publish(world.db, home, world.settings.url)
    await partners.add(world.db, "readers", NAME, "https://readers.org.uk/'><xss", [])
    await world.db.pool.execute("UPDATE signatory SET name = $1, role = $1", NAME)
    await world.db.pool.execute("UPDATE organisation SET name = $1", NAME)
    await world.refresh()


async def test_no_text_that_somebody_wrote_becomes_a_part_of_a_page(
    world: World, tokens: dict[str, str], tmp_path: Path
) -> None:
    await write_everywhere(world, tmp_path / "example")
    await world.submit(person("ada@readers.org.uk", name=NAME, partner="readers", source={"utm_source": NAME}))
    mails = await world.send_mail()
    claim = f"/c/{token_of(mails[-1])}"
    form = dict.fromkeys(FIELDS, HOSTILE) | {"kind": "organisation", "organisation": "2"}

    async def get(address: str, **query: str) -> httpx.Response:
        return await world.client.get(address, params=query or None, headers={"Accept": "text/html"})

    shown = sorted(address for address in set(addresses(world, tokens)) if not re.search("%|-1|/x|99", address))
    listed = (await get("/s/example/organisations")).text
    [report] = re.findall(r'class="report" rel="nofollow" href="([^"]+)"', listed)
    [consent] = re.findall(r'name="consent" value="(\w+)"', (await get(claim)).text)
    posted = ("/s/example", "/embed/example/form", "/s/example/manage", report, claim, f"/m/{tokens['m']}/name")
    answers = [await get(address) for address in (*shown, report, claim)]
    answers += [await get(address, **query) for address in shown if "example" in address for query in QUERIES]
    answers += [await world.client.post(address, data=form) for address in posted]
    answers.append(await world.client.post(claim, data={"consent": consent, "name": NAME}))
    read = [answer.text for answer in answers if answer.headers["content-type"].startswith(("text/html", "image/svg"))]
    assert sum("&lt;xss" in page for page in read) > 50
    read.append((await get("/oembed", url=f"{world.settings.url}/s/example")).json()["html"])
    for mail in mails + await world.send_mail():
        body = mail.get_body(("html",))
        assert body is not None
        read.append(body.get_content())
    assert [found for page in read for found in Reader(page).found] == []
