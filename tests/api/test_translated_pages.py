"""What pages show of a translation: for information, with its translator, beside the original that binds."""

import hashlib
import re
from pathlib import Path

from tests.api.test_succession import FORMER, approve, manage, offer
from tests.api.test_translations import CONSENT, GERMAN, TOML, original, publish, shown, translated
from tests.conftest import World
from tests.letters import person, token_of


async def test_without_a_translation_the_page_says_so(world: World) -> None:
    page = (await world.client.get("/s/example?lang=de")).text
    assert "Englisch" in page
    assert only(page)
    assert not only((await world.client.get("/s/example?lang=en")).text)
    assert f'name="text_sha256" value="{await original(world)}"' in page


async def test_with_one_it_is_shown_under_the_banner_with_its_translator_and_both_hashes(
    world: World, home: Path
) -> None:
    sha256 = await translated(world, home)
    page = (await world.client.get("/s/example?lang=de")).text
    assert '<h1 lang="de"><bdi>Leisere Bibliotheken</bdi></h1>' in page
    assert 'class="banner"' in page
    assert "Greta Muster, sworn translator" in page
    assert page.index(sha256) < page.index(await original(world))
    assert page.index("Wir bitten jede Stadt") < page.index("We, the undersigned")
    assert f'name="text_sha256" value="{sha256}"' in page
    labels = page[page.index('id="endorse"') :]
    assert "Auch sonntags" in labels
    assert "reading room on Sundays" not in labels


async def test_an_original_in_another_language_follows_the_same_rule(world: World, home: Path) -> None:
    toml = (home / "statement.toml").read_text().replace('locale = "en"', 'locale = "de"')
    toml = toml.replace('contributions = ["experience", "resources", "knowledge"]\n', "")
    (home / "statement.toml").write_text(toml)
    (home / "en.md").rename(home / "english")
    (home / "de.md").write_text(GERMAN)
    assert await publish(world, home)
    assert "This text exists only in German" in (await world.client.get("/s/example?lang=en")).text
    (home / "statement.toml").write_text(toml + TOML.replace("translations.de", "translations.en"))
    (home / "english").rename(home / "en.md")
    assert await publish(world, home)
    page = (await world.client.get("/s/example?lang=en")).text
    assert "Translation for information; you endorse the German text" in page
    assert page.index("We, the undersigned") < page.index("Wir bitten jede Stadt")


async def test_in_the_originals_language_nothing_is_said_of_translations(world: World, home: Path) -> None:
    await translated(world, home)
    page = (await world.client.get("/s/example?lang=en")).text
    assert "Leisere" not in page
    assert 'class="banner"' not in page
    assert not only(page)


async def test_in_a_third_language_the_page_names_those_that_there_are(world: World, home: Path) -> None:
    await translated(world, home)
    page = (await world.client.get("/s/example?lang=en-XA")).text
    assert not only(page)
    page = (await world.client.get("/s/example?lang=fr")).text
    assert "anglais et allemand" in page
    assert "We, the undersigned" in page


async def test_whoever_signs_with_the_form_was_shown_what_the_page_showed(world: World, home: Path) -> None:
    sha256 = await translated(world, home)
    [shown_here] = re.findall(r'name="text_sha256" value="(\w+)"', (await world.client.get("/s/example?lang=de")).text)
    await translated(world, home, GERMAN + "\nKorrigiert.\n")
    form = {"kind": "individual", "name": "Ada", "email": "ada@example.org", "text_sha256": shown_here}
    assert (await world.client.post("/s/example?lang=de", data=form)).status_code == 200
    assert await shown(world) == [sha256]


async def test_a_form_of_another_text_is_shown_again(world: World) -> None:
    form = {"kind": "individual", "name": "Ada", "email": "ada@example.org", "text_sha256": "0" * 64}
    page = await world.client.post("/s/example", data=form)
    assert page.status_code == 422
    assert "This is not a text of this statement." in page.text
    assert await original(world) in page.text


