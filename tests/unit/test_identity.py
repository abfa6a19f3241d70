"""Who an endorser is: one mailbox however its address is written, one organisation however its site is."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from undersigned.identity import domains, endorsers, keys, mailboxes
from undersigned.identity.endorsers import Kind

PEPPER = "a pepper for tests, long enough to be accepted"
KNOWN_ENDORSEMENT = UUID("a0a50652-649b-8fdb-b1c8-daf5968b69cb")
KNOWN_MAILBOX = UUID("8d8e523e-c00b-869b-bc84-9df869d5a169")


def key(address: str) -> str:
    return mailboxes.mailbox(address).key


@pytest.mark.parametrize(
    "address",
    [
        "ada.lovelace@gmail.com",
        "adalovelace@gmail.com",
        "a.d.a.lovelace+news@gmail.com",
        "ADA.Lovelace@GMail.com",
        "adalovelace+a+b@googlemail.com",
        " adalovelace@gmail.com ",
    ],
)
def test_dots_and_tags_of_gmail_are_one_mailbox(address: str) -> None:
    assert key(address) == "adalovelace@gmail.com"


@pytest.mark.parametrize("domain", ["outlook.com", "hotmail.com", "proton.me", "fastmail.com", "icloud.com", "ya.ru"])
def test_a_tag_at_a_known_provider_is_stripped_and_dots_there_are_kept(domain: str) -> None:
    assert key(f"ada.l+news@{domain}") == key(f"Ada.L@{domain}")
    assert key(f"ada.l@{domain}") != key(f"adal@{domain}")


@pytest.mark.parametrize(
    ("one", "other"),
    [("me.com", "icloud.com"), ("pm.me", "proton.me"), ("protonmail.ch", "proton.me"), ("yandex.com", "ya.ru")],
)
def test_the_domains_of_one_account_are_one_mailbox(one: str, other: str) -> None:
    assert key(f"ada@{one}") == key(f"ada@{other}")


def test_outlook_and_hotmail_are_different_accounts() -> None:
    assert key("ada@outlook.com") != key("ada@hotmail.com")


def test_at_an_unknown_domain_nothing_is_stripped() -> None:
    assert key("ada.l+news@example.org") == "ada.l+news@example.org"
    assert len({key(f"{local}@example.org") for local in ("ada.l", "adal", "ada.l+news")}) == 3


def test_a_lookalike_of_a_provider_gets_none_of_its_rules() -> None:
    assert key("a.da+x@gmail.com.example.org") == "a.da+x@gmail.com.example.org"
    assert key("a.da+x@mail.gmail.com") == "a.da+x@mail.gmail.com"


def test_a_local_part_that_is_only_a_tag_stays_somebody() -> None:
    assert key("+x@gmail.com") == "+x@gmail.com"
    assert key("+y@gmail.com") != key("+x@gmail.com")


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
        "https://www.instagram.com/readers",
    ],
)
def test_on_a_shared_host_the_name_and_country_are_the_identity(website: str | None) -> None:
    assert endorsers.of_organisation("Readers' Society", "GB", website) == "name:readers society GB"


def test_a_host_that_only_ends_like_a_shared_one_is_its_own() -> None:
    assert endorsers.of_organisation("X", "GB", "https://notfacebook.com") == "domain:notfacebook.com"
    assert not domains.is_shared("facebook.com.example.org")
    assert domains.is_shared("Sites.Google.com")


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


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Readers' Society", "READERS SOCIETY"),
        ("Readers – Society, Ltd.", "readers society ltd"),
        ("Ａｂｃ", "abc"),
        ("Պատմության Ընկերություն", "պատմության  ընկերություն"),
        ("Общество «Читатель»", "ОБЩЕСТВО ЧИТАТЕЛЬ"),
        ("Kőrösi", "Ko\u030bro\u0308si"),
        ("جمعية القرّاء", "جمعية - القرّاء"),
    ],
)
def test_case_punctuation_and_width_make_no_second_organisation(one: str, other: str) -> None:
    assert endorsers.of_organisation(one, "GB", None) == endorsers.of_organisation(other, "GB", None)


def test_the_same_name_elsewhere_is_another_organisation() -> None:
    assert endorsers.of_organisation("Readers", "GB", None) != endorsers.of_organisation("Readers", "IE", None)


@pytest.mark.parametrize(
    ("one", "other"), [("Читатель", "Писатель"), ("読者の会", "作者の会"), ("Readers 1", "Readers 2")]
)
def test_different_names_in_any_script_stay_different(one: str, other: str) -> None:
    assert endorsers.of_organisation(one, "GB", None) != endorsers.of_organisation(other, "GB", None)


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
    ],
)
def test_only_a_mailbox_at_its_own_domain_proves_an_organisation(address: str, website: str | None, proof: str) -> None:
    who = endorsers.of_organisation("Readers", "GB", website)
    assert endorsers.proof(mailboxes.mailbox(address), who) == proof


def test_free_mail_proves_nothing_even_of_its_own_domain() -> None:
    assert endorsers.proof(mailboxes.mailbox("rosa@gmail.com"), "domain:gmail.com") == "none"


def test_the_identity_rules_in_force_name_the_pinned_public_suffix_list() -> None:
    assert domains.PUBLIC_SUFFIX_LIST_SHA256.startswith(keys.RULES.split()[1])
    assert domains.registrable("example.co.uk") == "example.co.uk"  # which also checks the list against its hash
