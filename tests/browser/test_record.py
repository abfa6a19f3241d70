"""What stands below a statement, as a browser shows it: charts, lists, names and the page behind "Report this"."""

import asyncio
import datetime as dt
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.test_accessibility import complaints
from tests.process import Server
from undersigned.database.connection import Database, connect
from undersigned.identity import alphabet
from undersigned.process.embedded import running
from undersigned.settings import ROOT
from undersigned.statements import publishing

LANGUAGES = ("en", "en-XA", "ar-XB")
SLUG = "recognize-to-reconcile"
PEOPLE = ("Ada Example", "Zoë of the very long and winding double-barrelled name", "Иван", "Արամ", "王伟")
MILESTONES = [
    {"on": "2026-01-01", "text": "Read aloud in a very-long-and-winding-unbreakable-double-barrelled-place-name"},
    {"on": "2027-03-01", "text": "Handed to the council", "url": "https://council.example.org/letters/7"},
]


async def fill(url: str) -> int:
    """Publishes a breakdown, 24 days of totals, milestones, names and organisations; returns an organisation's log index."""
    async with connect(url) as db:
        await publishing.publish(db, ROOT / "statements" / SLUG, "http://127.0.0.1:8000")
        await db.pool.execute(
            "UPDATE statement SET milestones = $2, published_at = now() WHERE slug = $1", SLUG, MILESTONES
        )
        for day in range(24):
            at = dt.datetime(2026, 1, 1, tzinfo=dt.UTC) + dt.timedelta(days=day)
            await db.pool.execute("INSERT INTO tally_history VALUES ($1, $2, $3, $4)", SLUG, at, 50 * day + 7, day)
        cells = {"AZ": 700, "HU": 300, "GB": 20, "other": 41}
        await db.pool.execute(
            "INSERT INTO tally_breakdown (statement, countries, objectives, individual_added_count) VALUES ($1, $2, '{}', 1061)",
            SLUG, cells,
        )  # fmt: skip
        for kind, names in (("individual", PEOPLE), ("organisation", PEOPLE[:2])):
            for name in names:
                await endorse(db, kind, name)
        for _ in range(200):
            index = await db.pool.fetchval(
                "SELECT min(m.index) FROM log_member AS m JOIN organisation AS o USING (endorsement_id) "
                "JOIN log_head AS h ON h.statement = m.statement AND m.index < h.released_size WHERE m.statement = $1 "
                "HAVING count(*) = 2",
                SLUG,
            )
            if index is not None:
                return int(index)
            await asyncio.sleep(0.1)
        raise AssertionError("the sequencer counted nothing")


async def endorse(db: Database, kind: str, name: str) -> None:
    key, salt, reference = uuid4(), b"s" * 32, uuid4()
    place = alphabet.place(f"{SLUG}\0{kind}\0".encode(), name, reference.bytes)
    async with db.pool.acquire() as connection, connection.transaction():
        await connection.execute(
            "INSERT INTO endorsement (id, statement, kind, objectives, commitment) VALUES ($1, $2, $3, '{}', $4)",
            key, SLUG, kind, salt,
        )  # fmt: skip
        await connection.execute(
            "INSERT INTO signatory (endorsement_id, mailbox_id, address, name, name_status, locale, source, mail_domain, consent,"
            " identity, salt, bound, name_place, name_reference)"
            " VALUES ($1, $1, 'a@example.org', $2, 'shown', 'en', '{}', 'example.org', '{}', 'mailbox:a@', $3, $3, $4, $5)",
            key, name, salt, place, reference,
        )  # fmt: skip
        if kind == "organisation":
            await connection.execute(
                "INSERT INTO organisation VALUES ($1, $2, 'https://readers.org.uk', $3, 'GB', '{}', 'domain', $4)",
                key, f"Society of {name}", f"name:{name} GB", salt,
            )  # fmt: skip
        await connection.execute(
            "INSERT INTO log_queue (endorsement_id, statement, op, kind, commitment, objectives)"
            " VALUES ($1, $2, 'add', $3, $4, '{}')",
            key, SLUG, kind, salt,
        )  # fmt: skip


