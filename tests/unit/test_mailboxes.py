"""One mailbox is one, however its address is written, and no two are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from undersigned.identity import domains, mailboxes
from undersigned.identity.providers import PROVIDERS


def key(address: str) -> str:
    return mailboxes.mailbox(address).key


# One account, however it is written; what each rule rests on stands beside it in `identity/providers.py`.
ALIASES = [
    ("a.d.a.lovelace+news@gmail.com", "adalovelace@gmail.com"),
    ("ADA.Lovelace@GMail.com", "adalovelace@gmail.com"),
    ("adalovelace+a+b@googlemail.com", "adalovelace@gmail.com"),
    (" adalovelace@gmail.com ", "adalovelace@gmail.com"),
    ("ada.l+news@outlook.com", "ada.l@outlook.com"),
    ("ada.l+news@outlook.hu", "ada.l@outlook.hu"),
    ("ada.l+news@hotmail.co.uk", "ada.l@hotmail.co.uk"),
    ("ada.l+news@hotmail.com.tr", "ada.l@hotmail.com.tr"),
    ("ada.l+news@live.fr", "ada.l@live.fr"),
    ("ada.l+news@windowslive.com", "ada.l@windowslive.com"),
    ("ada.l+news@me.com", "ada.l@icloud.com"),
    ("ada@mac.com", "ada@icloud.com"),
    ("a.d-a_l+news@proton.me", "adal@proton.me"),
    ("ada.l@pm.me", "adal@proton.me"),
    ("ada_l@protonmail.ch", "adal@proton.me"),
    ("ada.l+news@fastmail.com", "ada.l@fastmail.com"),
    ("news@ada.fastmail.com", "ada@fastmail.com"),
    ("ada+x@ada.sent.com", "ada@sent.com"),
    ("ada.l+news@ya.ru", "ada-l@yandex.ru"),
    ("ada-l@yandex.com.tr", "ada-l@yandex.ru"),
    ("ada.l@yandex.az", "ada-l@yandex.ru"),
    ("ada.l+news@mailbox.org", "ada.l@mailbox.org"),
    ("ada.l+news@runbox.com", "ada.l@runbox.com"),
    ("ada.l+news@posteo.net", "ada.l@posteo.de"),
]

# Two accounts, as far as anybody publishes: here a rule would take somebody's place.
DIFFERENT = [
    ("ada@outlook.com", "ada@hotmail.com"),
    ("ada@outlook.com", "ada@outlook.hu"),
    ("ada.l@outlook.com", "adal@outlook.com"),
    ("ada.l@icloud.com", "adal@icloud.com"),
    ("ada@fastmail.com", "ada@fastmail.fm"),
    ("ada-l@yandex.ru", "adal@yandex.ru"),
    ("ada_l@yandex.ru", "ada-l@yandex.ru"),
    ("ada.l@mailbox.org", "adal@mailbox.org"),
    ("anna-maria@yahoo.com", "anna-lena@yahoo.com"),
    ("anna-maria@yahoo.com", "anna@yahoo.com"),
    ("ada@mail.ru", "ada@bk.ru"),
    ("ada+l@mail.ru", "ada@mail.ru"),
    ("ada@gmx.de", "ada@gmx.net"),
    ("ada@wp.pl", "ada@o2.pl"),
    ("news@ada.gmail.com", "ada@gmail.com"),
    ("news@ada.proton.me", "ada@proton.me"),
    ("x@y.ada.fastmail.com", "ada@fastmail.com"),
    ("x@xn--bcher-kva.fastmail.com", "xn--bcher-kva@fastmail.com"),
    ("ada@hotmail.example", "ada+x@hotmail.example"),
]


@pytest.mark.parametrize(("address", "account"), ALIASES)
def test_addresses_of_one_account_are_one_mailbox(address: str, account: str) -> None:
    assert key(address) == key(account) == account


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_where_no_provider_says_that_two_addresses_are_one_they_are_two(one: str, other: str) -> None:
    assert key(one) != key(other)


def test_no_domain_has_two_rules() -> None:
    every = [domain for provider in PROVIDERS for domain in provider.domains]
    assert len(every) == len(set(every))
    assert all(domains.registrable(domain) == domain for domain in every)


def test_at_an_unknown_domain_nothing_is_stripped() -> None:
    assert key("ada.l+news@example.org") == "ada.l+news@example.org"
    assert len({key(f"{local}@example.org") for local in ("ada.l", "adal", "ada.l+news")}) == 3


def test_a_lookalike_of_a_provider_gets_none_of_its_rules() -> None:
    assert key("a.da+x@gmail.com.example.org") == "a.da+x@gmail.com.example.org"
    assert key("a.da+x@mail.gmail.com") == "a.da+x@mail.gmail.com"


@pytest.mark.parametrize("address", ["+x@gmail.com", "+x@proton.me", "_@proton.me", "-_@proton.me", "a.+x@outlook.com"])
def test_what_would_leave_no_name_is_left_as_it_is(address: str) -> None:
    assert key(address) == address


def test_case_never_makes_a_second_mailbox_and_is_kept_in_the_address() -> None:
    box = mailboxes.mailbox("Ada.L@Example.ORG")
    assert (box.address, box.key, box.domain) == ("Ada.L@example.org", "ada.l@example.org", "example.org")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("straße", "strasse"),
        ("ſam", "sam"),
        ("ﬁona", "fiona"),
        ("ΑΔΑ", "αδα"),
        ("οδος", "οδοσ"),
        ("և", "եւ"),
        ("İnci", "i̇nci"),
        ("ınci", "inci"),
        ("ａda", "ada"),
    ],
)
def test_letters_that_only_some_languages_hold_alike_are_two_mailboxes(one: str, other: str) -> None:
    assert key(f"{one}@example.org") != key(f"{other}@example.org")


def test_the_kelvin_sign_which_is_a_k_in_nfc_is_mailed_as_the_k_that_it_is_keyed_by() -> None:
    box = mailboxes.mailbox("\u212aay@example.org")
    assert (box.address, box.key) == ("Kay@example.org", "kay@example.org")


def test_composed_and_decomposed_letters_are_one_mailbox() -> None:
    assert key("jürgen@example.org") == key("ju\u0308rgen@example.org")


def test_an_international_domain_is_keyed_in_ascii_however_it_is_written() -> None:
    assert key("ada@BÜCHER.de") == key("ada@bücher.de") == key("ada@xn--bcher-kva.de") == "ada@xn--bcher-kva.de"
    assert mailboxes.mailbox("ada@պատմություն.հայ").domain.startswith("xn--")


def test_a_homoglyph_domain_is_another_mailbox() -> None:
    assert key("ada@gmаil.com") != key("ada@gmail.com")  # with a Cyrillic а


PASTED = [*"\u00ad\u200b\u200c\u200d\u200e\u200f\u061c\u2060\ufeff\u202a\u202c\u2066\u2068\u2069\ufe0f"]


@pytest.mark.parametrize("mark", PASTED)
def test_what_nobody_sees_is_no_part_of_an_address(mark: str) -> None:
    assert mailboxes.mailbox(f"{mark}a{mark}da{mark}@{mark}exam{mark}ple.org{mark}").address == "ada@example.org"


@pytest.mark.parametrize("space", [*" \t\n\r\v\f\u00a0\u2028\u3000"])
def test_space_around_an_address_is_no_part_of_it_and_within_it_is_an_error(space: str) -> None:
    assert key(f"{space}ada@example.org{space}") == "ada@example.org"
    with pytest.raises(ValueError, match=r"."):
        mailboxes.mailbox(f"ada{space}l@example.org")


# RFC 5321, 4.5.3.1: 64 octets before the @, 255 behind it, 254 in all; RFC 6531 counts them in UTF-8; RFC 1035: 63 a label.
@pytest.mark.parametrize(
    ("address", "fits"),
    [
        ("a" * 64 + "@example.org", True),
        ("a" * 65 + "@example.org", False),
        ("ж" * 32 + "@example.org", True),
        ("ж" * 33 + "@example.org", False),
        ("𠮷" * 16 + "@example.org", True),
        ("𠮷" * 17 + "@example.org", False),
        ("a@" + "b" * 63 + ".org", True),
        ("a@" + "b" * 64 + ".org", False),
        ("a@" + "ü" * 56 + ".org", True),  # xn-- and 59 more
        ("a@" + "ü" * 60 + ".org", False),
        ("a" * 61 + "@" + ".".join(["b" * 62] * 3) + ".org", True),  # 254
        ("a" * 62 + "@" + ".".join(["b" * 62] * 3) + ".org", False),
        ("ж" * 30 + "@" + ".".join(["b" * 62] * 3) + ".org", True),
        ("ж" * 31 + "@" + ".".join(["b" * 62] * 3) + ".org", False),
        ("a@" + ".".join(["b" * 60] * 4) + ".example.org", False),
    ],
)
def test_lengths_are_counted_in_the_octets_that_travel(address: str, fits: bool) -> None:
    if fits:
        mailboxes.mailbox(address)
    else:
        with pytest.raises(ValueError, match=r"."):
            mailboxes.mailbox(address)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ada",
        "ada@",
        "@example.org",
        "ada@@example.org",
        "ada@example",
        "ada@127.0.0.1",
        "ada@[127.0.0.1]",
        "ada@exa mple.org",
        "a da@example.org",
        "ada@example.org\nBcc: eve@example.org",
        "ada\r\nBcc: eve@example.org@example.org",
        "ada@example.org, eve@example.org",
        "Ada <ada@example.org>",
        "ada\x00@example.org",
        "ada@example.org\u202e",
        "ada@\ud800.org",
        ".ada@gmail.com",
        "a..b@gmail.com",
        "ada@localhost",
        f"ada@{'a' * 64}.org",
    ],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        mailboxes.mailbox(address)


LOCAL = st.text("adl.+-_ABZ0ß\u0301\u200b", min_size=1, max_size=20)
DOMAINS = ["gmail.com", "outlook.hu", "me.com", "pm.me", "fastmail.com", "ada.fastmail.com", "ya.ru", "example.org"]


@given(LOCAL, st.sampled_from(DOMAINS))
def test_a_key_is_the_address_of_the_same_mailbox_whatever_case_it_is_written_in(local: str, domain: str) -> None:
    try:
        made = key(f"{local}@{domain}")
    except ValueError:
        return
    assert key(made) == made
    if local.isascii():
        assert key(f"{local}@{domain}".upper()) == key(f"{local}@{domain}".lower()) == made


@given(st.text(max_size=40), st.sampled_from(["", "@gmail.com", "@example.org", "@proton.me"]))
def test_no_text_breaks_the_reading_of_an_address(local: str, domain: str) -> None:
    try:
        box = mailboxes.mailbox(local + domain)
    except ValueError:
        return
    assert mailboxes.mailbox(box.address).key == box.key
    assert box.key.partition("@")[0]
    assert not set(box.address) & set("\r\n\0 ,<>")
