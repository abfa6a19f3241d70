"""The numbers on other people's pages: badge, card, oEmbed, and the lines to paste."""

import base64
import hashlib
import html
import io
import re
from xml.etree import ElementTree

import pytest
from PIL import Image

from tests.conftest import World
from undersigned.web.pages.sharing import Choice, chosen

BADGE = "/v1/statements/example/badge.svg"
PAGE = "http://127.0.0.1:8000/s/example"


async def show(world: World, people: int, bodies: int) -> None:
    """Puts these numbers into the tally that the app holds in memory."""
    await world.db.pool.execute(
        "UPDATE tally SET individual_count = $1, organisation_count = $2, as_of = now() WHERE statement = 'example'",
        people,
        bodies,
    )
    await world.site.tallies.refresh(world.db)


def parsed(svg: bytes) -> ElementTree.Element:
    return ElementTree.fromstring(svg)  # noqa: S314 -- our own


async def texts(world: World, **wishes: str) -> list[str]:
    answer = await world.client.get(BADGE, params=wishes)
    assert answer.status_code == 200
    return [found.text or "" for found in parsed(answer.content).iter("{http://www.w3.org/2000/svg}text")]


async def test_the_badge_says_both_numbers_as_the_language_writes_them(world: World) -> None:
    await show(world, 12_345, 320)
    assert await texts(world, lang="en") == [
        "Quieter libraries", "12,345", "people", "320", "organisations", "Endorse at 127.0.0.1",
    ]  # fmt: skip
    assert (await texts(world, lang="de"))[1] == "12.345"
    assert (await texts(world, lang="hu"))[1] == "12\xa0345"
    assert await texts(world, style="line") == ["12,345 people · 320 organisations"]


async def test_the_badge_speaks_the_statements_language_rather_than_the_readers(world: World) -> None:
    answer = await world.client.get(BADGE, headers={"Accept-Language": "de"})
    assert ' lang="en"' in answer.text
    assert "vary" not in answer.headers


async def test_below_ten_in_all_the_badge_shows_no_number(world: World) -> None:
    await show(world, 8, 1)
    assert await texts(world) == ["Quieter libraries", "Be among the first", "Endorse at 127.0.0.1"]
    assert await texts(world, style="line") == ["Be among the first"]


async def test_the_badge_runs_nothing_and_any_page_may_show_it(world: World) -> None:
    answer = await world.client.get(BADGE)
    assert answer.headers["content-type"] == "image/svg+xml"
    assert answer.headers["content-security-policy"] == "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "set-cookie" not in answer.headers
    assert not re.search(r"<script|\son\w+=|href=|url\(|@import|<image|foreignObject", answer.text)
    root = parsed(answer.content)
    assert root.get("role") == "img"
    assert root[0].text == "Quieter libraries. Be among the first"


async def test_an_unchanged_picture_is_answered_304(world: World) -> None:
    for path in (BADGE, "/s/example/card.png"):
        first = await world.client.get(path)
        again = await world.client.get(path, headers={"If-None-Match": f"W/{first.headers['etag']}"})
        assert (again.status_code, again.content) == (304, b"")
        assert "public" in again.headers["cache-control"]
        assert again.headers["etag"] == first.headers["etag"]
    await show(world, 12_345, 320)
    assert (await world.client.get(BADGE)).headers["etag"] != first.headers["etag"]


async def test_themes_and_colours_are_followed_where_they_make_sense(world: World) -> None:
    auto, dark = await world.client.get(BADGE), await world.client.get(BADGE, params={"theme": "dark"})
    assert "prefers-color-scheme:dark" in auto.text
    assert "prefers-color-scheme" not in dark.text
    assert "#1e1c24" in dark.text
    assert "#2a7f3e" in (await world.client.get(BADGE, params={"accent": "2A7F3E", "theme": "light"})).text