@pytest.fixture(scope="package")
def paths(server: Server) -> dict[str, str]:
    """Where the pages with something on them are."""

    def run() -> int:
        with running(server.data_dir) as url:
            return asyncio.run(fill(url))

    # In a thread of its own: Playwright has a loop running in this one.
    with ThreadPoolExecutor(1) as thread:
        index = thread.submit(run).result()
    here = f"/s/{SLUG}"
    return {
        "statement": here,
        "names": f"{here}/names",
        "organisations": f"{here}/organisations",
        "report": f"{here}/report?organisation={index}",
    }


@pytest.fixture(params=[(390, "light"), (320, "dark")], ids=lambda given: f"{given[0]}-{given[1]}")
def screen(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    width, scheme = request.param
    context = browser.new_context(
        viewport={"width": width, "height": 800}, color_scheme=scheme, reduced_motion="reduce"
    )
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("name", ["statement", "names", "organisations", "report"])
def test_axe_finds_nothing_and_nothing_is_wider_than_the_screen(
    screen: Page, server: Server, paths: dict[str, str], name: str
) -> None:
    assert screen.viewport_size
    for language in LANGUAGES:
        screen.goto(f"{server.url}{paths[name]}{'&' if '?' in paths[name] else '?'}lang={language}")
        assert screen.locator("html").get_attribute("lang") == language
        for closed in screen.locator("details").all():
            closed.locator("summary").click()
        if language != "en-XA":  # its words are English ones, only longer
            assert (language, complaints(screen)) == (language, [])
        assert screen.evaluate("document.documentElement.scrollWidth") <= screen.viewport_size["width"], language


def test_a_chart_says_in_words_and_in_a_table_what_it_draws(page: Page, server: Server, paths: dict[str, str]) -> None:
    page.goto(server.url + paths["statement"])
    chart = page.get_by_role("img", name="People, by day A line from 7 on 1 January 2026 to 1,157 on 24 January 2026.")
    assert chart.locator("path").count() == 2
    page.get_by_text("The same as a table").click()
    rows = page.locator(".scrolling tbody tr")
    assert rows.count() == 24
    assert rows.first.inner_text().split("\t") == ["24 January 2026", "1,157", "23"]
    assert page.get_by_role("row", name="Azerbaijan").get_by_role("cell").inner_text() == "700"
    assert page.locator(".bars tr").last.inner_text().split() == ["Other", "countries", "41"]


def test_a_passage_has_a_link_to_itself_that_a_keyboard_finds(
    page: Page, server: Server, paths: dict[str, str]
) -> None:
    page.goto(server.url + paths["statement"])
    link = page.get_by_role("link", name="Link to point b")
    assert link.evaluate("each => getComputedStyle(each).opacity") == "0"
    page.get_by_role("link", name="Link to point a").focus()
    page.keyboard.press("Tab")
    assert link.evaluate("each => getComputedStyle(each).opacity") == "1"
    page.keyboard.press("Enter")
    assert page.url.endswith("#b")


def test_paper_has_the_text_its_hash_and_what_proves_the_numbers_and_no_form(
    page: Page, server: Server, paths: dict[str, str]
) -> None:
    page.goto(server.url + paths["statement"])
    assert not page.locator(".proof").is_visible()
    page.emulate_media(media="print")
    for seen in (".document", ".fingerprint", ".proof", "aside.tally"):
        assert page.locator(seen).is_visible(), seen
    for unseen in ("form", ".endorse", ".record", ".languages", ".tally .go"):
        assert not page.locator(unseen).first.is_visible(), unseen
    assert page.locator(".proof dd").first.inner_text() == f"{server.url}{paths['statement']}"
    for name in ("names", "organisations"):
        page.goto(server.url + paths[name])
        assert page.locator(".report").count() >= 2, name
        assert not any(each.is_visible() for each in page.locator(".report, .back, .letters").all()), name


def test_whoever_reports_gets_thanks(page: Page, server: Server, paths: dict[str, str]) -> None:
    page.goto(server.url + paths["names"])
    page.get_by_role("link", name="Report this: Ada Example").click()
    page.get_by_label("It insults or threatens").check()
    page.get_by_role("button", name="Send the report").click()
    assert page.locator("h1").inner_text() == "Thank you"
