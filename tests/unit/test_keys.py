"""What a key of an endorser, a mailbox or a network is made of: everything, and always the same."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from undersigned.identity import endorsers, keys, mailboxes
from undersigned.identity.endorsers import Kind

PEPPER = "a pepper for tests, long enough to be accepted"
KNOWN_ENDORSEMENT = UUID("a0a50652-649b-8fdb-b1c8-daf5968b69cb")
KNOWN_MAILBOX = UUID("8d8e523e-c00b-869b-bc84-9df869d5a169")


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
