"""An organisation's way: identity, proof, a look before it counts, and both outcomes by mail."""

import argparse
import base64
import re
from email.message import EmailMessage
from uuid import UUID

import pytest

from tests.conftest import World
from tests.letters import representative, text_of, token_of
from undersigned.console import review as console_review
from undersigned.errors import ClaimNotFound, EndorsementRejected
from undersigned.log import receipts
from undersigned.signing import endorsements, review


async def hold(world: World, email: str = "rep@readers.org.uk", **changes: object) -> str:
    """Submits and confirms for an organisation; returns the token."""
    await world.submit(representative(email, **changes))
    mail = next(mail for mail in await world.send_mail() if mail["To"] == email)
    answer = await world.confirm(token_of(mail))
    assert answer.json() == {"status": "held"}
    return token_of(mail)


def quoted(mail: EmailMessage) -> str:
    """The text of a mail without the marks that quote a reason in it, in one line."""
    return " ".join(text_of(mail).replace("> ", "").split())


async def waiting(world: World) -> list[UUID]:
    return [claim.id for claim in await review.held(world.db)]


async def test_an_approved_organisation_is_counted_and_its_representative_told(world: World) -> None:
    token = await hold(world)
    assert await world.count() == (0, 0)
    assert await world.db.pool.fetchval("SELECT held_count FROM tally WHERE statement = 'example'") == 1
    [claim] = await waiting(world)
    assert await review.approve(world.db, claim, "console") == "counted"
    assert await world.count() == (0, 1)
    [mail] = await world.send_mail()
    assert "counts" in mail["Subject"]
    assert (await world.confirm(token)).json() == {"status": "already_confirmed"}
    row = await world.db.pool.fetchrow("SELECT name, website, identity, proof FROM organisation")
    assert row is not None
    assert tuple(row) == ("Readers' Society", "https://readers.org.uk", "domain:readers.org.uk", "domain")
    await world.client.post(f"/w/{token_of(mail, 'w')}")
    assert await world.count() == (0, 0)
    assert await world.db.pool.fetchval("SELECT count(*) FROM organisation") == 0


async def test_a_rejected_claim_is_mailed_its_reason_and_does_not_block_the_organisation(world: World) -> None:
    await hold(world)
    [claim] = await waiting(world)
    await review.reject(world.db, claim, "console", "We could not reach you under the number on your website.")
    [mail] = await world.send_mail()
    assert "could not reach you" in text_of(mail).replace("\n", " ")
    assert await waiting(world) == []
    with pytest.raises(ClaimNotFound):
        await review.reject(world.db, claim, "console", "Again")
    await hold(world, "chair@readers.org.uk")
    [claim] = await waiting(world)
    assert await review.approve(world.db, claim, "console") == "counted"


async def test_rival_claims_wait_side_by_side(world: World) -> None:
    await hold(world, "one@readers.org.uk")
    await hold(world, "impostor@gmail.com")
    claims = await review.held(world.db, "example")
    assert [claim.rival_count for claim in claims] == [1, 1]
    assert [claim.organisation.proof for claim in claims if claim.organisation] == ["domain", "none"]
    await review.approve(world.db, claims[0].id, "console")
    [rival] = await review.held(world.db)
    assert rival.counted_already
    await world.send_mail()
    assert await review.approve(world.db, rival.id, "console") == "already_confirmed"
    assert await world.count() == (0, 1)
    [told] = await world.send_mail()
    assert told["To"] == "impostor@gmail.com"
    assert "counted already" in quoted(told)
    assert "If yours is another one that shares the website" in quoted(told)
    await hold(world, "third@readers.org.uk")
    assert len(await waiting(world)) == 1


NEW = {"name": "Readers' Society", "website": "https://writers.org.uk", "country": "GB"}


async def rejected(world: World) -> str:
    """Has an organisation counted and then rejected; returns the token of its claim."""
    token = await hold(world)
    await review.approve(world.db, (await waiting(world))[0], "console")
    await world.count()
    endorsement_id = await world.db.pool.fetchval("SELECT id FROM endorsement")
    assert await endorsements.reject(world.db, endorsement_id, "fraud", "There is no such society.", "console")
    await world.count()
    await world.send_mail()
    return token


