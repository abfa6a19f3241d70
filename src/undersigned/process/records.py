"""What DNS says of the domain that our mail is from: without SPF, DKIM and DMARC it lands in spam."""

import base64
import binascii
from collections.abc import Sequence

import dns.asyncresolver
import dns.exception
import dns.resolver

from undersigned.identity import domains
from undersigned.mail import dkim
from undersigned.process.outside import Finding
from undersigned.settings import Settings

ANSWER_TIMEOUT_S = 5


async def look(settings: Settings, resolver: dns.asyncresolver.Resolver | None = None) -> list[Finding]:
    """Says which records the sender's domain has and lacks, and what to publish. Raises SettingsError for a bad key."""
    resolver = resolver or dns.asyncresolver.Resolver()
    resolver.lifetime = ANSWER_TIMEOUT_S
    domain = settings.sender.address.rpartition("@")[2]
    try:
        return [
            _spf(domain, await _texts(resolver, domain)),
            await _dkim(domain, dkim.key_of(settings), resolver),
            await _dmarc(domain, resolver),
        ]
    except dns.exception.DNSException as error:
        return [Finding(None, f"DNS gave no answer about {domain} ({type(error).__name__}): ask again")]


async def _texts(resolver: dns.asyncresolver.Resolver, name: str) -> list[str]:
    """The TXT records of a name, each in one piece; none if there is no such name."""
    try:
        answer = await resolver.resolve(name, "TXT", search=False)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    return [b"".join(record.strings).decode(errors="replace") for record in answer]


def _spf(domain: str, texts: Sequence[str]) -> Finding:
    """RFC 7208."""
    found = [text for text in texts if text.lower().split(" ")[0] == "v=spf1"]
    if len(found) > 1:
        return Finding(False, f"SPF: {domain} has {len(found)} records, which is as bad as none: make them one")
    if not found:
        return Finding(
            False, f'SPF: {domain} has none: publish TXT "v=spf1 … -all", naming the servers that send its mail'
        )
    return Finding(True, f"SPF: {found[0]}")


async def _dkim(domain: str, key: dkim.Key | None, resolver: dns.asyncresolver.Resolver) -> Finding:
    """RFC 6376, 3.6."""
    if key is None:
        return Finding(
            None, f"DKIM: mail isn't signed here, so the relay has to sign it for {domain}: send one and look"
        )
    name = f"{key.selector}._domainkey.{domain}"
    texts = await _texts(resolver, name)
    if any(_public(text) == _public(key.record) for text in texts):
        return Finding(True, f"DKIM: {name} has the key that mail is signed with")
    lack = "has another key than the one that mail is signed with" if texts else "has none"
    return Finding(False, f'DKIM: {name} {lack}: publish TXT "{key.record}"')


def _public(record: str) -> bytes:
    tags = dict(part.strip().split("=", 1) for part in record.split(";") if "=" in part)
    try:
        return base64.b64decode("".join(tags.get("p", "").split()), validate=True)
    except binascii.Error:
        return b""


async def _dmarc(domain: str, resolver: dns.asyncresolver.Resolver) -> Finding:
    """RFC 7489, 6.6.3: the domain's own record, or else the one of the registrable domain."""
    for name in dict.fromkeys((f"_dmarc.{domain}", f"_dmarc.{domains.registrable(domain) or domain}")):
        found = [text for text in await _texts(resolver, name) if text.split(";")[0].strip() == "v=DMARC1"]
        if len(found) == 1:
            return Finding(True, f"DMARC: {found[0]}")
    return Finding(False, f'DMARC: {domain} has none: publish TXT "v=DMARC1; p=quarantine" at _dmarc.{domain}')