async def test_the_consent_is_shown_translated_and_the_original_binds(world: World, home: Path) -> None:
    await translated(world, home, consent=True)
    await world.submit(person(objectives=["a"]))
    [mail] = await world.send_mail()
    link = f"/c/{token_of(mail)}"
    page = (await world.client.get(link, params={"lang": "de"})).text
    assert page.index("Ich bin 16 oder älter") < page.index("I am 16 or older")
    assert "Leisere Bibliotheken" in page
    assert "Auch sonntags" in page
    fields = dict(re.findall(r'type="hidden" name="(\w+)" value="(\w+)"', page))
    consent = CONSENT.format(sha256=await original(world))
    assert fields["consent_translation"] == hashlib.sha256(consent.encode()).hexdigest()
    wrong = await world.client.post(link, data=fields | {"name": "Ada", "consent_translation": "0" * 64})
    assert wrong.status_code == 409
    assert (await world.client.post(link, data=fields | {"name": "Ada"})).status_code == 200
    given = (await world.db.pool.fetchval("SELECT consent FROM signatory"))["endorse"]
    assert (given["text_sha256"], given["translation_sha256"]) == (fields["consent"], fields["consent_translation"])
    kept = await world.db.pool.fetchval("SELECT text FROM consent WHERE locale = 'de'")
    assert kept == consent


async def test_a_consent_that_was_corrected_while_its_page_was_open_is_still_accepted(world: World, home: Path) -> None:
    await translated(world, home, consent=True)
    await world.submit(person())
    [mail] = await world.send_mail()
    link = f"/c/{token_of(mail)}"
    page = (await world.client.get(link, params={"lang": "de"})).text
    fields = dict(re.findall(r'type="hidden" name="(\w+)" value="(\w+)"', page))
    toml = (home / "statement.toml").read_text()
    (home / "statement.toml").write_text(toml.replace("Schreiben Sie an", "Bitte schreiben Sie an"))
    assert await publish(world, home)
    assert (await world.client.post(link, data=fields | {"name": "Ada"})).status_code == 200
    assert "translation_sha256" in (await world.db.pool.fetchval("SELECT consent FROM signatory"))["endorse"]


async def test_a_successor_reads_the_consent_in_their_language_and_agrees_to_the_original(
    world: World, home: Path
) -> None:
    await translated(world, home, consent=True)
    await approve(world, FORMER)
    link = await offer(world, await manage(world, FORMER))
    page = (await world.client.get(link, params={"lang": "de"})).text
    assert page.index("Ich bin 16 oder älter") < page.index("I am 16 or older")
    fields = dict(re.findall(r'type="hidden" name="(\w+)" value="(\w+)"', page))
    form = fields | {"name": "Sam Successor", "role": "Director"}
    assert (await world.client.post(link, data=form | {"consent_translation": "0" * 64})).status_code == 409
    assert (await world.client.post(link, data=form)).status_code == 200
    given = (await world.db.pool.fetchval("SELECT consent FROM signatory"))["endorse"]
    assert (given["text_sha256"], given["translation_sha256"]) == (fields["consent"], fields["consent_translation"])


async def test_without_a_translated_consent_the_original_is_shown_and_said_to_be_the_only_one(
    world: World, home: Path
) -> None:
    await translated(world, home)
    await world.submit(person())
    [mail] = await world.send_mail()
    page = (await world.client.get(f"/c/{token_of(mail)}", params={"lang": "de"})).text
    consent = page[page.index('class="consent"') :]
    assert only(consent)
    assert "I am 16 or older" in consent
    assert "consent_translation" not in page


async def test_what_a_translator_wrote_is_text_and_never_markup(world: World, home: Path) -> None:
    await translated(world, home, GERMAN + "\n<script>alert(1)</script>\n")
    toml = (
        (home / "statement.toml").read_text().replace("Greta Muster", "<b>Greta</b>").replace("Leisere", "<i>Leisere")
    )
    (home / "statement.toml").write_text(toml)
    await publish(world, home)
    page = (await world.client.get("/s/example?lang=de")).text
    assert "<script>" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "<b>Greta" not in page
    assert "<i>Leisere" not in page


def only(page: str) -> bool:
    return 'class="only"' in page


async def test_pictures_and_lines_have_the_translated_title(world: World, home: Path) -> None:
    await translated(world, home)
    for language, title in (("de", "Leisere Bibliotheken"), ("fr", "Quieter libraries")):
        assert f">{title}</text>" in (await world.client.get(f"/v1/statements/example/badge.svg?lang={language}")).text
        assert title in (await world.client.get(f"/s/example/embed?language={language}")).text
        url = f"{world.settings.url}/s/example?lang={language}"
        assert (await world.client.get("/oembed", params={"url": url})).json()["title"] == title