async def looks(world: World, email: str, **changes: object) -> list[str]:
    """All that a claim's link shows: the page, the answer, what waits, and what is left of it once it was taken back."""
    await world.submit(representative(email, **changes))
    [mail] = await world.send_mail()
    token = token_of(mail)
    seen = [(await world.client.get(f"/c/{token}")).text, (await world.confirm(token)).text]
    seen.append((await world.client.get(f"/c/{token}")).text)
    seen.append((await world.client.post(f"/c/{token}/deny")).text)
    seen.append((await world.client.get(f"/c/{token}")).text)
    return [each.replace(token, "TOKEN").replace("writers.org.uk", "readers.org.uk") for each in seen]


async def test_a_rejected_organisation_and_a_new_one_look_alike_until_a_person_looks(world: World) -> None:
    token = await rejected(world)
    assert await looks(world, "rep@readers.org.uk") == await looks(world, "rep@writers.org.uk", organisation=NEW)
    assert "This link has expired" in (await world.client.get(f"/c/{token}")).text
    await hold(world)
    await hold(world, "rep@writers.org.uk", organisation=NEW)
    first, second = await review.held(world.db)
    assert (first.rejected_before, second.rejected_before) == (True, False)
    with pytest.raises(EndorsementRejected):
        await review.approve(world.db, first.id, "console")
    assert await review.approve(world.db, second.id, "console") == "counted"
    assert await world.count() == (0, 1)


async def test_with_domain_proof_a_rejected_organisation_waits_for_a_look(world: World) -> None:
    await rejected(world)
    await world.db.pool.execute("UPDATE statement SET policy = 'domain_proof', published_at = now()")
    await world.refresh()
    await hold(world)
    [claim] = await review.held(world.db)
    assert (claim.hold_reason, claim.rejected_before) == ("rejected_before", True)


async def test_a_representative_takes_a_held_claim_back(world: World) -> None:
    token = await hold(world)
    page = await world.client.get(f"/c/{token}")
    assert f'action="/c/{token}/deny?lang=en"' in page.text
    assert "It is deleted" in (await world.client.post(f"/c/{token}/deny")).text
    assert await waiting(world) == []
    assert await world.db.pool.fetchval("SELECT count(*) FROM submission") == 0


async def test_with_domain_proof_a_mailbox_at_the_domain_is_enough_and_free_mail_is_not(world: World) -> None:
    await world.db.pool.execute(
        "UPDATE statement SET policy = 'domain_proof', published_at = now() WHERE slug = 'example'"
    )
    app_state = world.site
    await app_state.statements.load(world.db)
    await world.submit(representative("rep@mail.readers.org.uk"))
    [mail] = await world.send_mail()
    assert (await world.confirm(token_of(mail))).json() == {"status": "counted"}
    await hold(world, "someone@gmail.com", organisation={"name": "Gmail Club", "website": "gmail.com", "country": "GB"})


