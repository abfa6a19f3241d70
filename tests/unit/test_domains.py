"""One organisation is one, however the address of its site is written, and no two are."""

import hashlib
import re
from importlib import resources

import publicsuffixlist
import pytest
from hypothesis import given
from hypothesis import strategies as st

from undersigned.identity import domains, endorsers, keys, mailboxes
from undersigned.identity.providers import PROVIDERS

RULES_SHA256 = "707e4131c08adb66"


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
