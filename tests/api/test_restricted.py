"""A statement may be for its partners' sites only: everywhere else visitors are told where its own page is."""

from tests.api.test_partners import FORM, READERS, SIGN, add, attributed, restrict
from tests.conftest import World
from tests.letters import person, token_of
from undersigned.settings import ROOT
from undersigned.statements import publishing


async def test_any_site_may_take_signatures_of_an_open_statement(world: World) -> None:
    assert (await world.client.get("/v1/statements/example")).json()["embedding"] == "open"
    for origin in ("https://anybody.example", "null"):
        answer = await world.client.post(SIGN, json=person(), headers={"Origin": origin})
        assert answer.status_code == 202


async def test_a_restricted_statement_refuses_other_sites_and_says_where_it_can_be_signed(world: World) -> None:
    await add(world, "readers", f"{READERS}/sign", "https://blog.readers.org.uk:8443")
    await restrict(world)
    assert (await world.client.get("/v1/statements/example")).json()["embedding"] == "partners"
    for origin in (
        "https://evil.example",
        "null",
        "http://www.readers.org.uk",
        "https://www.readers.org.uk:8443",
        "https://blog.readers.org.uk",
        "https://WWW.readers.org.uk",
        "https://sub.readers.org.uk",
        "https://readers.org.uk.",
        "http://127.0.0.1:8001",
    ):
        answer = await world.client.post(
            SIGN, json=person(), headers={"Origin": origin, "Sec-Fetch-Site": "cross-site"}
        )
        assert answer.status_code == 403, origin
        assert answer.headers["access-control-allow-origin"] == "*"
        problem = answer.json()
        assert problem["type"] == "urn:undersigned:problem:origin_refused"
        assert problem["statement_url"] == "http://127.0.0.1:8000/s/example"
        assert problem["statement_url"] in problem["detail"]
    assert await attributed(world) == []
    for origin in ("https://readers.org.uk", READERS, "https://blog.readers.org.uk:8443"):
        answer = await world.client.post(
            SIGN, json=person(), headers={"Origin": origin, "Sec-Fetch-Site": "cross-site"}
        )
        assert answer.status_code == 202, origin
    assert (await world.client.post(SIGN, json=person())).status_code == 202
    ours = await world.client.post(SIGN, json=person(), headers={"Origin": "http://127.0.0.1:8000"})
    assert ours.status_code == 202


async def test_a_refused_site_costs_its_network_nothing_and_needs_no_valid_body(world: World) -> None:
    await restrict(world)
    answer = await world.client.post(SIGN, json=person(email="?"), headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403


async def test_the_own_form_of_a_restricted_statement_works_and_a_strangers_leads_there(world: World) -> None:
    await restrict(world)
    # What browsers send from a page whose referrer policy is `no-referrer`, new ones and old ones.
    for own in ({"Origin": "null", "Sec-Fetch-Site": "same-origin"}, {"Origin": "null"}, {}):
        assert (await world.client.post("/s/example", data=FORM, headers=own)).status_code == 200
    for origin in ("https://evil.example", "null"):
        headers = {"Origin": origin, "Sec-Fetch-Site": "cross-site", "Accept": "text/html"}
        page = await world.client.post("/s/example", data=FORM, headers=headers)
        assert page.status_code == 403
        assert "on its own page, and on the sites of its partners only" in page.text
        assert 'action="/s/example#summary"' in page.text
    assert len(await attributed(world)) == 3


async def test_confirming_is_the_owners_and_restricted_nowhere(world: World) -> None:
    await restrict(world)
    await world.submit(person())
    [mail] = await world.send_mail()
    answer = await world.client.post(
        "/v1/confirmations",
        json={"token": token_of(mail), "consent": True},
        headers={"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
    )
    assert answer.json() == {"status": "counted"}


async def test_a_restricted_statement_is_published_as_such(world: World) -> None:
    home = world.settings.data_path / "example"
    home.mkdir()
    for file in (ROOT / "statements" / "example").iterdir():
        (home / file.name).write_bytes(file.read_bytes())
    toml = (home / "statement.toml").read_text()
    (home / "statement.toml").write_text(f'embedding = "partners"\n{toml}')
    assert await publishing.publish(world.db, home, world.settings.url)
    assert not await publishing.publish(world.db, home, world.settings.url)
    await world.refresh()
    assert (await world.client.get("/v1/statements/example")).json()["embedding"] == "partners"
    site = world.site
    assert site.partners.frame_ancestors(site.statements.get("example")) == "'self'"
    await add(world)
    restricted = site.partners.frame_ancestors(site.statements.get("example"))
    assert restricted == "'self' https://readers.org.uk https://www.readers.org.uk"
