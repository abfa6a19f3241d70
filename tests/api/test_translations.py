"""Translations: for information beside the text that is endorsed; which text was shown is kept with the consent."""

import hashlib
import re
import shutil
from pathlib import Path

import pytest

from tests.conftest import World
from tests.letters import person, representative, text_of, token_of
from undersigned.errors import StatementChanged, StatementInvalid
from undersigned.settings import ROOT
from undersigned.signing import review
from undersigned.statements import publishing

GERMAN = """# Ein offener Brief für leisere Bibliotheken

Wir bitten jede Stadt:

- a) Auch sonntags einen Lesesaal zu öffnen
- b) Einen Raum ohne Bildschirme zu halten
- c) Zu verleihen, was beim Lesen hilft
"""
CONSENT = """Ich bin 16 oder älter und unterstütze den Text mit der SHA-256 {sha256}.

Schreiben Sie an privacy@controller.invalid."""
TOML = '\n[translations.de]\ntitle = "Leisere Bibliotheken"\ntranslator = "Greta Muster, sworn translator"\n'


async def publish(world: World, home: Path) -> bool:
    """Publishes the directory, and lets the running app take it over."""
    changed = await publishing.publish(world.db, home, world.settings.url)
    await world.site.statements.load(world.db)
    return changed


async def translated(world: World, home: Path, text: str = GERMAN, *, consent: bool = False) -> str:
    """Publishes the example with a German translation; returns the translation's hash."""
    toml = (ROOT / "statements" / "example" / "statement.toml").read_text() + TOML
    if consent:
        toml += f'consent = """{CONSENT.format(sha256=await original(world))}"""\n'
    (home / "statement.toml").write_text(toml)
    (home / "de.md").write_text(text)
    assert await publish(world, home)
    return hashlib.sha256(text.encode()).hexdigest()


async def original(world: World) -> str:
    sha256: str = (await world.client.get("/v1/statements/example")).json()["sha256"]
    return sha256


async def shown(world: World) -> list[str]:
    return [row["shown_sha256"].hex() for row in await world.db.pool.fetch("SELECT shown_sha256 FROM submission")]


async def managed(world: World, email: str = "ada@example.org") -> str:
    await world.client.post("/v1/statements/example/manage-links", json={"email": email})
    mails = [text_of(mail) for mail in await world.send_mail() if mail["To"] == email]
    links: list[str] = re.findall(r"/m/[\w.~-]+", "".join(mails))
    return links[0]


# What is published ----------------------------------------------------------------------------------------------------


async def test_a_translation_is_given_to_whoever_asks_for_its_language(world: World, home: Path) -> None:
    sha256 = await translated(world, home, consent=True)
    read = (await world.client.get("/v1/statements/example", params={"lang": "de-AT"})).json()
    assert read["translations"] == ["de"]
    translation = read["translation"]
    assert (translation["locale"], translation["title"]) == ("de", "Leisere Bibliotheken")
    assert (translation["text"], translation["sha256"]) == (GERMAN, sha256)
    assert translation["translator"] == "Greta Muster, sworn translator"
    assert [objective["key"] for objective in translation["objectives"]] == ["a", "b", "c"]
    assert "<h1>Ein offener Brief" in translation["html"]
    assert translation["consent_text"].startswith("Ich bin 16")
    assert read["text"] == (home / "en.md").read_text()
    assert "you endorse" not in read["consent_text"]
    assert "I endorse" in read["consent_text"]


@pytest.mark.parametrize("lang", ["", "en", "fr", "xx", "../de"])
async def test_in_other_languages_there_is_no_translation(world: World, home: Path, lang: str) -> None:
    await translated(world, home)
    read = (await world.client.get("/v1/statements/example", params={"lang": lang})).json()
    assert (read["translation"], read["translations"]) == (None, ["de"])


async def test_publishing_a_translation_twice_is_publishing_it_once(world: World, home: Path) -> None:
    await translated(world, home, consent=True)
    assert not await publish(world, home)


