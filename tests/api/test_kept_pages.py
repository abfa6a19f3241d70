"""The page of a statement comes from memory, and is never another than the one that would be made at this moment."""

import itertools
import re

from tests.api.test_reports import endorse_for
from tests.conftest import World
from undersigned.readers.records import Records
from undersigned.signing import endorsements
from undersigned.web.exchange.rendered import KEPT_MAX, Pages
from undersigned.web.exchange.site import VERSION
from undersigned.words import languages

PATH = "/s/example"


async def read(world: World, path: str = PATH, accepted: str = "en") -> str:
    """The page as it comes; the same as one that is made now."""
    headers = {"Accept-Language": accepted}
    await world.refresh()
    world.begin_anew(records=Records())
    kept = (await world.client.get(path, headers=headers)).text
    again = (await world.client.get(path, headers=headers)).text
    world.begin_anew(pages=Pages())
    assert (await world.client.get(path, headers=headers)).text == kept == again
    return kept


async def test_a_page_is_made_once_for_each_way_of_speaking(world: World) -> None:
    await world.count()
    ways = [("", "en"), ("?lang=en", "en"), ("", "hy"), ("?lang=hy", "en"), ("?lang=de", "hy")]
    pages = [await read(world, PATH + query, accepted) for query, accepted in ways]
    for (query, _), page in zip(ways, pages, strict=True):
        assert f'href="/s/example/privacy{query}"' in page
    assert [re.findall(r'<html lang="(\w+)"', page) for page in pages] == [["en"], ["en"], ["hy"], ["hy"], ["de"]]
    for query, accepted in ways + ways:
        await world.client.get(PATH + query, headers={"Accept-Language": accepted})
    assert len(world.site.pages) == len(ways)


async def test_a_kept_page_follows_what_it_shows(world: World) -> None:
    await world.count()
    assert "https://readers.org.uk" not in await read(world)
    link = await endorse_for(world)
    assert "https://readers.org.uk" in await read(world)
    await endorsements.withdraw(world.db, link)
    await world.count()
    assert "https://readers.org.uk" not in await read(world)
    await world.db.pool.execute("UPDATE tally SET individual_count = 1234, as_of = now()")
    assert "<b>1,234</b>" in await read(world)
    await world.db.pool.execute("UPDATE statement SET editorial_note = 'A new note', published_at = now()")
    assert "A new note" in await read(world)
    await world.db.pool.execute("UPDATE statement SET closes_at = now(), published_at = now()")
    assert "This statement took endorsements until" in await read(world)


async def test_an_address_that_carries_anything_is_answered_from_the_one_page_in_memory(world: World) -> None:
    await world.count()
    assert "<!--" not in await read(world)
    site = world.site
    statement, record = site.statements.get("example"), await site.records.get(site.db, "example")
    shown = (statement, statement.state, site.tallies.find("example"), record)
    with languages.speaking("en"):
        assert site.pages.get("example", shown)
        site.pages.keep("example", shown, "<p>Kept</p><!-- carried -->")
    carrying = [f"{PATH}?partner=a{number}&utm_source=<b>" for number in range(3)]
    assert [(await world.client.get(path)).text for path in carrying] == [
        f'<p>Kept</p><input type="hidden" name="partner" value="a{number}">'
        '<input type="hidden" name="utm_source" value="&lt;b&gt;">'
        for number in range(3)
    ]


async def test_the_reference_is_read_once(world: World) -> None:
    first = (await world.client.get("/reference")).text
    pages = world.site.pages
    with languages.speaking("en"):
        assert pages.get("/reference", (VERSION,)) == first
        pages.keep("/reference", (VERSION,), "kept")
    assert (await world.client.get("/reference")).text == "kept"


async def test_what_one_address_carries_is_in_nobody_elses_page(world: World) -> None:
    await world.count()
    mine = await read(world, f"{PATH}?partner=press-club&utm_source=news")
    assert 'value="press-club"' in mine
    assert "press-club" not in await read(world)
    refused = await world.client.post(PATH, data={"email": "typed-by-me", "name": "Ada Example"})
    assert 'value="typed-by-me"' in refused.text
    assert "typed-by-me" not in (await world.client.get(PATH)).text


def test_few_pages_are_kept_and_the_ones_asked_for_last() -> None:
    pages, shown = Pages(), (object(),)
    pages.keep("first", shown, "one")
    for number in itertools.count(1):
        assert pages.get("first", shown) == "one"
        pages.keep(f"s{number}", shown, "another")
        if number > KEPT_MAX:
            break
    assert pages.get("s1", shown) is None
    assert pages.get("first", (object(),)) is None
