"""What partners embed, as the server tells it: scripts that never change, their sizes and words, and pages for iframes."""

import base64
import gzip
import hashlib
import json
import re
from pathlib import Path

import pytest

from tests.conftest import World
from undersigned import __version__
from undersigned.readers import partners
from undersigned.web.embeds import scripts, wording
from undersigned.words import languages

SCRIPT_AND_ENGLISH_SIZE_MAX = 8 * 1024
LANGUAGE_SIZE_MAX = 1536


def packed(body: bytes) -> int:
    return len(gzip.compress(body, 9, mtime=0))


async def test_form_tally_and_one_language_fit_into_8_kb(world: World) -> None:
    modules = [name for name in scripts.SCRIPTS["undersigned.js"] if name != "organisations.js"]
    script = scripts.joined(tuple(modules)).encode()
    words = (await world.client.get("/embed/v1/words/en.json")).content
    assert packed(script) + packed(words) <= SCRIPT_AND_ENGLISH_SIZE_MAX


async def test_a_further_language_is_small(world: World) -> None:
    for language in languages.LANGUAGES:
        words = (await world.client.get(f"/embed/v1/words/{language}.json")).content
        assert packed(words) <= LANGUAGE_SIZE_MAX, language


async def test_a_released_script_is_pinned_by_its_hash_and_kept_for_ever(world: World) -> None:
    told = (await world.client.get("/embed/v1/integrity.json")).json()
    assert told["version"] == __version__
    assert set(told["scripts"]) == set(scripts.SCRIPTS)
    for name, pinned in told["scripts"].items():
        assert pinned["path"] == f"/embed/v{__version__}/{name}"
        answer = await world.client.get(pinned["path"])
        digest = base64.b64encode(hashlib.sha384(answer.content).digest()).decode()
        assert pinned["integrity"] == f"sha384-{digest}"
        assert answer.headers["content-type"].startswith("text/javascript")
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        channel = await world.client.get(f"/embed/v1/{name}")
        assert channel.content == answer.content
        assert channel.headers["cache-control"].startswith("public, max-age=3600")


async def test_an_unchanged_script_is_not_sent_twice(world: World) -> None:
    for compression in ("gzip", "identity"):
        headers = {"Accept-Encoding": compression}
        first = await world.client.get("/embed/v1/undersigned.js", headers=headers)
        assert first.headers.get("content-encoding", "identity") == compression
        assert first.headers["vary"] == "Accept-Encoding, Sec-Fetch-Mode"
        headers["If-None-Match"] = first.headers["etag"]
        again = await world.client.get("/embed/v1/undersigned.js", headers=headers)
        assert (again.status_code, again.content) == (304, b"")


async def test_what_is_embedded_may_be_loaded_from_everywhere(world: World) -> None:
    for path in (
        "v1/undersigned.js",
        "v1/words/en.json",
        "v1/countries/en.json",
        "theme.css?accent=112233",
        "example/form",
    ):
        answer = await world.client.get(f"/embed/{path}")
        assert answer.status_code == 200, path
        assert answer.headers["access-control-allow-origin"] == "*"
        assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
        assert "set-cookie" not in answer.headers


async def test_there_is_nothing_else(world: World) -> None:
    for path in (
        "v9.9.9/undersigned.js",
        "v1/secrets.js",
        "v1/words/en",
        "v0.1.0/words/en.json",
        "v1/words/",
        "nothing/form",
        "example/nothing",
        "nothing/tally",
        "nothing/organisations",
    ):
        assert (await world.client.get(f"/embed/{path}")).status_code == 404, path


def frozen(directory: Path) -> dict[str, str]:
    """The hashes of all frozen scripts below a directory, in the form of its `integrity` file."""
    return {
        f"{release}/{name}": asset.integrity
        for release, assets in scripts.released(directory).items()
        for name, asset in assets.items()
    }


def recorded(directory: Path) -> dict[str, str]:
    lines = (directory / "integrity").read_text().splitlines()
    return dict(line.split(" ") for line in lines if not line.startswith("#"))


def test_frozen_scripts_are_what_partners_pinned(tmp_path: Path) -> None:
    kept = scripts.SOURCES / "released"
    assert frozen(kept) == recorded(kept)
    # The same check, where something is frozen, and where somebody touched it.
    (tmp_path / "v0.0.1").mkdir()
    (tmp_path / "v0.0.1" / "tally.js").write_text("1")
    [line] = frozen(tmp_path).items()
    (tmp_path / "integrity").write_text("# recorded\n" + " ".join(line) + "\n")
    assert frozen(tmp_path) == recorded(tmp_path)
    scripts.released.cache_clear()
    (tmp_path / "v0.0.1" / "tally.js").write_text("2")
    assert frozen(tmp_path) != recorded(tmp_path)


