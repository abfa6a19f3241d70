"""The public URL, the sender and the relay are read as a whole, or refused in a line that says how to write them."""

import pytest

from undersigned import addressing
from undersigned.addressing import Relay, Sender
from undersigned.settings import SECRETS, Settings, SettingsError, load

GOOD = {f"UNDERSIGNED_{name}": f"a secret of more than 32 characters {name}" for name in SECRETS}
MAIL_FROM = {"UNDERSIGNED_MAIL_FROM": "post@example.org"}


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("smtp://mail", Relay("mail", 25)),
        ("smtp://my_mail:1025", Relay("my_mail", 1025)),
        ("smtps://mail.example.org", Relay("mail.example.org", 465, implicit_tls=True, tls="verify")),
        (
            "smtp://us%40er:s3cr%23e%2Ft@mail.example.org",
            Relay("mail.example.org", 587, tls="verify", user="us@er", password="s3cr#e/t"),
        ),
        ("smtp://u:p@127.0.0.1:2525", Relay("127.0.0.1", 2525, user="u", password="p")),
        ("smtp://[::1]:25", Relay("::1", 25)),
        ("smtp://bücher.example", Relay("xn--bcher-kva.example", 25)),
        (
            "smtp://mail?tls=off&connections=2&ehlo=sign.example.org",
            Relay("mail", 25, tls="off", connections=2, ehlo="sign.example.org"),
        ),
        ("smtp://mail?cafile=/etc/ca.pem", Relay("mail", 25, tls="verify", cafile="/etc/ca.pem")),
    ],
)
def test_a_relay_is_read_as_a_whole(given: str, read: Relay) -> None:
    assert addressing.relay(given) == read


@pytest.mark.parametrize(
    "given",
    [
        "smtp://user:s3cr#et@host",
        "smtp://user:s3cr/et@host",
        "smtp://user:s3cr?et@host",
        "smtp://user:s3cr@et@host",
        "smtp://user:s3cr%et@host",
        "smtp://user:s3cret@host:port",
        "smtp://user:s3cret@",
        "smtp://user:s3cret@host/path",
        "lmtp://user:s3cret@host",
        "user:s3cret@host",
        "smtp:user:s3cret@host",
        "smtp://user:s3cret@mail.example.org?tls=off",
        "smtp://user:s3cret@mail.example.org?tls=opportunistic",
        "smtps://user:s3cret@mail.example.org?tls=opportunistic",
        "smtps://user:s3cret@host?tls=off",
        "smtp://user:s3cret@host?tls=maybe",
        "smtp://user:s3cret@host?connections=0",
        "smtp://user:s3cret@host?connections=two",
        "smtp://user:s3cret@host?timeout=5",
        "smtp://user:s3cret@host?tls",
        "smtp://user:s3cret@host?cafile=/nowhere/ca.pem",
    ],
)
def test_a_relay_that_cannot_be_meant_is_refused_without_its_password(given: str) -> None:
    with pytest.raises(SettingsError, match="UNDERSIGNED_SMTP_URL") as refused:
        load(GOOD | MAIL_FROM | {"UNDERSIGNED_SMTP_URL": given, "UNDERSIGNED_DATA_DIR": "/nowhere"})
    assert "s3cr" not in str(refused.value)


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("post@example.org", Sender("", "post@example.org")),
        ("Undersigned <post@example.org>", Sender("Undersigned", "post@example.org")),
        ("Undersigned, The <post@example.org>", Sender("Undersigned, The", "post@example.org")),
        ('"Undersigned, \\"The\\"" <post@example.org>', Sender('Undersigned, "The"', "post@example.org")),
        ("Ստորագրողներ <post@bücher.example>", Sender("Ստորագրողներ", "post@xn--bcher-kva.example")),
        ("<post@localhost>", Sender("", "post@localhost")),
    ],
)
def test_a_sender_is_read_as_a_whole(given: str, read: Sender) -> None:
    assert addressing.sender(given) == read


@pytest.mark.parametrize(
    "given",
    [
        "post@",
        "@example.org",
        "post",
        "a@example.org, b@example.org",
        "A <a@example.org>, B <b@example.org>",
        "A <a@example.org> B",
        "A <a@example.org",
        "pöst@example.org",
        "p st@example.org",
        "a@b@example.org",
        "A\nBcc: b@example.org <a@example.org>",
        "post@exa mple.org",
        "post@-.-",
    ],
)
def test_a_sender_that_is_not_just_one_is_refused(given: str) -> None:
    with pytest.raises(SettingsError, match="UNDERSIGNED_MAIL_FROM"):
        load(GOOD | {"UNDERSIGNED_MAIL_FROM": given, "UNDERSIGNED_DATA_DIR": "/nowhere"})


@pytest.mark.parametrize(
    ("given", "url", "site"),
    [
        ("https://sign.example.org", "https://sign.example.org", "sign.example.org"),
        ("https://Sign.Example.org/", "https://sign.example.org", "sign.example.org"),
        ("https://bücher.example:8443", "https://xn--bcher-kva.example:8443", "xn--bcher-kva.example"),
        ("https://ստորագրիր.հայ", "https://xn--y9aey3cyamicb.xn--y9a3aq", "xn--y9aey3cyamicb.xn--y9a3aq"),
        ("http://[::1]:8000", "http://[::1]:8000", "::1"),
    ],
)
def test_a_public_url_is_in_ascii_wherever_it_goes(given: str, url: str, site: str) -> None:
    settings = Settings(base_url=given)
    assert (settings.url, settings.site) == (url, site)


@pytest.mark.parametrize(
    "given",
    [
        "https://example.org/sign",
        "https://example.org/?a=b",
        "https://example.org/#a",
        "https://ada:s3cret@example.org",
        "https://",
        "https:///sign",
        "https://example.org:0",
        "https://example.org:99999",
        "https://exa mple.org",
        "https://-.-",
    ],
)
def test_a_public_url_that_no_page_or_mail_survives_is_refused(given: str) -> None:
    with pytest.raises(SettingsError, match="UNDERSIGNED_BASE_URL") as refused:
        load(GOOD | {"UNDERSIGNED_BASE_URL": given, "UNDERSIGNED_DATA_DIR": "/nowhere"})
    assert "s3cret" not in str(refused.value)