@pytest.mark.parametrize("name", ["Readers, see evil.com", "Call 0800 123 4567", "Readers " * 11])
async def test_a_name_that_could_lead_elsewhere_is_always_looked_at(
    world: World, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    await world.db.pool.execute(
        "UPDATE statement SET policy = 'domain_proof', published_at = now() WHERE slug = 'example'"
    )
    app_state = world.site
    await app_state.statements.load(world.db)
    body = {"name": name, "website": "https://readers.org.uk", "country": "GB"}
    await hold(world, "rep@readers.org.uk", organisation=body)
    [claim] = await review.held(world.db)
    assert claim.hold_reason == "name_calls_elsewhere"
    await console_review.waiting(world.db, world.settings, argparse.Namespace(statement=None))
    assert "never quoted in mails" in capsys.readouterr().out
    assert await review.approve(world.db, claim.id, "console") == "counted"


async def test_a_reason_of_the_programs_own_is_told_in_the_language_of_whoever_it_is_told_to(world: World) -> None:
    await hold(world, "one@readers.org.uk")
    await hold(world, "two@readers.org.uk", locale="de")
    for claim in await waiting(world):
        await review.approve(world.db, claim, "console")
    [told] = [mail for mail in await world.send_mail() if mail["To"] == "two@readers.org.uk"]
    assert "ist schon gezählt" in quoted(told)
    await hold(world, "three@readers.org.uk", locale="de")
    [claim] = await waiting(world)
    await review.reject(world.db, claim, "console", "50 % of it was {made} up %(name)s")
    [told] = await world.send_mail()
    assert "50 % of it was {made} up %(name)s" in quoted(told)


async def test_a_rival_whose_mailbox_is_proof_enough_is_not_told_that_it_is_counted(world: World) -> None:
    await world.db.pool.execute(
        "UPDATE statement SET policy = 'domain_proof', published_at = now() WHERE slug = 'example'"
    )
    app_state = world.site
    await app_state.statements.load(world.db)
    await world.submit(representative("one@readers.org.uk"))
    [first] = await world.send_mail()
    await world.submit(representative("two@readers.org.uk"))
    [second] = await world.send_mail()
    await world.confirm(token_of(first))
    link = f"/c/{token_of(second)}"
    [consent] = re.findall(r'name="consent" value="(\w+)"', (await world.client.get(link)).text)
    page = await world.client.post(link, data={"consent": consent, "name": "Rosa"})
    assert "shares the website" in page.text
    assert await world.count() == (0, 1)


async def test_two_ministries_are_counted_as_two(world: World) -> None:
    for host in ("mfa.gov.hu", "nav.gov.hu"):
        body = {"name": "Minisztérium", "website": f"https://{host}", "country": "HU"}
        await hold(world, f"info@{host}", organisation=body)
    for claim in await waiting(world):
        assert await review.approve(world.db, claim, "console") == "counted"
    assert await world.count() == (0, 2)


async def test_what_is_pasted_with_an_address_a_role_or_a_website_and_is_not_seen_is_left_out(world: World) -> None:
    body = {
        "name": "Readers\u2019 Soc\u00adiety\r\n",
        "website": "\u200bhttps://readers.org.uk/\ufeff\n",
        "country": "GB",
    }
    answer = await world.submit(
        representative(
            "\u2068rep@\u00adreaders.org.uk\u2069\n", name="Rosa\tExample\u200b", role="Chair\nof it", organisation=body
        )
    )
    assert answer.status_code == 202
    row = await world.db.pool.fetchrow(
        "SELECT address, name, role, organisation ->> 'name', organisation ->> 'website' FROM submission"
    )
    assert row is not None
    assert tuple(row) == (
        "rep@readers.org.uk",
        "Rosa Example",
        "Chair of it",
        "Readers\u2019 Society",
        "https://readers.org.uk/",
    )


@pytest.mark.parametrize(
    ("role", "code"),
    [
        ("", "required"),
        ("\u200b", "required"),
        ("x" * 101, "too_long"),
        ("ʼ", "name_characters"),
        ("@chair", "name_link"),
    ],
)
async def test_a_role_is_checked_as_names_are(world: World, role: str, code: str) -> None:
    answer = await world.submit(representative(role=role))
    assert [(fault["pointer"], fault["code"]) for fault in answer.json()["errors"]] == [("/role", code)]


async def test_the_trail_says_who_decided_what(world: World) -> None:
    await hold(world)
    [claim] = await waiting(world)
    await review.approve(world.db, claim, "console")
    row = await world.db.pool.fetchrow("SELECT actor, action, detail FROM trail")
    assert row is not None
    assert tuple(row) == ("console", "approve", "counted")


async def test_every_counted_organisation_is_listed_with_what_opens_its_entry(world: World) -> None:
    await hold(world)
    await hold(
        world, "x@gmail.com", organisation={"name": "Book Club", "country": "HU", "contributions": ["knowledge"]}
    )
    for claim in await waiting(world):
        await review.approve(world.db, claim, "console")
    assert await world.count() == (0, 2)
    listed = (await world.client.get("/v1/statements/example/organisations")).json()
    assert listed["next"] is None
    assert {entry["name"] for entry in listed["organisations"]} == {"Readers' Society", "Book Club"}
    statement = (await world.client.get("/v1/statements/example")).json()
    for entry in listed["organisations"]:
        opening = receipts.Opening("127.0.0.1:8000/log/example", bytes.fromhex(statement["sha256"]), "organisation",
                                   entry["identity"], base64.b64decode(entry["salt"]))  # fmt: skip
        published = await world.db.pool.fetchval("SELECT entry FROM log_entry WHERE index = $1", entry["log_index"])
        assert opening.entry.decode() == published
    assert "gmail" not in str(listed)
    last = listed["organisations"][-1]["log_index"]
    answer = await world.client.get("/v1/statements/example/organisations", params={"after": last})
    assert answer.json()["organisations"] == []
    bad = await world.client.get("/v1/statements/example/organisations", params={"after": "x"})
    assert (bad.status_code, bad.json()["type"]) == (400, "urn:undersigned:problem:malformed_request")
