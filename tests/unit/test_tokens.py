"""Links: one purpose each, a life of their own, and not a bit of them can be changed."""

import time
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address
from uuid import UUID, uuid4

import pytest

from undersigned.errors import LinkExpired, LinkInvalid
from undersigned.identity.tokens import (
    CONFIRM_TTL_S,
    MANAGE_TTL_S,
    PROBE_TTL_S,
    ConfirmLink,
    OwnerLink,
    Probe,
    Signer,
    SuccessorLink,
    Turn,
)

OLD, NEW, OTHER = (letter * 32 for letter in "onx")
CONFIRM = ConfirmLink(uuid4(), uuid4())
OWNER = OwnerLink(uuid4(), bytes(range(32)))
SUCCEED = SuccessorLink(uuid4(), uuid4())
STOP = uuid4()
PROBE = Probe(IPv4Address("198.51.100.7"), IPv6Address("2001:db8::7"))
TURN = Turn(uuid4(), bytes(range(16)), uuid4(), 1_800_000_000)
Read = Callable[[Signer, str], object]
READERS: dict[str, Read] = {
    "confirm": Signer.read_confirm,
    "manage": Signer.read_manage,
    "withdraw": Signer.read_withdraw,
    "succeed": Signer.read_succeed,
    "stop": Signer.read_stop,
    "probe": Signer.read_probe,
    "turn": Signer.read_turn,
}


def tokens(signer: Signer) -> dict[str, str]:
    return {
        "confirm": signer.confirm(CONFIRM),
        "manage": signer.manage(OWNER),
        "withdraw": signer.withdraw(OWNER),
        "succeed": signer.succeed(SUCCEED),
        "stop": signer.stop(STOP),
        "probe": signer.probe(PROBE),
        "turn": signer.turn(TURN),
    }


def at(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    monkeypatch.setattr(time, "time", lambda: seconds)


def test_a_link_reads_as_what_was_signed() -> None:
    signer = Signer([OLD])
    made = tokens(signer)
    assert {purpose: read(signer, made[purpose]) for purpose, read in READERS.items()} == {
        "confirm": CONFIRM,
        "manage": OWNER,
        "withdraw": OWNER,
        "succeed": SUCCEED,
        "stop": STOP,
        "probe": PROBE,
        "turn": TURN,
    }


def test_no_link_serves_another_purpose() -> None:
    signer = Signer([OLD])
    for purpose, token in tokens(signer).items():
        for other, read in READERS.items():
            if other != purpose:
                with pytest.raises(LinkInvalid):
                    read(signer, token)


def test_payloads_of_the_same_size_still_serve_one_purpose_only() -> None:
    signer = Signer([OLD])
    same_size = OwnerLink(STOP, b"")  # 16 bytes, as a stop link has
    with pytest.raises(LinkInvalid):
        signer.read_stop(signer.withdraw(same_size))


def test_a_signed_payload_of_the_wrong_size_is_refused() -> None:
    signer = Signer([OLD])
    for commitment in (b"", bytes(31), bytes(33)):
        with pytest.raises(LinkInvalid):
            signer.read_withdraw(signer.withdraw(OwnerLink(uuid4(), commitment)))


def test_an_old_key_is_still_read_and_the_newest_signs() -> None:
    before, rotated, after = Signer([OLD]), Signer([OLD, NEW]), Signer([NEW])
    for purpose, read in READERS.items():
        assert read(rotated, tokens(before)[purpose]) == read(before, tokens(before)[purpose])
        assert read(after, tokens(rotated)[purpose])
        for signer, made in ((before, rotated), (after, before)):
            with pytest.raises(LinkInvalid):
                read(signer, tokens(made)[purpose])


def test_a_stranger_can_not_sign() -> None:
    for purpose, token in tokens(Signer([OTHER])).items():
        with pytest.raises(LinkInvalid):
            READERS[purpose](Signer([OLD, NEW]), token)


@pytest.mark.parametrize(("purpose", "ttl_s"), [("confirm", 7 * 24 * 60 * 60), ("manage", 24 * 60 * 60), ("probe", 60)])
def test_a_link_that_expires_is_good_to_its_last_second(
    purpose: str, ttl_s: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    signer, read = Signer([OLD]), READERS[purpose]
    at(monkeypatch, 1_800_000_000)
    token = tokens(signer)[purpose]
    at(monkeypatch, 1_800_000_000 + ttl_s)
    assert read(signer, token)
    at(monkeypatch, 1_800_000_000 + ttl_s + 1)
    with pytest.raises(LinkExpired):
        read(signer, token)
    assert {"confirm": CONFIRM_TTL_S, "manage": MANAGE_TTL_S, "probe": PROBE_TTL_S}[purpose] == ttl_s


def test_an_expired_link_can_still_be_read_to_offer_a_new_one(monkeypatch: pytest.MonkeyPatch) -> None:
    signer = Signer([OLD])
    at(monkeypatch, 1_800_000_000)
    token = signer.confirm(CONFIRM)
    at(monkeypatch, 1_900_000_000)
    assert signer.read_confirm(token, expired_too=True) == CONFIRM


def test_a_link_from_the_future_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    signer = Signer([OLD])
    at(monkeypatch, 1_800_000_000)
    token = signer.confirm(CONFIRM)
    at(monkeypatch, 1_799_999_000)
    with pytest.raises(LinkExpired):
        signer.read_confirm(token)


def test_links_to_withdraw_or_stop_work_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    signer = Signer([OLD])
    at(monkeypatch, 1_800_000_000)
    made = tokens(signer)
    at(monkeypatch, 4_000_000_000)
    assert signer.read_withdraw(made["withdraw"]) == OWNER
    assert signer.read_stop(made["stop"]) == STOP


def test_not_one_character_of_a_link_can_be_changed() -> None:
    signer = Signer([OLD])
    for purpose, token in tokens(signer).items():
        for place, character in enumerate(token):
            for other in "A.0-_~\0é":
                if other != character:
                    changed = token[:place] + other + token[place + 1 :]
                    try:
                        READERS[purpose](signer, changed)
                    except LinkInvalid:
                        continue
                    # The last character of unpadded base64 has two bits that mean nothing.
                    assert place == len(token) - 1, (purpose, place, other)


@pytest.mark.parametrize("purpose", READERS)
def test_no_link_can_be_cut_or_lengthened(purpose: str) -> None:
    signer = Signer([OLD])
    token = tokens(signer)[purpose]
    for changed in (
        *(token[:length] for length in range(len(token))),
        token + "A",
        "A" + token,
        token + ".",
        f" {token}",
    ):
        with pytest.raises(LinkInvalid):
            READERS[purpose](signer, changed)


@pytest.mark.parametrize("token", ["", ".", "..", "...", "a.b.c", "é.é.é", "\0", "=" * 300, "A" * 300, "\ud800"])
def test_nonsense_is_no_link(token: str) -> None:
    for read in READERS.values():
        with pytest.raises(LinkInvalid):
            read(Signer([OLD]), token)


def test_there_is_nothing_in_a_link_but_keys() -> None:
    token = Signer([OLD]).stop(UUID(int=0))
    assert token.isascii()
    assert set(token) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")
    assert len(Signer([OLD]).confirm(CONFIRM)) < 120
