"""Links: one purpose each, a life of their own, and not a bit of them can be changed."""

import base64
import hashlib
import re
import time
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis.strategies import binary, uuids
from itsdangerous import TimestampSigner

from undersigned.errors import LinkExpired, LinkInvalid
from undersigned.identity import shortening
from undersigned.identity import tokens as tokens_module
from undersigned.identity.shortening import Located
from undersigned.identity.tokens import TTL_S, ConfirmLink, OwnerLink, Probe, Purpose, Signer, SuccessorLink, Turn
from undersigned.words import languages

OLD, NEW, OTHER = (letter * 32 for letter in "onx")
CONFIRM = ConfirmLink(uuid4(), uuid4())
OWNER = OwnerLink(uuid4(), bytes(range(32)))
SUCCEED = SuccessorLink(uuid4(), uuid4())
STOP = uuid4()
PROBE = Probe(IPv4Address("198.51.100.7"), IPv6Address("2001:db8::7"))
TURN = Turn(uuid4(), bytes(range(16)), uuid4(), 1_800_000_000)
Read = Callable[[Signer, str], object]
READERS: dict[Purpose, Read] = {
    "confirm": Signer.read_confirm,
    "manage": Signer.read_manage,
    "withdraw": Signer.read_withdraw,
    "succeed": Signer.read_succeed,
    "stop": Signer.read_stop,
    "probe": Signer.read_probe,
    "turn": Signer.read_turn,
}
# The keys of the row that each short link leads to.
ROWS: dict[Purpose, tuple[UUID, bytes]] = {
    "confirm": (CONFIRM.endorsement_id, CONFIRM.submission_id.bytes),
    "manage": (OWNER.endorsement_id, OWNER.bound),
    "withdraw": (OWNER.endorsement_id, OWNER.bound),
    "succeed": (SUCCEED.endorsement_id, SUCCEED.bound),
}
# How links were made before version 0.1: what they held, and what they read as.
LONG: dict[Purpose, tuple[bytes, object]] = {
    "confirm": (CONFIRM.endorsement_id.bytes + CONFIRM.submission_id.bytes, CONFIRM),
    "manage": (OWNER.endorsement_id.bytes + OWNER.bound, OWNER),
    "withdraw": (OWNER.endorsement_id.bytes + OWNER.bound, OWNER),
    "succeed": (SUCCEED.endorsement_id.bytes + SUCCEED.offer_id.bytes, SUCCEED),
    "stop": (STOP.bytes, STOP.bytes[:12]),
}


def tokens(signer: Signer) -> dict[Purpose, str]:
    return {
        "confirm": signer.confirm(CONFIRM),
        "manage": signer.manage(OWNER),
        "withdraw": signer.withdraw(OWNER),
        "succeed": signer.succeed(SUCCEED),
        "stop": signer.stop(STOP),
        "probe": signer.probe(PROBE),
        "turn": signer.turn(TURN),
    }


def opened(signer: Signer, purpose: Purpose, token: str) -> object:
    """What a token leads to; of a short one, whether it is the row that it was made for."""
    read = READERS[purpose](signer, token)
    return signer.opens(purpose, read, *ROWS[purpose]) if isinstance(read, Located) else read


def long_token(key: str, purpose: Purpose, payload: bytes) -> str:
    maker = TimestampSigner(
        [key], salt=f"undersigned {purpose}", key_derivation="hmac", digest_method=hashlib.sha256, sep="."
    )
    return maker.sign(base64.urlsafe_b64encode(payload).rstrip(b"=")).decode()