async def test_a_translation_can_be_corrected_after_somebody_signed_and_the_original_can_not(
    world: World, home: Path
) -> None:
    first = await translated(world, home)
    before = await original(world)
    await world.submit(person())
    second = await translated(world, home, GERMAN.replace("Wir bitten", "Wir bitten herzlich"))
    read = (await world.client.get("/v1/statements/example", params={"lang": "de"})).json()
    assert (read["sha256"], read["translation"]["sha256"]) == (before, second)
    assert (await world.submit(person(text_sha256=first))).status_code == 202
    (home / "en.md").write_text((home / "en.md").read_text() + "More.\n")
    with pytest.raises(StatementChanged):
        await publish(world, home)


async def test_a_correction_can_be_undone_and_a_title_corrected(world: World, home: Path) -> None:
    first = await translated(world, home)
    await translated(world, home, GERMAN + "\nMehr.\n")
    assert await translated(world, home) == first
    toml = (home / "statement.toml").read_text()
    (home / "statement.toml").write_text(toml.replace("Leisere Bibliotheken", "Leise Bibliotheken"))
    assert await publish(world, home)
    translation = (await world.client.get("/v1/statements/example?lang=de")).json()["translation"]
    assert (translation["title"], translation["sha256"]) == ("Leise Bibliotheken", first)
    assert await world.db.pool.fetchval("SELECT count(*) FROM translation WHERE retired_at IS NULL") == 1


async def test_texts_filed_under_each_others_language_can_be_swapped(world: World, home: Path) -> None:
    (home / "fr.md").write_text(GERMAN.replace("Wir", "Nous"))
    (home / "statement.toml").write_text(
        (home / "statement.toml").read_text() + TOML.replace("translations.de", "translations.fr")
    )
    (home / "de.md").write_text(GERMAN)
    (home / "statement.toml").write_text((home / "statement.toml").read_text() + TOML)
    assert await publish(world, home)
    (home / "fr.md").rename(home / "x")
    (home / "de.md").rename(home / "fr.md")
    (home / "x").rename(home / "de.md")
    assert await publish(world, home)
    for lang, word in (("de", "Nous"), ("fr", "Wir")):
        read = (await world.client.get("/v1/statements/example", params={"lang": lang})).json()
        assert word in read["translation"]["text"]


async def test_a_translation_taken_away_is_shown_no_more_and_stays_known(world: World, home: Path) -> None:
    sha256 = await translated(world, home)
    (home / "de.md").unlink()
    shutil.copy(ROOT / "statements" / "example" / "statement.toml", home / "statement.toml")
    assert await publish(world, home)
    read = (await world.client.get("/v1/statements/example?lang=de")).json()
    assert (read["translation"], read["translations"]) == (None, [])
    assert (await world.submit(person(text_sha256=sha256))).status_code == 202
    assert await shown(world) == [sha256]


async def test_the_translation_of_a_text_that_was_replaced_is_no_text_of_the_statement(
    world: World, home: Path
) -> None:
    sha256 = await translated(world, home)
    (home / "en.md").write_text((home / "en.md").read_text().replace("every town", "every city"))
    (home / "de.md").write_text(GERMAN + "\nNeu.\n")
    assert await publish(world, home)
    assert (await world.submit(person(text_sha256=sha256))).status_code == 422


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ('translator = "Greta Muster, sworn translator"\n', "", "translator"),
        ('title = "Leisere Bibliotheken"\n', "", "title"),
        (TOML, "", "translations.de"),
        ("- c) Zu verleihen, was beim Lesen hilft\n", "", "a, b; the original has a, b, c"),
    ],
)
async def test_a_translation_nobody_vouches_for_or_with_other_letters_is_refused(
    world: World, home: Path, old: str, new: str, named: str
) -> None:
    toml = (home / "statement.toml").read_text() + TOML
    (home / "statement.toml").write_text(toml.replace(old, new))
    (home / "de.md").write_text(GERMAN.replace(old, new))
    with pytest.raises(StatementInvalid, match=re.escape(named)):
        await publish(world, home)
    assert (await world.client.get("/v1/statements/example")).json()["translations"] == []