@pytest.mark.parametrize(
    "query",
    [
        "lang=xx&theme=sepia&accent=red&style=giant", "accent=%22%3E%3Cscript%3E", "lang=%00&theme=%ff", "accent=2a7f3",
        "lang=&accent=",
    ],
)  # fmt: skip
async def test_a_wish_that_cannot_be_met_still_makes_a_picture(world: World, query: str) -> None:
    answer = await world.client.get(f"{BADGE}?{query}")
    assert answer.status_code == 200
    assert answer.text == (await world.client.get(BADGE)).text


async def test_no_picture_is_made_of_a_statement_that_is_not_there(world: World) -> None:
    for path in ("/v1/statements/nothing/badge.svg", "/s/nothing/card.png", "/s/nothing/card", "/s/nothing/embed"):
        assert (await world.client.get(path)).status_code == 404


async def test_a_title_is_text_in_every_picture_whatever_is_in_it(world: World) -> None:
    title = "</text><script>alert(1)</script> & \x01\ufffe “x”"
    await world.db.pool.execute("UPDATE statement SET title = $1 WHERE slug = 'example'", title)
    await world.site.statements.load(world.db)
    assert " ".join(await texts(world)).startswith("</text><script>alert(1)</script> &")
    assert (await world.client.get("/s/example/card.png")).status_code == 200
    for path in ("/s/example", "/s/example/embed", "/s/example/card"):
        assert "<script>alert" not in (await world.client.get(path)).text
    unfolded = (await world.client.get("/oembed", params={"url": PAGE})).json()["html"]
    assert "<script>" not in unfolded
    pasted = (await world.client.get("/s/example/embed")).text
    for line in re.findall(r"<textarea[^>]*>([^<]*)</textarea>", pasted):
        assert "<script>alert" not in html.unescape(line)


async def test_the_card_is_a_picture_of_1200_by_630(world: World) -> None:
    await show(world, 12_345, 320)
    answer = await world.client.get("/s/example/card.png", params={"lang": "hy"})
    assert answer.headers["content-type"] == "image/png"
    assert Image.open(io.BytesIO(answer.content)).size == (1200, 630)


async def test_a_shared_link_finds_the_card_and_the_oembed_answer(world: World) -> None:
    page = (await world.client.get("/s/example?lang=hy")).text
    given = dict(re.findall(r'<meta (?:property|name)="((?:og|twitter):[\w:]+)" content="([^"]*)"', page))
    assert given["og:title"] == "Quieter libraries"
    assert given["og:url"] == f"{PAGE}?lang=hy"
    assert given["og:image"] == f"{PAGE}/card.png?lang=hy"
    assert given["twitter:card"] == "summary_large_image"
    assert (await world.client.get(given["og:image"])).headers["content-type"] == "image/png"
    [link] = re.findall(r'<link rel="alternate" type="application/json\+oembed" href="([^"]+)"', page)
    unfolded = (await world.client.get(html.unescape(link))).json()
    assert f'href="{PAGE}?lang=hy"' in unfolded["html"]
    assert f'src="{PAGE}/card?lang=hy"' in unfolded["html"]


async def test_oembed_keeps_to_the_size_it_is_given(world: World) -> None:
    whole = (await world.client.get("/oembed", params={"url": PAGE})).json()
    assert (whole["type"], whole["version"], whole["provider_url"]) == ("rich", "1.0", "http://127.0.0.1:8000")
    assert (whole["thumbnail_width"], whole["thumbnail_height"]) == (1200, 630)
    small = (await world.client.get("/oembed", params={"url": PAGE, "maxwidth": 300, "maxheight": 200})).json()
    assert small["width"] == 300
    assert small["height"] <= 200
    assert "thumbnail_url" not in small
    # As wide as what it stands in: the page in it is no wider than the badge.
    assert 'width="100%"' in small["html"]


@pytest.mark.parametrize("url", [PAGE, f"{PAGE}/", f"{PAGE}?utm_source=x#endorse", "https://127.0.0.1:8000/s/example"])
async def test_oembed_knows_our_pages(world: World, url: str) -> None:
    answer = await world.client.get("/oembed", params={"url": url, "format": "json"})
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize(
    "url",
    [
        "", "x", "http://[::1", "https://elsewhere.example/s/example", f"{PAGE}/privacy", f"{PAGE}-two", "javascript:alert(1)",
        "http://127.0.0.1:8000@elsewhere.example/s/example", "http://127.0.0.1:8000/", f"{PAGE}?{'a=1&' * 30}",
    ],
)  # fmt: skip
async def test_oembed_knows_no_others(world: World, url: str) -> None:
    answer = await world.client.get("/oembed", params={"url": url})
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["access-control-allow-origin"] == "*"