def keys_of(script: str) -> list[str]:
    """The names that a script gives to the sentences it is sent; empty where it knows one by its place alone."""
    [keys] = re.findall(r"KEYS ?= ?\((.*?)\)", script, re.DOTALL)
    return "".join(re.findall(r'"([^"]*)"', keys)).split(" ")


def test_every_script_knows_the_sentences_in_the_order_in_which_they_travel() -> None:
    order = list(wording.SENTENCES)
    assert keys_of((scripts.SOURCES / "keys.js").read_text()) == order
    kept = scripts.released(scripts.SOURCES / "released")
    for asset in [scripts.current()["undersigned.js"], *(files["undersigned.js"] for files in kept.values())]:
        script = asset.body.decode()
        known = keys_of(script)
        assert all(name in ("", meant) for name, meant in zip(known, order, strict=False))
        assert len(known) <= len(order)
        # What its code writes out is a place, or nothing that travels in this order.
        assert not {word for word in re.findall(r"\bwords\.(\w+)", script) if word in order} - set(known)


def test_a_sentence_that_is_written_out_in_the_code_is_served_as_its_place() -> None:
    script = scripts.joined(scripts.SCRIPTS["undersigned.js"])
    order = list(wording.SENTENCES)
    assert f"words[{order.index('read')}]" in script
    assert f"words[{order.index('failed')}]" in script
    assert keys_of(script)[order.index("statement_closed")] == "statement_closed"


def test_a_script_is_one_module_without_imports_or_anything_that_trusted_types_or_a_policy_forbid() -> None:
    for name in scripts.SCRIPTS:
        script = scripts.current()[name].body.decode()
        # The one that another loads when it is needed says what it is for; what is loaded is pinned by that other one.
        offers = ["export", "export"] if name == "proof.js" else []
        assert re.findall(r"(?:^|[;}\n])\s*(import|export)\b", script) == offers, name
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|cookie|Storage", script)
        # The frame's height is a policy's business only as an attribute: CSSOM may set it anywhere (CSP Level 3, 6.1.15).
        assert name in ("frame.js", "framed.js") or not re.search(r"\.style\b", script)


async def test_words_of_an_unknown_language_are_english(world: World) -> None:
    for asked in ("xx", "..", "en-GB", "EN"):
        words = (await world.client.get(f"/embed/v1/words/{asked}.json")).json()
        assert (words["language"], words["direction"], words["note"]) == ("en", "ltr", None)
        assert words["languages"] == {"en": "English"}


async def test_words_say_their_direction_and_that_nobody_reviewed_them(world: World) -> None:
    mirrored = (await world.client.get("/embed/v1/words/ar-XB.json")).json()
    assert (mirrored["language"], mirrored["direction"]) == ("ar-XB", "rtl")
    assert len(mirrored["sentences"]) == len(wording.SENTENCES)
    assert "{address}" in mirrored["sentences"][list(wording.SENTENCES).index("sent_to")]
    for language in languages.LANGUAGES:
        words = (await world.client.get(f"/embed/v1/words/{language}.json")).json()
        assert bool(words["note"]) == (languages.reviewer(language) is None), language
        assert words["languages"]["en"]


@pytest.mark.parametrize(
    ("language", "some"),
    [
        ("hu", ["Ausztria", "Ciprus", "Csehország", "Örményország", "Törökország", "Zambia"]),
        ("tr", ["Cezayir", "Çin", "Danimarka", "Irak", "İran", "Türkiye", "Zambiya"]),
        ("az", ["Ermənistan", "Estoniya", "Əfqanıstan", "Fransa", "Xorvatiya", "İran", "Kuba", "Qətər", "Laos"]),
        ("de", ["Afghanistan", "Ägypten", "Albanien", "Österreich", "Zypern"]),
        ("ru", ["Иран", "Йемен", "Кипр"]),
        ("hy", ["Ադրբեջան", "Հայաստան", "Ռուսաստան"]),
    ],
)  # fmt: skip
def test_countries_stand_where_a_reader_looks_for_them(language: str, some: list[str]) -> None:
    pairs = json.loads(scripts.country_names(language).body)
    names = [name for _, name in pairs]
    assert len(pairs) == 249 + 1  # ISO 3166-1, and Kosovo
    places = [names.index(name) for name in some]
    assert places == sorted(places)


async def test_a_partners_colour_gets_letters_that_can_be_read_on_it(world: World) -> None:
    for accent, on_it in {
        "4a2f85": "#fff",
        "ffcc00": "#000",
        "FFFFFF": "#000",
        "777777": "#000",
        "757575": "#fff",
    }.items():
        answer = await world.client.get("/embed/theme.css", params={"accent": accent})
        assert answer.headers["content-type"].startswith("text/css")
        assert f"--undersigned-accent: #{accent}; --undersigned-on-accent: {on_it};" in answer.text


