"""What the contract promises of every answer: problems with every bad field, CORS, ETags, and never a 5xx for bad input."""

import msgspec
import pytest

from tests.conftest import World
from tests.letters import person, representative

URL = "/v1/statements/example/endorsements"


async def test_every_bad_field_is_named_at_once(world: World) -> None:
    answer = await world.submit(
        {
            "kind": "individual",
            "name": "see www.spam.example",
            "email": "nobody",
            "country": "XX",
            "objectives": ["a", "z"],
            "favourite_colour": "blue",
            "locale": 7,
        }
    )
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["type"] == "urn:undersigned:problem:invalid_fields"
    assert {(error["pointer"], error["code"]) for error in problem["errors"]} == {
        ("/favourite_colour", "unknown_field"),
        ("/locale", "invalid"),
        ("/name", "name_link"),
        ("/email", "email_invalid"),
        ("/country", "country_unknown"),
        ("/objectives/1", "objective_unknown"),
    }
    answer = await world.submit({})
    assert {(error["pointer"], error["code"]) for error in answer.json()["errors"]} == {
        ("/kind", "required"),
        ("/name", "required"),
        ("/email", "required"),
    }


async def test_an_organisations_bad_fields_are_named_too(world: World) -> None:
    organisation = {"name": "\u202eevil", "website": "not a site", "country": "ZZ"}
    answer = await world.submit(representative(role="", organisation=organisation))
    assert {(error["pointer"], error["code"]) for error in answer.json()["errors"]} == {
        ("/role", "required"),
        ("/organisation/name", "name_characters"),
        ("/organisation/website", "website_invalid"),
        ("/organisation/country", "country_unknown"),
    }
    answer = await world.submit(person(role="Chair", organisation={"name": "X", "country": "GB"}))
    assert [error["code"] for error in answer.json()["errors"]] == ["individual_only", "individual_only"]


HOSTILE = [
    b"",
    b"{",
    b"[]",
    b"null",
    b"\xff\xfe",
    b'"\\ud800"',
    b'{"kind":"individual"',
    b"{" * 5000,
    b"[" * 16000,
    b'{"kind":"individual","name":"\\u0000","email":"a@example.org"}',
    b'{"kind":"individual","name":"A","email":"a@\\u0000.org"}',
    b'{"kind":"organisation","name":"Ada","email":"ada@example.org","role":"\\u0000","organisation":{"name":"A","country":"GB"}}',
    b'{"kind":"organisation","name":"Ada","email":"ada@example.org","role":"x","organisation":{"name":"A","country":"GB","website":"https://a.org/\\u0000"}}',
    b'{"kind":"organisation","name":"Ada","email":"ada@example.org","role":"x","organisation":{"name":"A","country":"GB","website":"http://[::1"}}',
    b'{"kind":["individual"],"name":{},"email":[],"objectives":{},"organisation":[]}',
    b'{"kind":"individual","name":"Ada","email":"ada@example.org","locale":"en\\u0000"}',
    b'{"kind":"individual","kind":"organisation","name":"Ada","email":1e999}',
]


