"""Reading a body: every bad field is named at once, and nothing that JSON can say breaks it."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from undersigned.errors import InvalidFields
from undersigned.signing.bodies import Checked, Confirming, OrganisationClaim, Signing, Source, read

GOOD: dict[str, object] = {"kind": "individual", "name": "Ada", "email": "ada@example.org"}
ORGANISATION: dict[str, object] = {"name": "Readers", "country": "GB"}


def faults(data: object, shape: type = Signing) -> set[tuple[str, str]]:
    return {(fault.pointer, fault.code) for fault in read(shape, data).faults}


def test_a_good_body_is_read_as_it_is() -> None:
    body = GOOD | {
        "kind": "organisation",
        "country": None,
        "locale": "az-Latn",
        "objectives": ["a", "b"],
        "partner": "some-site",
        "source": {"utm_source": "news", "referring_host": "partner.example.org"},
        "role": "Chair",
        "organisation": ORGANISATION | {"website": "https://readers.org.uk", "contributions": ["knowledge"]},
    }
    signing = read(Signing, body).value
    assert signing.name == "Ada"
    assert signing.source == Source(utm_source="news", referring_host="partner.example.org")
    assert signing.organisation == OrganisationClaim(
        name="Readers", website="https://readers.org.uk", country="GB", contributions=["knowledge"]
    )


def test_what_may_be_left_out_has_its_default() -> None:
    signing = read(Signing, GOOD).value
    assert (signing.country, signing.locale, signing.objectives, signing.partner) == (None, "en", [], None)
    assert (signing.role, signing.organisation, signing.subject, signing.source) == (None, None, "", Source())
    confirming = read(Confirming, {"token": "t", "consent": True}).value
    assert (confirming.name, confirming.show_name, confirming.updates) == (None, False, False)


BAD_FIELDS: list[tuple[str, object, str]] = [
    ("kind", "robot", "invalid"),
    ("kind", None, "invalid"),
    ("name", 7, "invalid"),
    ("name", None, "invalid"),
    ("email", ["ada@example.org"], "invalid"),
    ("email", "x" * 255, "too_long"),
    ("country", 44, "invalid"),
    ("locale", "english please", "invalid"),
    ("locale", "EN", "invalid"),
    ("locale", "en-" + "x-" * 40, "too_long"),
    ("locale", None, "invalid"),
    ("objectives", "a", "invalid"),
    ("objectives", [1], "invalid"),
    ("objectives", ["a" * 9], "too_long"),
    ("objectives", ["a"] * 27, "too_long"),
    ("partner", 7, "invalid"),
    ("partner", ["some-site"], "invalid"),
    ("role", 7, "invalid"),
    ("organisation", "Readers", "invalid"),
    ("organisation", [], "invalid"),
    ("subject", "x" * 1001, "too_long"),
    ("subject", None, "invalid"),
]


@pytest.mark.parametrize(
    ("field", "value", "code"), BAD_FIELDS, ids=[f"{f}-{n}" for n, (f, _, _) in enumerate(BAD_FIELDS)]
)
def test_a_bad_field_is_named_alone(field: str, value: object, code: str) -> None:
    body = read(Signing, GOOD | {field: value})
    assert [(fault.pointer, fault.code) for fault in body.faults] == [(f"/{field}", code)]
    assert body.faults[0].detail.endswith(".")
    with pytest.raises(InvalidFields) as refused:
        _ = body.value
    assert refused.value.errors == body.faults


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"organisation": {}}, {("/organisation/name", "required"), ("/organisation/country", "required")}),
        ({"organisation": ORGANISATION | {"website": 1}}, {("/organisation/website", "invalid")}),
        ({"organisation": ORGANISATION | {"website": "x" * 301}}, {("/organisation/website", "too_long")}),
        ({"organisation": ORGANISATION | {"contributions": ["money"]}}, {("/organisation/contributions", "invalid")}),
        ({"organisation": ORGANISATION | {"slogan": "x"}}, {("/organisation/slogan", "unknown_field")}),
        ({"source": {"utm_source": 7}}, {("/source/utm_source", "invalid")}),
        ({"source": {"referring_host": ["a.org"]}}, {("/source/referring_host", "invalid")}),
        ({"source": {"utm_term": "x"}}, {("/source/utm_term", "unknown_field")}),
    ],
)
def test_a_bad_field_within_an_object_is_pointed_at(changes: dict[str, object], found: set[tuple[str, str]]) -> None:
    assert faults(GOOD | changes) == found


def test_everything_that_is_wrong_is_named_at_once() -> None:
    body = {"kind": 1, "email": 2, "colour": "blue", "organisation": {"country": 3, "colour": 4}, "source": {"x": 5}}
    assert faults(body) == {
        ("/kind", "invalid"),
        ("/name", "required"),
        ("/email", "invalid"),
        ("/colour", "unknown_field"),
        ("/organisation/name", "required"),
        ("/organisation/country", "invalid"),
        ("/organisation/colour", "unknown_field"),
        ("/source/x", "unknown_field"),
    }


def test_what_is_good_in_a_bad_body_is_kept_for_further_checks() -> None:
    salvaged = read(Signing, GOOD | {"name": 7, "objectives": ["z"]}).salvaged
    assert (salvaged.email, salvaged.objectives, salvaged.name) == ("ada@example.org", ["z"], "")


@pytest.mark.parametrize("data", [None, [], "x", 1, 1.5, True])
def test_a_body_that_is_no_object_says_so(data: object) -> None:
    assert ("", "invalid") in faults(data)
    assert ("", "invalid") in faults(data, Confirming)


def test_an_unknown_fields_name_is_escaped_as_pointers_are() -> None:
    assert faults(GOOD | {"a/b~c": 1}) == {("/a~1b~0c", "unknown_field")}
    ((pointer, _),) = faults(GOOD | {"x" * 10_000: 1})
    assert len(pointer) <= 101


@pytest.mark.parametrize("consent", ["true", 1, None, "yes", []])
def test_consent_is_true_and_nothing_like_it(consent: object) -> None:
    assert ("/consent", "invalid") in faults({"token": "t", "consent": consent}, Confirming)


def test_a_token_has_a_length() -> None:
    assert faults({"token": "x" * 301, "consent": True}, Confirming) == {("/token", "too_long")}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
KEYS = [
    field.encode_name
    for shape in (Signing, Confirming, OrganisationClaim, Source)
    for field in msgspec.structs.fields(shape)
]
BODIES = JSON | st.dictionaries(
    st.sampled_from(KEYS), JSON | st.dictionaries(st.sampled_from(KEYS), JSON, max_size=4), max_size=8
)


@given(BODIES, st.sampled_from([Signing, Confirming]))
def test_no_json_raises_anything_but_invalid_fields(data: object, shape: type) -> None:
    body: Checked[object] = read(shape, data)
    assert isinstance(body.salvaged, shape)
    if body.faults:
        with pytest.raises(InvalidFields) as refused:
            _ = body.value
        assert all(fault.pointer == "" or fault.pointer.startswith("/") for fault in refused.value.errors)
        assert msgspec.json.encode(refused.value.errors)
    else:
        assert msgspec.convert(data, shape) == body.value