def at(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    monkeypatch.setattr(time, "time", lambda: seconds)


def test_a_link_leads_to_what_was_signed() -> None:
    signer = Signer([OLD])
    made = tokens(signer)
    assert {purpose: opened(signer, purpose, made[purpose]) for purpose in READERS} == {
        "confirm": True,
        "manage": True,
        "withdraw": True,
        "succeed": True,
        "stop": STOP.bytes[:12],
        "probe": PROBE,
        "turn": TURN,
    }


def test_a_short_link_says_how_the_keys_of_its_row_begin_and_no_more() -> None:
    signer = Signer([OLD])
    for purpose, (endorsement_id, tie) in ROWS.items():
        read = READERS[purpose](signer, tokens(signer)[purpose])
        assert isinstance(read, Located)
        assert (read.start, read.tie) == (endorsement_id.bytes[:6], tie[:2])
        assert read.first < endorsement_id < read.last
        assert read.first.bytes[:6] == read.last.bytes[:6]


@pytest.mark.parametrize("purpose", ROWS)
def test_a_row_whose_keys_only_begin_alike_is_not_the_one(purpose: Purpose) -> None:
    signer = Signer([OLD])
    read = READERS[purpose](signer, tokens(signer)[purpose])
    assert isinstance(read, Located)
    (endorsement_id, tie), last = ROWS[purpose], bytes([1])
    assert signer.opens(purpose, read, endorsement_id, tie)
    assert not signer.opens(purpose, read, endorsement_id, tie[:-1] + bytes([tie[-1] ^ 1]))
    assert not signer.opens(purpose, read, UUID(bytes=endorsement_id.bytes[:-1] + last), tie)
    assert not signer.opens(purpose, read, read.first, tie)
    # Whoever has our keys, but not the row, can make everything but the seal.
    thief = Located(read.start, read.tie, read.sealed, bytes(10))
    assert not signer.opens(purpose, thief, endorsement_id, tie)


def test_no_link_serves_another_purpose() -> None:
    signer = Signer([OLD])
    long = {purpose: long_token(OLD, purpose, payload) for purpose, (payload, _) in LONG.items()}
    for made in (tokens(signer), long):
        for purpose, token in made.items():
            for other, read in READERS.items():
                if other != purpose:
                    with pytest.raises(LinkInvalid):
                        read(signer, token)


@pytest.mark.parametrize("purpose", LONG)
def test_the_long_links_of_before_are_read_for_their_time(purpose: Purpose, monkeypatch: pytest.MonkeyPatch) -> None:
    payload, meant = LONG[purpose]
    at(monkeypatch, 1_800_000_000)
    token = long_token(OLD, purpose, payload)
    assert READERS[purpose](Signer([OLD, NEW]), token) == meant
    at(monkeypatch, 1_800_000_000 + TTL_S.get(purpose, 1_000_000_000))
    assert READERS[purpose](Signer([OLD]), token) == meant
    if purpose in TTL_S:
        at(monkeypatch, 1_800_000_000 + TTL_S[purpose] + 1)
        with pytest.raises(LinkExpired):
            READERS[purpose](Signer([OLD]), token)


@pytest.mark.parametrize("purpose", LONG)
@pytest.mark.parametrize("change", [lambda it: b"", lambda it: it[:-1], lambda it: it + b"x"])
def test_a_long_link_of_the_wrong_size_is_refused(purpose: Purpose, change: Callable[[bytes], bytes]) -> None:
    with pytest.raises(LinkInvalid):
        READERS[purpose](Signer([OLD]), long_token(OLD, purpose, change(LONG[purpose][0])))


def test_an_old_key_is_still_read_and_the_newest_signs() -> None:
    before, rotated, after = Signer([OLD]), Signer([OLD, NEW]), Signer([NEW])
    for purpose, read in READERS.items():
        assert opened(rotated, purpose, tokens(before)[purpose]) == opened(before, purpose, tokens(before)[purpose])
        assert opened(after, purpose, tokens(rotated)[purpose])
        for signer, made in ((before, rotated), (after, before)):
            with pytest.raises(LinkInvalid):
                read(signer, tokens(made)[purpose])


def test_a_stranger_can_not_sign() -> None:
    for purpose, token in tokens(Signer([OTHER])).items():
        with pytest.raises(LinkInvalid):
            READERS[purpose](Signer([OLD, NEW]), token)


@pytest.mark.parametrize("purpose", TTL_S)
def test_a_link_that_expires_is_good_for_its_time_and_less_than_an_hour_more(
    purpose: Purpose, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert TTL_S == {"confirm": 7 * 24 * 60 * 60, "manage": 24 * 60 * 60, "succeed": 7 * 24 * 60 * 60}
    signer, hour = Signer([OLD]), 1_800_000_000
    for made_at in (hour, hour + 3599):
        at(monkeypatch, made_at)
        token = tokens(signer)[purpose]
        at(monkeypatch, made_at + TTL_S[purpose])
        assert opened(signer, purpose, token) is True
        at(monkeypatch, hour + 3601 + TTL_S[purpose])
        with pytest.raises(LinkExpired):
            READERS[purpose](signer, token)


def test_a_link_that_expired_never_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    signer = Signer([OLD])
    at(monkeypatch, 1_800_000_000)
    token = signer.manage(OWNER)
    for hours in (2**15, 2**16 - 1, 2**16, 2**16 + 1, 2**17, 2**17 + 24):
        at(monkeypatch, 1_800_000_000 + hours * 3600)
        with pytest.raises((LinkExpired, LinkInvalid)):
            signer.read_manage(token)


def test_a_question_is_good_to_its_last_second(monkeypatch: pytest.MonkeyPatch) -> None:
    signer = Signer([OLD])
    at(monkeypatch, 1_800_000_000)
    token = signer.probe(PROBE)
    at(monkeypatch, 1_800_000_000 + 60)
    assert signer.read_probe(token) == PROBE
    at(monkeypatch, 1_800_000_000 + 61)
    with pytest.raises(LinkExpired):
        signer.read_probe(token)


def test_an_expired_link_can_still_be_read_to_offer_a_new_one(monkeypatch: pytest.MonkeyPatch) -> None:
    signer = Signer([OLD])
    at(monkeypatch, 1_800_000_000)
    token = signer.confirm(CONFIRM)
    at(monkeypatch, 1_900_000_000)
    read = signer.read_confirm(token, expired_too=True)
    assert isinstance(read, Located)
    assert signer.opens("confirm", read, *ROWS["confirm"])


def test_a_link_from_the_future_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    signer = Signer([OLD])
    at(monkeypatch, 1_800_000_000)
    token = signer.confirm(CONFIRM)
    at(monkeypatch, 1_800_000_000 - 7200)
    with pytest.raises(LinkInvalid):
        signer.read_confirm(token)
    # Clocks of two machines differ a little.
    at(monkeypatch, 1_799_999_990)
    assert signer.read_confirm(token)


def test_links_to_withdraw_or_stop_work_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    signer = Signer([OLD])
    at(monkeypatch, 1_800_000_000)
    made = tokens(signer)
    at(monkeypatch, 4_000_000_000)
    assert opened(signer, "withdraw", made["withdraw"]) is True
    assert signer.read_stop(made["stop"]) == STOP.bytes[:12]


@pytest.mark.parametrize("purpose", READERS)
def test_not_one_character_of_a_link_can_be_changed(purpose: Purpose) -> None:
    signer = Signer([OLD])
    token = tokens(signer)[purpose]
    for place, character in enumerate(token):
        for other in {*"A.0z-_~\0é", character.swapcase()} - {character}:
            changed = token[:place] + other + token[place + 1 :]
            try:
                right = opened(signer, purpose, changed)
            except LinkInvalid:
                continue
            # Only the row tells that a seal was changed; and a probe's last character has two bits that mean nothing.
            assert right is False or (purpose in tokens_module.LONG and place == len(token) - 1), (place, other)


@pytest.mark.parametrize("purpose", READERS)
def test_no_link_can_be_cut_or_lengthened(purpose: Purpose) -> None:
    signer = Signer([OLD])
    token = tokens(signer)[purpose]
    for changed in (
        *(token[:length] for length in range(len(token))),
        token + "A",
        "A" + token,
        "0" + token,
        token + ".",
        f" {token}",
        f"{token[:20]}\n{token[20:]}",
    ):
        with pytest.raises(LinkInvalid):
            READERS[purpose](signer, changed)


@pytest.mark.parametrize(
    "token",
    ["", ".", "..", "...", "a.b.c", "é.é.é", "\0", "=" * 300, "A" * 300, "\ud800", "z" * 31, "z" * 34, "٣" * 34],
)
def test_nonsense_is_no_link(token: str) -> None:
    assert tokens_module.language_of(token) is None
    for read in READERS.values():
        with pytest.raises(LinkInvalid):
            read(Signer([OLD]), token)


@given(uuids(), binary(min_size=32, max_size=32))
def test_a_mailed_token_is_letters_and_digits_and_at_most_34_of_them(endorsement_id: UUID, bound: bytes) -> None:
    signer = Signer([OLD])
    owner = OwnerLink(endorsement_id, bound)
    dated = [signer.confirm(ConfirmLink(endorsement_id, endorsement_id)), signer.manage(owner)]
    dated.append(signer.succeed(SuccessorLink(endorsement_id, endorsement_id)))
    undated = signer.withdraw(owner)
    for token in (*dated, undated, signer.stop(endorsement_id)):
        assert re.fullmatch("[0-9A-Za-z]+", token)
        assert len(token) == (31 if token == undated else 34)


@given(binary(max_size=40))
def test_what_is_written_short_is_read_and_in_no_other_way(given: bytes) -> None:
    token = shortening.written(given)
    assert shortening.read(token, len(given)) == given
    assert shortening.written(shortening.read(token, len(given))) == token


@pytest.mark.parametrize("language", [*languages.LANGUAGES, *languages.PSEUDO_LANGUAGES])
def test_a_mailed_link_remembers_its_language(language: str) -> None:
    with languages.speaking(language):
        made = tokens(Signer([OLD]))
    assert {
        tokens_module.language_of(token) for purpose, token in made.items() if purpose not in tokens_module.LONG
    } == {language}


def test_a_language_has_its_number_for_ever() -> None:
    numbered = [languages.numbered(number) for number in range(8)]
    assert numbered == ["en", "az", "hy", "ru", "tr", "hu", "de", "fr"]
    assert languages.numbered(len(languages.LANGUAGES)) is None