@pytest.mark.parametrize("body", HOSTILE, ids=range(len(HOSTILE)))
async def test_hostile_bytes_are_the_senders_fault(world: World, body: bytes) -> None:
    for url in (URL, "/v1/confirmations"):
        answer = await world.client.post(url, content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code in (400, 413, 422), answer.text
        assert answer.headers["content-type"] == "application/problem+json"
    for url in ("/s/example", "/c/x", "/w/x", "/n/x", "/stop/x"):
        assert (await world.client.post(url, content=body)).status_code in (400, 413, 422)


async def test_a_body_over_16_kib_is_refused(world: World) -> None:
    answer = await world.submit(person(subject="x" * 17_000))
    assert (answer.status_code, answer.json()["type"]) == (413, "urn:undersigned:problem:body_too_large")


async def test_names_in_many_scripts_are_kept_as_they_are(world: World) -> None:
    names = [
        "Արամ Խաչատրյան",
        "Əliyev Ülvi",
        "Пётр Чайковский",
        "می\u200cخواهم",
        "Kőrösi Csoma Sándor",
        "Nguyễn Thị Hạnh",
        "O'Neill-Smith Jr.",
    ]
    for place, name in enumerate(names):
        assert (await world.submit(person(f"n{place}@example.org", name=name))).status_code == 202
    kept = {row["name"] for row in await world.db.pool.fetch("SELECT name FROM submission")}
    assert kept == set(names)


async def test_every_public_answer_is_open_to_every_origin_errors_and_preflight_included(world: World) -> None:
    preflight = await world.client.options(
        URL,
        headers={
            "Origin": "https://partner.example",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "baggage,content-type,traceparent",
        },
    )
    assert preflight.status_code == 204
    assert preflight.headers["access-control-allow-headers"] == "*"
    assert "POST" in preflight.headers["access-control-allow-methods"]
    answers = [
        preflight,
        await world.submit(person()),
        await world.submit({}),
        await world.submit(person(), "unknown"),
        await world.client.get("/v1/statements/example/tally"),
        await world.client.get("/v1/nothing"),
        await world.client.delete(URL),
        await world.client.post(URL, content=b"{"),
    ]
    assert {answer.headers.get("access-control-allow-origin") for answer in answers} == {"*"}
    admin = await world.client.get(
        "/v1/admin/statements/example/endorsements", headers={"Origin": "https://partner.example"}
    )
    assert admin.status_code == 401
    assert "access-control-allow-origin" not in admin.headers


async def test_an_unknown_address_or_method_is_a_problem_too(world: World) -> None:
    for answer, status in ((await world.client.get("/v1/nothing"), 404), (await world.client.delete(URL), 405)):
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"
    page = await world.client.get("/nothing", headers={"Accept": "text/html"})
    assert page.status_code == 404
    assert page.headers["content-type"].startswith("text/html")


async def test_a_tally_says_whether_its_statement_is_open(world: World) -> None:
    told = []
    for times in ("opens_at = now() + interval '1 day'", "opens_at = NULL", "closes_at = now() - interval '1 second'"):
        await world.db.pool.execute(f"UPDATE statement SET {times}, published_at = now()")
        await world.refresh()
        answer = await world.client.get("/v1/statements/example/tally")
        told.append((answer.json()["state"], answer.headers["etag"]))
    assert [state for state, _ in told] == ["upcoming", "open", "closed"]
    assert len({tag for _, tag in told}) == 3


async def test_an_unchanged_tally_is_answered_304(world: World) -> None:
    first = await world.client.get("/v1/statements/example/tally")
    etag = first.headers["etag"]
    assert "s-maxage" in first.headers["cache-control"]
    for tag in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        again = await world.client.get("/v1/statements/example/tally", headers={"If-None-Match": tag})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == etag
        assert again.headers["access-control-allow-origin"] == "*"
    assert (
        await world.client.get("/v1/statements/example/tally", headers={"If-None-Match": '"other"'})
    ).status_code == 200


async def test_numbers_are_written_as_the_language_writes_them(world: World) -> None:
    await world.db.pool.execute("UPDATE tally SET individual_count = 12345, as_of = now() WHERE statement = 'example'")
    site = world.site
    await site.tallies.refresh(world.db)
    written = {}
    for language in ("en", "de", "hu", "xx"):
        tally = (await world.client.get("/v1/statements/example/tally", params={"lang": language})).json()
        written[tally["formatted"]["language"]] = tally["formatted"]["individuals"]
    assert written == {"en": "12,345", "de": "12.345", "hu": "12\xa0345"}


async def test_a_spent_network_budget_says_when_to_come_back(world: World) -> None:
    world.limit(submit_budget_network=2)
    answers = [await world.submit(person(f"n{n}@example.org")) for n in range(4)]
    assert [answer.status_code for answer in answers] == [202, 202, 429, 429]
    assert 1 <= int(answers[2].headers["retry-after"]) <= 3600


async def test_a_statement_outside_its_times_takes_no_endorsement(world: World) -> None:
    site = world.site
    for times, code in (
        ("opens_at = now() + interval '1 day', closes_at = NULL", "statement_not_open"),
        ("opens_at = NULL, closes_at = now()", "statement_closed"),
    ):
        await world.db.pool.execute(f"UPDATE statement SET {times} WHERE slug = 'example'")
        await site.statements.load(world.db)
        answer = await world.submit(person())
        assert (answer.status_code, answer.json()["type"]) == (409, f"urn:undersigned:problem:{code}")
        page = await world.client.post(
            "/s/example",
            data={"kind": "individual", "name": "Ada", "email": "a@example.org"},
            headers={"Accept": "text/html"},
        )
        assert page.status_code == 409


async def test_the_statement_is_published_with_the_hash_of_its_text(world: World) -> None:
    import hashlib

    published = (await world.client.get("/v1/statements/example")).json()
    assert hashlib.sha256(published["text"].encode()).hexdigest() == published["sha256"]
    assert [objective["key"] for objective in published["objectives"]] == ["a", "b", "c"]
    assert "political opinion" in published["consent_text"]
    assert msgspec.json.encode(published)
