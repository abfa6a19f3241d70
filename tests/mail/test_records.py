"""What DNS says of the sender's domain, asked of a name server on this machine."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import dns.asyncresolver
import dns.message
import dns.rcode
import dns.rrset
import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from tests.mail.test_dkim import given, kept, key_of
from undersigned.process import records
from undersigned.settings import Settings

SPF = '"v=spf1 include:relay.example -all"'


class NameServer(asyncio.DatagramProtocol):
    """Knows the TXT records in `texts`, by name, and that there are no others; without any it doesn't answer at all."""

    def __init__(self) -> None:
        self.texts: dict[str, list[str]] | None = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if self.texts is None:
            return
        query = dns.message.from_wire(data)
        answer, name = dns.message.make_response(query), query.question[0].name
        found = self.texts.get(name.to_text(omit_final_dot=True), [])
        if found:
            answer.answer.append(dns.rrset.from_text_list(name, 60, "IN", "TXT", found))
        else:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        self._transport.sendto(answer.to_wire(), addr)


@pytest.fixture
async def server() -> AsyncIterator[tuple[NameServer, dns.asyncresolver.Resolver]]:
    loop = asyncio.get_running_loop()
    transport, server = await loop.create_datagram_endpoint(NameServer, local_addr=("127.0.0.1", 0))
    resolver = dns.asyncresolver.Resolver(configure=False)
    resolver.nameservers, resolver.port = ["127.0.0.1"], transport.get_extra_info("sockname")[1]
    yield server, resolver
    transport.close()


Asked = tuple[NameServer, dns.asyncresolver.Resolver]


@pytest.fixture(params=["rsa", "ed25519"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    makes: dict[str, Callable[[], object]] = {
        "rsa": lambda: rsa.generate_private_key(65537, 2048),
        "ed25519": ed25519.Ed25519PrivateKey.generate,
    }
    return given(kept(makes[request.param](), tmp_path / "dkim.pem"))


def in_pieces(text: str) -> str:
    """A text as a record holds it: in strings of 255 characters at most."""
    return " ".join(f'"{text[at : at + 255]}"' for at in range(0, len(text), 255))


async def test_a_domain_that_has_all_of_them_is_well(server: Asked, settings: Settings) -> None:
    server[0].texts = {
        "undersigned.example": ['"something else"', SPF],
        "k1._domainkey.undersigned.example": [in_pieces(key_of(settings).record)],
        "_dmarc.undersigned.example": ['"v=DMARC1; p=reject"'],
    }
    found = await records.look(settings, server[1])
    assert [finding.good for finding in found] == [True, True, True]
    assert found[0].says == "SPF: v=spf1 include:relay.example -all"


async def test_what_a_domain_lacks_is_said_with_what_to_publish(server: Asked, settings: Settings) -> None:
    found = await records.look(settings, server[1])
    assert [finding.good for finding in found] == [False, False, False]
    assert found[1].says == (
        f'DKIM: k1._domainkey.undersigned.example has none: publish TXT "{key_of(settings).record}"'
    )
    assert "_dmarc.undersigned.example" in found[2].says


async def test_another_key_and_two_spf_records_are_faults(server: Asked, settings: Settings) -> None:
    server[0].texts = {
        "undersigned.example": [SPF, SPF.replace("relay", "other")],
        "k1._domainkey.undersigned.example": ['"v=DKIM1; k=rsa; p=AAAA"'],
    }
    spf, key, _ = await records.look(settings, server[1])
    assert "2 records" in spf.says
    assert "has another key" in key.says


async def test_a_subdomain_has_the_policy_of_the_domain_above(server: Asked) -> None:
    server[0].texts = {"_dmarc.undersigned.example": ['"v=DMARC1; p=none"'], "mail.undersigned.example": [SPF]}
    spf, key, dmarc = await records.look(Settings(mail_from="post@mail.undersigned.example"), server[1])
    assert (spf.good, key.good, dmarc.good) == (True, None, True)


async def test_a_name_server_that_is_silent_accuses_nobody(server: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "ANSWER_TIMEOUT_S", 0.3)
    server[0].texts = None
    [found] = await records.look(Settings(mail_from="post@undersigned.example"), server[1])
    assert found.good is None
    assert "ask again" in found.says