async def test_oembed_is_json_only(world: World) -> None:
    answer = await world.client.get("/oembed", params={"url": PAGE, "format": "xml"})
    assert (answer.status_code, answer.json()["type"]) == (501, "urn:undersigned:problem:format_not_offered")
    assert (await world.client.get("/oembed")).status_code == 400


async def test_oembed_passes_over_a_size_that_is_none(world: World) -> None:
    """What WordPress and others send where they know of no width (`maxwidth=`), and whatever else isn't one."""
    whole = (await world.client.get("/oembed", params={"url": PAGE})).json()
    for size in ("", "0", "wide", "-1", "600.5", "1e3", "99999999999999999999", " ", "٣"):
        for name in ("maxwidth", "maxheight"):
            answer = await world.client.get("/oembed", params={"url": PAGE, name: size, "format": ""})
            assert (answer.status_code, answer.json()) == (200, whole), (name, size)
    narrow = (await world.client.get("/oembed", params={"url": PAGE, "maxwidth": "300"})).json()
    assert narrow["width"] == 300


async def test_the_framed_page_may_be_framed_and_still_runs_only_our_own(world: World) -> None:
    policy = (await world.client.get("/s/example/card")).headers["content-security-policy"]
    assert "frame-ancestors" not in policy
    assert policy.startswith("default-src 'none'; script-src 'self';")
    assert "frame-ancestors 'none'" in (await world.client.get("/s/example/embed")).headers["content-security-policy"]


async def test_the_lines_carry_every_choice_without_javascript(world: World) -> None:
    page = await world.client.get(
        "/s/example/embed",
        params={"show": "tally", "language": "hy", "theme": "dark", "accent": "#2A7F3E", "partner": "quiet-readers"},
    )
    lines = [html.unescape(line) for line in re.findall(r"<textarea[^>]*>([^<]*)</textarea>", page.text)]
    frame, script, pinned, linked, address = lines
    query = "partner=quiet-readers&amp;lang=hy&amp;theme=dark&amp;accent=2a7f3e"
    assert f'src="http://127.0.0.1:8000/embed/example/tally?{query}"' in frame
    assert "<undersigned-tally " in script
    for attribute in ('statement="example"', 'partner="quiet-readers"', 'lang="hy"', 'theme="dark"', "accent:#2a7f3e"):
        assert attribute in script
    [(src, integrity)] = re.findall(
        r'<script type="module" src="([^"]+)" integrity="sha384-([^"]+)" crossorigin', pinned
    )
    body = (await world.client.get(src)).content
    assert base64.b64encode(hashlib.sha384(body).digest()).decode() == integrity
    assert pinned.partition("</script>")[2] == script.partition("</script>")[2]
    assert f'src="http://127.0.0.1:8000{BADGE}?{query}"' in linked
    assert linked.startswith(f'<div><a href="{PAGE}?lang=hy"><img ')
    assert 'style="max-width:100%;height:auto"' in linked
    # What WordPress leaves of an author's line: the block, and the link in it.
    for line in (frame, script, pinned):
        left = re.sub(r"<script.*?</script>|</?(?:iframe|undersigned-)[^>]*>", "", line)
        assert re.fullmatch(rf'<div><a href="{PAGE}\?lang=hy">[^<]+</a></div>', left)
    assert address == f"{PAGE}?lang=hy"
    assert '<html lang="en"' in page.text


def test_a_choice_that_is_none_is_passed_over() -> None:
    wishes = {"show": "everything", "language": "ar-XB", "theme": "sepia", "accent": "#4a2f85", "partner": '"><script>'}
    assert chosen(wishes) == Choice() == chosen({})