async def test_what_is_no_colour_is_no_style(world: World) -> None:
    for accent in ("", "fff", "4a2f85;}", "red", "4a2f8g", "4a2f85\n", "../../../x"):
        assert (await world.client.get("/embed/theme.css", params={"accent": accent})).status_code == 400, accent
        asked = {"accent": accent, "theme": accent, "partner": accent}
        page = await world.client.get("/embed/example/form", params=asked)
        assert page.status_code == 200
        assert "theme.css" not in page.text


async def test_pages_for_iframes_may_be_framed_and_have_nothing_inline(world: World) -> None:
    for name in ("form", "tally", "organisations"):
        page = await world.client.get(f"/embed/example/{name}?lang=ar-XB&theme=dark&accent=112233")
        policy = page.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; script-src 'self';")
        assert "frame-ancestors" not in policy
        assert 'dir="rtl" class="dark"' in page.text
        assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?! type=\"module\" src=\"/embed/)", page.text)
    assert "frame-ancestors 'none'" in (await world.client.get("/s/example")).headers["content-security-policy"]


async def test_a_form_in_an_iframe_takes_a_signature_with_its_partner_and_language(world: World) -> None:
    await partners.add(world.db, "readers", "Readers' Society", "https://readers.org.uk", [])
    await world.refresh()
    url = "/embed/example/form?partner=readers&lang=hy"
    fields = {
        "kind": "individual",
        "name": "Ada Example",
        "email": "ada@example.org",
        "country": "HU",
        "objectives": "a",
    }
    answer = await world.client.post(url, data=fields)
    assert answer.status_code == 200
    assert "ada@example.org" in answer.text
    row = await world.db.pool.fetchrow("SELECT partner, locale, country FROM submission")
    assert row is not None
    assert tuple(row) == ("readers", "hy", "HU")


async def test_a_frame_that_names_its_partner_is_for_that_partner(world: World) -> None:
    await partners.add(world.db, "readers", "Readers' Society", "https://readers.org.uk", [])
    await partners.add(world.db, "writers", "Writers' Society", "https://writers.org.uk", [])
    await world.db.pool.execute("UPDATE statement SET embedding = 'partners', published_at = now()")
    await world.refresh()
    for named, framing in (("writers", 1), ("nobody", 2), ("", 2)):
        answer = await world.client.get("/embed/example/form", params={"partner": named})
        directive = answer.headers["content-security-policy"].partition("frame-ancestors ")[2]
        assert len(directive.split()) == 1 + 2 * framing
        assert "https://www.writers.org.uk" in directive


async def test_a_restricted_statement_is_framed_by_its_partners_only(world: World) -> None:
    await partners.add(world.db, "readers", "Readers' Society", "https://readers.org.uk", [])
    await world.db.pool.execute("UPDATE statement SET embedding = 'partners', published_at = now()")
    await world.refresh()
    for kind in ("form", "tally", "organisations"):
        policy = (await world.client.get(f"/embed/example/{kind}")).headers["content-security-policy"]
        assert policy.endswith("frame-ancestors 'self' https://readers.org.uk https://www.readers.org.uk")
    for origin, admitted in (("https://readers.org.uk", True), ("https://elsewhere.org", False), (None, True)):
        headers = {"Origin": origin} if origin else {}
        answer = await world.client.get("/v1/statements/example", headers=headers)
        assert (answer.json()["admitted"], answer.headers["vary"]) == (admitted, "Origin")


async def test_a_form_in_an_iframe_says_at_each_field_what_is_wrong_and_keeps_the_rest(world: World) -> None:
    fields = {"kind": "organisation", "name": "Rosa & Example", "email": "nobody", "organisation_name": "Readers"}
    answer = await world.client.post("/embed/example/form", data=fields)
    assert answer.status_code == 422
    assert answer.headers["cache-control"] == "no-store"
    wrong = set(re.findall(r'class="error" id="(\w+)-error"', answer.text))
    assert wrong == {"email", "role", "organisation_country"}
    assert 'value="Rosa &amp; Example"' in answer.text
    # The address leads to what came of it, and that stands where the button was.
    assert 'action="#news"' in answer.text
    assert answer.text.index('id="email"') < answer.text.index('id="news"') < answer.text.index('<button class="send"')
    for name in ("email", "role", "organisation_country"):
        assert f'<a href="#{name}">' in answer.text
        assert f'id="{name}"' in answer.text


async def test_a_form_in_an_iframe_keeps_what_was_typed_when_its_network_sent_too_much(world: World) -> None:
    fields = {"kind": "individual", "name": "Ada Example", "email": "ada@example.org"}
    world.limit(submit_budget_network=1)
    await world.client.post("/embed/example/form", data=fields)
    answer = await world.client.post("/embed/example/form", data=fields)
    assert answer.status_code == 429
    assert 'id="news" role="alert"' in answer.text
    assert "<p>Too much came from your network at once." in answer.text
    assert 'value="ada@example.org"' in answer.text
    assert "frame-ancestors" not in answer.headers["content-security-policy"]
