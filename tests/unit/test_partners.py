"""Origins: exactly what browsers write, or refused; and what of them goes into a header."""

import datetime as dt
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.unit.test_statements import statement
from undersigned.database.queries.partners import Partner
from undersigned.errors import KeyRefused, OriginInvalid, OriginRefused
from undersigned.readers.partners import Partners, origin_of, with_www

EXACT = re.compile(r"https://[a-z0-9.-]+(:[0-9]+)?|http://(localhost|127\.[0-9.]+)(:[0-9]+)?")
PAGE = "https://sign.example.org/s/s"


def partner(slug: str = "readers", *origins: str, retired: bool = False) -> Partner:
    now = dt.datetime.now(dt.UTC)
    return Partner(
        slug=slug,
        name="Readers",
        url="https://readers.org.uk/",
        origins=list(origins),
        key_sha256=b"",
        added_at=now,
        retired_at=now if retired else None,
    )


@pytest.mark.parametrize(
    ("typed", "origin"),
    [
        ("https://readers.org.uk", "https://readers.org.uk"),
        ("https://readers.org.uk/", "https://readers.org.uk"),
        ("HTTPS://Readers.ORG.uk", "https://readers.org.uk"),
        ("https://readers.org.uk:443", "https://readers.org.uk"),
        ("https://readers.org.uk:8443", "https://readers.org.uk:8443"),
        ("https://bücher.de", "https://xn--bcher-kva.de"),
        ("https://հայերեն.հայ", "https://xn--y9aia5b0ai2e.xn--y9a3aq"),
        ("http://localhost:8080", "http://localhost:8080"),
        ("http://127.0.0.1:80", "http://127.0.0.1"),
    ],
)
def test_an_origin_is_written_as_browsers_write_it(typed: str, origin: str) -> None:
    assert origin_of(typed) == origin


@pytest.mark.parametrize(
    "hostile",
    [
        "",
        "*",
        "null",
        "readers.org.uk",
        "//readers.org.uk",
        "https://",
        "https://*.readers.org.uk",
        "https://org",
        "https://203.0.113.7",
        "https://[::1]:8000",
        "https://[::1",
        "http://readers.org.uk",
        "ftp://readers.org.uk",
        "javascript:alert(1)",
        "https://ada@readers.org.uk",
        "https://@readers.org.uk",
        "https://readers.org.uk@evil.example.net",
        "https://readers.org.uk/path",
        "https://readers.org.uk/.",
        "https://readers.org.uk?",
        "https://readers.org.uk?x",
        "https://readers.org.uk#",
        "https://readers.org.uk\\.evil.example.net",
        "https://readers.org.uk.",
        "https://readers.org.uk.:443",
        "https://readers.org.uk。",
        "https://readers.org.uk:port",
        "https://readers.org.uk:99999",
        "https://readers.org.uk; script-src *",
        "https://readers.org.uk https://evil.example.net",
        "https://readers.org.uk\r\nSet-Cookie: a=b",
        "https://readers.org.uk\r\n",
        "https://read\ners.org.uk",
        "https://read\ters.org.uk",
        "https://readers.org.uk\0",
        "https://read_ers.org.uk",
        "https://read%65rs.org.uk",
        "https://" + "a" * 70 + ".org",
        " https://readers.org.uk",
    ],
)
def test_what_has_more_to_it_than_an_origin_is_refused(hostile: str) -> None:
    with pytest.raises(OriginInvalid):
        origin_of(hostile)


@given(st.text(max_size=30) | st.from_regex(r"https?://[^ ]{1,20}", fullmatch=True))
@example("https://ﬀ.org")
@example("https://a.org:٣")
def test_whatever_is_typed_gives_an_exact_origin_or_none(typed: str) -> None:
    try:
        origin = origin_of(typed)
    except OriginInvalid:
        return
    assert EXACT.fullmatch(origin), origin
    assert origin_of(origin) == origin


def test_apex_and_www_come_together_and_other_names_alone() -> None:
    both = ["https://readers.org.uk", "https://www.readers.org.uk"]
    assert with_www("https://readers.org.uk") == with_www("https://www.readers.org.uk") == both
    assert with_www("https://readers.org.uk:8443") == [f"{origin}:8443" for origin in both]
    assert with_www("https://blog.readers.org.uk") == ["https://blog.readers.org.uk"]
    assert with_www("https://www.blog.readers.org.uk") == ["https://www.blog.readers.org.uk"]
    assert with_www("http://localhost:8080") == ["http://localhost:8080"]


def test_frame_ancestors_name_every_origin_of_every_partner_in_force() -> None:
    known = Partners(
        [
            partner("b", "https://b.org", "https://www.b.org"),
            partner("a", "https://a.org:8443", "https://b.org"),
            partner("gone", "https://gone.org", retired=True),
        ]
    )
    assert known.frame_ancestors(statement(embedding="open")) is None
    restricted = known.frame_ancestors(statement(embedding="partners")) or ""
    assert restricted == "'self' https://a.org:8443 https://b.org https://www.b.org"
    assert Partners().frame_ancestors(statement(embedding="partners")) == "'self'"


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "",
        "http://readers.org.uk",
        "https://readers.org.uk:8443",
        "https://readers.org.uk/",
        "https://readers.org.uk.",
        "https://READERS.org.uk",
        "https://evil.readers.org.uk",
        "https://readers.org.uk.evil.net",
        "https://readers.org",
        "*",
    ],
)
def test_an_origin_matches_exactly_or_not_at_all(origin: str) -> None:
    known, restricted = Partners([partner("readers", "https://readers.org.uk")]), statement(embedding="partners")
    known.admit(restricted, "https://readers.org.uk", PAGE)
    known.admit(statement(embedding="open"), origin, PAGE)
    with pytest.raises(OriginRefused) as refused:
        known.admit(restricted, origin, PAGE)
    assert refused.value.statement_url == PAGE
    assert PAGE in refused.value.detail


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic x", "Bearer wrong"])
def test_without_its_key_nobody_is_a_partner(header: str | None) -> None:
    with pytest.raises(KeyRefused):
        Partners([partner()]).authorise("readers", header)
    with pytest.raises(KeyRefused):
        Partners().authorise("readers", header)