@pytest.mark.parametrize("lacking", ["privacy@controller.invalid", "{sha256}"])
async def test_a_consent_that_speaks_of_another_text_or_controller_is_refused(
    world: World, home: Path, lacking: str
) -> None:
    consent = CONSENT.replace(lacking, "x").format(sha256=await original(world))
    (home / "statement.toml").write_text((home / "statement.toml").read_text() + TOML + f'consent = """{consent}"""\n')
    (home / "de.md").write_text(GERMAN)
    with pytest.raises(StatementInvalid, match="lacks"):
        await publish(world, home)


# What was shown -------------------------------------------------------------------------------------------------------


async def test_whoever_names_no_text_was_shown_the_original(world: World, home: Path) -> None:
    await translated(world, home)
    await world.submit(person())
    assert await shown(world) == [await original(world)]


async def test_the_text_that_was_shown_is_kept_through_confirming_and_in_the_download(world: World, home: Path) -> None:
    sha256 = await translated(world, home)
    await world.submit(person(text_sha256=sha256))
    assert await shown(world) == [sha256]
    [mail] = await world.send_mail()
    assert (await world.confirm(token_of(mail), updates=True)).json() == {"status": "counted"}
    assert await world.count() == (1, 0)
    link = await managed(world)
    consent = (await world.client.get(f"{link}/data.json")).json()["consent"]
    assert consent["endorse"]["shown_sha256"] == sha256
    assert "translation_sha256" not in consent["endorse"]
    page = (await world.client.get(link)).text
    assert f"a translation (German), {sha256[:16]}…" in page


async def test_the_original_is_what_is_endorsed_whatever_was_shown(world: World, home: Path) -> None:
    sha256 = await translated(world, home, consent=True)
    for email, text in (("ada@example.org", sha256), ("bela@example.org", await original(world))):
        await world.submit(person(email, text_sha256=text))
    for mail in await world.send_mail():
        await world.confirm(token_of(mail))
    await world.count()
    consents = [row["consent"]["endorse"] for row in await world.db.pool.fetch("SELECT consent FROM signatory")]
    consent = await world.db.pool.fetchval("SELECT consent_sha256 FROM statement WHERE slug = 'example'")
    assert {given["text_sha256"] for given in consents} == {consent.hex()}
    assert {given["shown_sha256"] for given in consents} == {sha256, await original(world)}
    opened = await world.db.pool.fetchval("SELECT entry FROM log_entry WHERE index = 0")
    assert await original(world) in opened
    link = await managed(world, "bela@example.org")
    assert "the original (English), " in (await world.client.get(link)).text


async def test_an_organisation_that_is_looked_at_keeps_which_text_was_shown(world: World, home: Path) -> None:
    sha256 = await translated(world, home)
    await world.submit(representative(text_sha256=sha256))
    [mail] = await world.send_mail()
    await world.confirm(token_of(mail))
    await review.approve(world.db, (await review.held(world.db))[0].id, "console")
    consent = await world.db.pool.fetchval("SELECT consent FROM signatory")
    assert consent["endorse"]["shown_sha256"] == sha256


async def test_a_text_that_is_none_of_the_statements_is_a_fault_at_its_field(world: World, home: Path) -> None:
    await translated(world, home)
    answer = await world.submit(person(text_sha256="0" * 64, email="nobody"))
    assert answer.status_code == 422
    faults = {fault["pointer"]: fault for fault in answer.json()["errors"]}
    assert set(faults) == {"/text_sha256", "/email"}
    assert faults["/text_sha256"]["code"] == "text_unknown"
    assert faults["/text_sha256"]["detail"] == "This is not a text of this statement."
    assert await shown(world) == []


@pytest.mark.parametrize("text", ["", "x", "A" * 64, "0" * 63, "0" * 65, "0" * 64 + "\n", 7, ["0" * 64]])
async def test_what_is_no_hash_is_an_invalid_field(world: World, text: object) -> None:
    answer = await world.submit(person(text_sha256=text))
    assert answer.status_code == 422
    assert [(fault["pointer"], fault["code"]) for fault in answer.json()["errors"]] == [("/text_sha256", "invalid")]


# What the pages show --------------------------------------------------------------------------------------------------
