"""Who an endorser is: one mailbox however its address is written, one organisation however its site is."""

import hashlib
import re
from importlib import resources
from uuid import UUID

import publicsuffixlist
import pytest
from hypothesis import given
from hypothesis import strategies as st

from undersigned.identity import domains, endorsers, keys, mailboxes
from undersigned.identity.endorsers import Kind
from undersigned.identity.providers import PROVIDERS

PEPPER = "a pepper for tests, long enough to be accepted"
RULES_SHA256 = "707e4131c08adb66"
KNOWN_ENDORSEMENT = UUID("a0a50652-649b-8fdb-b1c8-daf5968b69cb")
KNOWN_MAILBOX = UUID("8d8e523e-c00b-869b-bc84-9df869d5a169")


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


# Keys ---------------------------------------------------------------------------------------------------------------


def test_a_key_is_a_uuid_of_version_8_and_its_variant() -> None:
    for number in range(50):
        for made in (
            keys.endorsement_id(PEPPER, "s", "individual", str(number)),
            keys.mailbox_id(PEPPER, mailboxes.Mailbox("", str(number))),
            keys.network_id(PEPPER, str(number)),
        ):
            assert made.version == 8
            assert made.variant == "specified in RFC 4122"


def test_a_key_never_changes_from_release_to_release() -> None:
    box = mailboxes.mailbox("ada@example.org")
    # Computed by hand: hmac.digest(pepper, b"endorsement\0example\0individual\0mailbox:ada@example.org", "sha256").
    assert keys.endorsement_id(PEPPER, "example", "individual", endorsers.of_individual(box)) == KNOWN_ENDORSEMENT
    assert keys.mailbox_id(PEPPER, box) == KNOWN_MAILBOX


def test_a_key_depends_on_the_pepper_the_statement_the_kind_and_the_identity() -> None:
    made: list[tuple[str, str, Kind, str]] = [
        ("p" * 32, "slug", "individual", "mailbox:a"),
        ("q" * 32, "slug", "individual", "mailbox:a"),
        ("p" * 32, "slug-2", "individual", "mailbox:a"),
        ("p" * 32, "slug", "organisation", "mailbox:a"),
        ("p" * 32, "slug", "individual", "mailbox:b"),
    ]
    assert len({keys.endorsement_id(*parts) for parts in made}) == 5


SLUG = st.from_regex(r"[a-z0-9]{1,8}(-[a-z0-9]{1,8}){0,2}", fullmatch=True)
IDENTITY = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
KIND: st.SearchStrategy[Kind] = st.sampled_from(["individual", "organisation"])


@given(SLUG, KIND, IDENTITY, SLUG, KIND, IDENTITY)
def test_no_purpose_made_slug_or_identity_collides(
    slug: str, kind: Kind, who: str, slug2: str, kind2: Kind, who2: str
) -> None:
    same = (slug, kind, who) == (slug2, kind2, who2)
    made = keys.endorsement_id(PEPPER, slug, kind, who), keys.endorsement_id(PEPPER, slug2, kind2, who2)
    assert (made[0] == made[1]) == same


def test_moving_letters_between_the_parts_of_a_key_makes_another_key() -> None:
    made = {
        keys.endorsement_id(PEPPER, slug, "individual", who)
        for slug, who in (("a", "individualb"), ("aindividual", "b"), ("aindividualindividual", "b"))
    }
    assert len(made) == 3
    assert keys.mailbox_id(PEPPER, mailboxes.Mailbox("", "x")) != keys.network_id(PEPPER, "x")


# Organisations --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("website", "domain"),
    [
        ("https://readers.org.uk", "readers.org.uk"),
        ("http://www.readers.org.uk/about?x=1#y", "readers.org.uk"),
        ("readers.org.uk", "readers.org.uk"),
        ("WWW.Readers.ORG.UK.", "readers.org.uk"),
        ("https://a.b.readers.org.uk:8443/", "readers.org.uk"),
        ("https://shop.example.co.uk", "example.co.uk"),
        ("https://bücher.de", "xn--bcher-kva.de"),
        ("https://xn--bcher-kva.de", "xn--bcher-kva.de"),
        ("https://www.city.kawasaki.jp", "city.kawasaki.jp"),
        ("\u200bhttps://readers\u00ad.org.uk/\ufeff\n", "readers.org.uk"),
    ],
)
def test_an_organisation_is_its_registrable_domain(website: str, domain: str) -> None:
    assert endorsers.of_organisation("Whatever", "GB", website) == f"domain:{domain}"


def test_neither_name_nor_country_matter_where_there_is_a_website() -> None:
    one = endorsers.of_organisation("Readers", "GB", "https://readers.org.uk")
    assert endorsers.of_organisation("Readers' Society", "FR", "https://www.readers.org.uk/en") == one


