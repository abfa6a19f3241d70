"""Forms: flat fields become a signing body, whatever a browser or an attacker sends."""

from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from undersigned.errors import InvalidFields, MalformedRequest
from undersigned.signing.bodies import Signing, read
from undersigned.web.exchange.forms import FORM_FIELDS_MAX, form_values, signing_of


def test_a_persons_form_is_a_persons_body() -> None:
    values = form_values(
        b"kind=individual&name=Ada+L.&email=ada%40example.org&country=GB&objectives=a&objectives=c&subject="
    )
    assert signing_of(values) == {
        "kind": "individual",
        "name": "Ada L.",
        "email": "ada@example.org",
        "country": "GB",
        "objectives": ["a", "c"],
        "subject": "",
        "locale": "en",
    }
    assert read(Signing, signing_of(values)).value.name == "Ada L."


def test_an_organisations_form_is_an_organisations_body() -> None:
    sent = [
        ("kind", "organisation"),
        ("name", "Rosa"),
        ("email", "rosa@readers.org.uk"),
        ("role", "Chair"),
        ("organisation_name", "Readers"),
        ("organisation_country", "GB"),
        ("organisation_website", ""),
        ("contributions", "knowledge"),
        ("contributions", "resources"),
        ("country", "AM"),
    ]
    body = signing_of(form_values(urlencode(sent).encode()))
    assert body["organisation"] == {
        "name": "Readers",
        "country": "GB",
        "website": None,
        "contributions": ["knowledge", "resources"],
    }
    assert "country" not in body
    assert read(Signing, body).value.role == "Chair"


def test_what_a_person_left_in_the_organisations_fields_is_not_sent() -> None:
    values = form_values(b"kind=individual&name=Ada&email=a%40example.org&role=Chair&organisation_name=Readers")
    assert not {"role", "organisation"} & set(signing_of(values))


def test_a_form_carries_where_its_signer_came_from() -> None:
    body = signing_of(form_values(b"partner=readers&utm_source=news&utm_term=x&referring_host=y.org"))
    assert (body["partner"], body["source"]) == ("readers", {"utm_source": "news"})


def test_an_empty_form_lacks_everything_and_breaks_nothing() -> None:
    body = signing_of(form_values(b""))
    assert body == {
        "kind": "individual",
        "name": "",
        "email": "",
        "objectives": [],
        "subject": "",
        "locale": "en",
        "country": None,
    }


def test_a_filled_honeypot_is_passed_on() -> None:
    assert signing_of(form_values(b"subject=buy+now"))["subject"] == "buy now"


def test_names_in_any_script_come_through() -> None:
    for name in ("Արամ", "می\u200cخواهم", "Əli & Ülvi = 100%+"):
        assert form_values(urlencode({"name": name}).encode())["name"] == name


def test_of_a_field_that_can_not_repeat_the_last_one_counts() -> None:
    values = form_values(b"email=a%40example.org&email=b%40example.org&kind=individual&kind=organisation")
    assert (values["email"], values["kind"]) == ("b@example.org", "organisation")


def test_fields_that_may_repeat_are_always_lists() -> None:
    assert form_values(b"objectives=a")["objectives"] == ["a"]
    assert form_values(b"x=y")["objectives"] == []


@pytest.mark.parametrize(
    "body", [b"\xff\xfe", b"name=\xc3\x28", b"&".join([b"a=1"] * (FORM_FIELDS_MAX + 1))], ids=["bom", "bytes", "many"]
)
def test_what_is_no_form_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedRequest):
        form_values(body)


def test_as_many_fields_as_allowed_are_read() -> None:
    assert len(form_values(b"&".join([b"objectives=a"] * FORM_FIELDS_MAX))["objectives"]) == FORM_FIELDS_MAX


@given(
    st.binary(max_size=60) | st.text(max_size=40).map(lambda text: urlencode({"name": text}, errors="replace").encode())
)
def test_no_body_raises_anything_but_malformed_request_or_invalid_fields(body: bytes) -> None:
    try:
        _ = read(Signing, signing_of(form_values(body + b"&email=%00"))).value
    except (MalformedRequest, InvalidFields):
        return


@given(
    st.dictionaries(
        st.sampled_from(
            ["kind", "name", "email", "role", "organisation_name", "organisation_website", "objectives", "items"]
        ),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    )
)
def test_every_form_makes_a_body_without_unknown_fields(fields: dict[str, str]) -> None:
    checked = read(Signing, signing_of(form_values(urlencode(fields).encode())))
    assert all(fault.code != "unknown_field" for fault in checked.faults)
