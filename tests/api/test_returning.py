"""Endorsers who come back without their mail: a page mails them a link, and tells nobody who endorsed."""

from tests.conftest import World
from tests.letters import person, representative, text_of, token_of
from undersigned.signing import review

FORM = {"kind": "individual", "email": "ada@example.org", "organisation_name": "", "organisation_website": "",
        "organisation_country": ""}  # fmt: skip


async def test_whoever_endorsed_gets_a_link_and_others_hear_that_nothing_is_held(world: World) -> None:
    await world.submit(person())
    [mail] = await world.send_mail()
    await world.confirm(token_of(mail))
    await world.send_mail()
    pages = []
    for address in ("ada@example.org", "bob@example.org"):
        page = await world.client.post("/s/example/manage", data=FORM | {"email": address})
        assert page.status_code == 200
        pages.append(page.text.replace(address, "…"))
    assert pages[0] == pages[1]
    told = {mail["To"]: mail for mail in await world.send_mail()}
    assert "Withdraw this endorsement" in (await world.client.get(f"/m/{token_of(told['ada@example.org'], 'm')}")).text
    assert "/m/" not in text_of(told["bob@example.org"])


async def test_a_representative_names_the_organisation(world: World) -> None:
    await world.submit(representative())
    [mail] = await world.send_mail()
    await world.confirm(token_of(mail))
    [claim] = await review.held(world.db, "example")
    await review.approve(world.db, claim.id, "a test")
    await world.send_mail()
    form = FORM | {"kind": "organisation", "email": "rep@readers.example.org", "organisation_name": "Readers",
                   "organisation_website": "https://www.readers.org.uk/about", "organisation_country": "GB"}  # fmt: skip
    assert (await world.client.post("/s/example/manage", data=form)).status_code == 200
    [mail] = await world.send_mail()
    assert "Readers" in (await world.client.get(f"/m/{token_of(mail, 'm')}")).text


async def test_a_bad_address_is_asked_for_again_in_the_language_of_the_page(world: World) -> None:
    page = await world.client.post("/s/example/manage?lang=en-XA", data=FORM | {"email": "ada"})
    assert (page.status_code, page.headers["cache-control"]) == (422, "no-store")
    assert 'value="ada"' in page.text
    assert "Thi\u0301is i\u0301is no\u0301ot a\u0301an e\u0301e-ma\u0301ai\u0301il a\u0301addre\u0301ess" in page.text
    assert await world.send_mail() == []


async def test_a_mail_and_its_pages_speak_the_language_of_the_form(world: World) -> None:
    form = {"kind": "individual", "name": "Ada Example", "email": "ada@example.org", "subject": ""}
    await world.client.post("/s/example?lang=ar-XB", data=form)
    [mail] = await world.send_mail()
    assert mail["Content-Language"] == "ar-XB"
    link = next(word for word in text_of(mail).split() if "/c/" in word)
    page = await world.client.get(link)
    assert '<html lang="ar-XB" dir="rtl">' in page.text