@pytest.mark.parametrize(
    "website",
    [
        None,
        "",
        "https://sites.google.com/view/readers",
        "https://docs.google.com/x",
        "https://facebook.com/readers",
        "https://m.facebook.com/readers",
        "https://readers.wordpress.com",
        "https://readers.github.io",
        "https://readers.blogspot.com",
        "https://t.me/readers",
        "https://linktr.ee/readers",
        "https://gmail.com",
        "https://outlook.hu",
        "https://yahoo.co.uk",
        "https://comcast.net",
        "https://readers.free.fr",
        "https://github.io",
        "\u200b",
        "https://www.instagram.com/readers",
    ],
)
def test_on_a_shared_host_the_name_and_country_are_the_identity(website: str | None) -> None:
    assert endorsers.of_organisation("Readers' Society", "GB", website) == "name:readers society GB"


def test_a_host_that_only_ends_like_a_shared_one_is_its_own() -> None:
    assert endorsers.of_organisation("X", "GB", "https://notfacebook.com") == "domain:notfacebook.com"
    assert not domains.is_shared("facebook.com.example.org")
    assert domains.is_shared("Sites.Google.com")


# Each line: two sites, and whether they are of one organisation.
BODIES = [
    ("https://mfa.gov.hu", "https://nav.gov.hu", False),
    ("https://mfa.gov.hu", "https://www.konzuli.mfa.gov.hu", True),
    ("https://gov.hu", "https://mfa.gov.hu", False),
    ("https://gov.am", "https://www.gov.am", True),
    ("https://tavush.mtad.am", "https://lori.mtad.am", False),
    ("https://mia.gov.az", "https://mfa.gov.az", False),
    ("https://gov.az", "https://www.gov.az/en", True),
    ("https://gov.uk", "https://www.gov.uk", True),
    ("https://vlada.gov.sk", "https://nbu.gov.sk", False),
    ("https://bmi.bund.de", "https://www.bsi.bund.de", False),
    ("https://ec.europa.eu", "https://www.consilium.europa.eu", False),
    ("https://sh1.gosweb.gosuslugi.ru", "https://sh2.gosweb.gosuslugi.ru", False),
    ("https://www.gosuslugi.ru", "https://lk.gosuslugi.ru", True),
    ("https://ataturk.meb.k12.tr", "https://inonu.meb.k12.tr", False),
    ("https://etf.bg.ac.rs", "https://matf.bg.ac.rs", False),
    ("https://dmv.ca.gov", "https://cdph.ca.gov", False),
    ("https://btk.elte.hu", "https://ttk.elte.hu", True),
    ("https://www.freedesktop.org", "https://freedesktop.org", True),
    ("https://www.readers.org.uk", "https://readers.org.uk", True),
]


@pytest.mark.parametrize(("one", "other", "same"), BODIES)
def test_what_lies_below_the_name_of_a_state_or_a_network_of_schools_is_an_organisation_of_its_own(
    one: str, other: str, same: bool
) -> None:
    who = endorsers.of_organisation("X", "GB", one), endorsers.of_organisation("X", "GB", other)
    assert (who[0] == who[1]) == same
    assert who[0].startswith("domain:")


def listed(name: str) -> list[str]:
    lines = resources.files(domains.__package__).joinpath(name).read_text().splitlines()
    return [domain for line in lines for domain in line.partition("#")[0].split()]


@pytest.mark.parametrize("name", ["shared_hosts.txt", "public_bodies.txt", "open_mail.txt"])
def test_a_list_has_domains_as_hosts_are_compared_each_once(name: str) -> None:
    every = listed(name)
    assert len(every) == len(set(every)) > 100
    assert not [domain for domain in every if not re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", domain)]


def test_public_bodies_are_those_that_the_public_suffix_list_lacks() -> None:
    suffixes = publicsuffixlist.PublicSuffixList()
    every = listed("public_bodies.txt")
    assert not [domain for domain in every if suffixes.privatesuffix(domain) is None]
    assert not [domain for domain in every if domains.registrable(domain) is not None]
    assert not [domain for domain in every if domains.registrable(f"a.b.{domain}") != f"b.{domain}"]


def test_no_list_takes_in_all_that_lies_below_a_registry() -> None:
    # A line such as com.ar would make all of Argentina a mail provider's.
    suffixes = publicsuffixlist.PublicSuffixList(only_icann=True)
    assert not [d for d in listed("shared_hosts.txt") + listed("open_mail.txt") if suffixes.privatesuffix(d) is None]


def test_a_private_suffix_separates_those_who_register_under_it() -> None:
    assert domains.registrable("a.uk.com") == "a.uk.com"
    assert endorsers.of_organisation("X", "GB", "https://a.uk.com") != endorsers.of_organisation(
        "X", "GB", "https://b.uk.com"
    )


@pytest.mark.parametrize(
    "website",
    [
        "not a site",
        "readers",
        "https://",
        "https:///x",
        "ftp://readers.org",
        "javascript://readers.org/%0aalert(1)",
        "data:text/html,x",
        "https://user@readers.org",
        "https://user:word@readers.org",
        "https://co.uk",
        "https://com.tr",
        "https://org.hu",
        "https://hu",
        "https://read\ners.org",
        "https://127.0.0.1",
        "https://[::1]/",
        "https://[::1",
        "https://readers.org:port/",
        "https://readers.org:99999/",
        "https://rea_ders.org",
        "https://-readers.org",
        "https://readers..org",
        f"https://{'a' * 64}.org",
        "https://\ud800.org",
        "https://readers.org\u202e.com",
    ],
)
def test_what_is_no_web_address_is_refused(website: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        endorsers.of_organisation("X", "GB", website)


@given(st.text(max_size=40), st.sampled_from(["", "http://", "https://", "//"]), st.sampled_from(["", ".org", "/x"]))
def test_no_text_breaks_the_reading_of_a_website(text: str, before: str, after: str) -> None:
    try:
        who = endorsers.of_organisation("X", "GB", before + text + after)
    except ValueError:
        return
    assert who.startswith(("domain:", "name:"))
    assert who.isascii()


def test_the_same_name_elsewhere_is_another_organisation() -> None:
    assert endorsers.of_organisation("Readers", "GB", None) != endorsers.of_organisation("Readers", "IE", None)


@pytest.mark.parametrize(
    ("address", "website", "proof"),
    [
        ("rosa@readers.org.uk", "https://readers.org.uk", "domain"),
        ("rosa@mail.readers.org.uk", "https://www.readers.org.uk", "domain"),
        ("rosa@writers.org.uk", "https://readers.org.uk", "none"),
        ("rosa@org.uk", "https://readers.org.uk", "none"),
        ("rosa@gmail.com", "https://gmail.com", "none"),
        ("rosa@gmail.com", None, "none"),
        ("rosa@yandex.ru", "https://ya.ru", "none"),
        ("rosa@bücher.de", "https://xn--bcher-kva.de", "domain"),
        ("rosa@readers.org.uk.example.org", "https://readers.org.uk", "none"),
        ("rosa@mfa.gov.hu", "https://mfa.gov.hu", "domain"),
        ("rosa@gov.hu", "https://mfa.gov.hu", "none"),
        ("rosa@mfa.gov.hu", "https://nav.gov.hu", "none"),
        ("rosa@gov.az", "https://www.gov.az", "domain"),
        ("rosa@comcast.net", "https://comcast.net", "none"),
        ("rosa@yahoo.co.uk", "https://yahoo.co.uk", "none"),
        ("rosa@mailinator.com", "https://mailinator.com", "none"),
        ("rosa@any.mailinator.com", "https://mailinator.com", "none"),
        ("rosa@hotmail.com.tr", "https://hotmail.com.tr", "none"),
        ("rosa@ada.fastmail.com", "https://ada.fastmail.com", "none"),
    ],
)
def test_only_a_mailbox_at_its_own_domain_proves_an_organisation(address: str, website: str | None, proof: str) -> None:
    who = endorsers.of_organisation("Readers", "GB", website)
    assert endorsers.proof(mailboxes.mailbox(address), who) == proof


@pytest.mark.parametrize(
    "domain", ["gmail.com", "yahoo.co.uk", "comcast.net", "mailinator.com", "berlin.de", "outlook.sk"]
)
def test_a_mailbox_that_anybody_gets_proves_nothing_even_of_its_own_domain(domain: str) -> None:
    assert endorsers.proof(mailboxes.mailbox(f"rosa@{domain}"), f"domain:{domain}") == "none"


def test_the_list_of_open_mail_decides_no_key() -> None:
    # So that it may change at any time: berlin.de sells mailboxes to anybody, and is the site of a city.
    assert domains.has_open_mail("berlin.de")
    assert endorsers.of_organisation("Berlin", "DE", "https://www.berlin.de") == "domain:berlin.de"


def test_what_decides_keys_is_changed_on_purpose() -> None:
    # If this fails because a rule or a list changed: raise the number in `keys.RULES` and write the migration that recomputes the
    # keys (before the first release there are none to recompute), then put the new hash here.
    rules = repr((sorted(listed("shared_hosts.txt")), sorted(listed("public_bodies.txt")), PROVIDERS))
    assert hashlib.sha256(rules.encode()).hexdigest()[:16] == RULES_SHA256


def test_the_identity_rules_in_force_name_the_pinned_public_suffix_list() -> None:
    assert domains.PUBLIC_SUFFIX_LIST_SHA256.startswith(keys.RULES.split()[1])
    assert domains.registrable("example.co.uk") == "example.co.uk"  # which also checks the list against its hash
