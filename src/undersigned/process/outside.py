"""What the world meets at the public address: `doctor` asks there, as a browser would, and says what stands in the way."""

import http.client
import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import closing
from http import HTTPStatus
from urllib.parse import urlsplit

import msgspec

from undersigned.identity.tokens import Signer
from undersigned.settings import PREFIX, Settings
from undersigned.signing import forwarding

TIMEOUT_S = 5
BODY_SIZE_MAX = 256 * 1024
PROXIES = f"{PREFIX}TRUSTED_PROXIES"
THEME = "/embed/theme.css?accent=336699"


class Finding(msgspec.Struct, frozen=True):
    """Something that was looked at: good, bad, or neither where it can't be told."""

    good: bool | None
    says: str


class Unreachable(Exception):
    """No answer came; the message says why, as an end of a sentence."""


class Answer(msgspec.Struct, frozen=True):
    """An answer from the public address, and the address on this machine that asked for it."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    asker: str

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name]


def look(url: str, settings: Settings) -> list[Finding]:
    """What is right and wrong at this address, in sentences. Asks for some five paths, and waits 5 seconds at each step."""
    found = list[Finding]()
    try:
        found.extend(_elsewhere(url, settings))
        # One by one: what was found stays if the next path gives no answer.
        for finding in _look(url, settings):
            found.append(finding)
    except Unreachable as error:
        found.append(Finding(False, f"{url} {error}"))
    return found


def _look(url: str, settings: Settings) -> Iterator[Finding]:
    health = ask(url, "/healthz")
    if trouble := _foreign(url, health, settings):
        yield trouble
        return
    yield Finding(True, f"{url} answers" + (", with a certificate that holds" if url.startswith("https:") else ""))
    yield from _as_whom(url, settings, health.asker)
    yield from _embedding(url)
    yield _mailbox(url, settings)


def _elsewhere(url: str, settings: Settings) -> Iterator[Finding]:
    if url != settings.url:
        yield Finding(
            False, f"mailed links lead to {settings.url}, not to {url}: set {PREFIX}BASE_URL to the public address"
        )


def _foreign(url: str, health: Answer, settings: Settings) -> Finding | None:
    """Why what answers isn't this server, if it isn't."""
    if 300 <= health.status < 400:
        to = _shown("".join(health.all("location")[:1]))
        return Finding(
            False,
            f"{url} sends visitors on to {to}: set {PREFIX}BASE_URL to the address at which they arrive, or mailed links take a "
            "detour that partners' pages and programs don't",
        )
    if health.status != HTTPStatus.OK or b'"status":"ok"' not in health.body:
        return Finding(
            False,
            f"{url}/healthz answers {health.status}, and not as this server does: let the proxy pass every path on to "
            f"`undersigned serve`, at port {settings.port}",
        )
    return None


def _as_whom(url: str, settings: Settings, asker: str) -> Iterator[Finding]:
    """Whose address the server sees in our request, and in which version of HTTP it comes to it."""
    probe = forwarding.probe(asker)
    headers = {forwarding.QUESTION: Signer(settings.signing_keys).probe(probe), "X-Forwarded-For": str(probe.made_up)}
    told = ask(url, "/healthz", headers).all(forwarding.ANSWER)
    seen, _, version = told[0].partition(" ") if len(told) == 1 else ("", "", "")
    if seen not in SEEN:
        yield Finding(
            False,
            "client address: the server that answers doesn't know doctor's question. It has other secrets, another version or a "
            "clock that differs by a minute; or something before it drops headers, or answers from a cache",
        )
        return
    good, says = SEEN[seen]
    if seen == "bare" and url.startswith("http:"):
        good, says = True, "the visitor's, because nothing stands before the server that would say otherwise"
    yield Finding(good, f"client address: {says}")
    yield (
        Finding(True, f"requests come to the server in {version}")
        if version not in ("HTTP/1.0", "HTTP/1")
        else Finding(
            False,
            "the proxy speaks HTTP/1.0 to the server: every request opens a connection, and an export that was cut looks whole. "
            "Let it speak HTTP/1.1 (nginx: `proxy_http_version 1.1;`)",
        )
    )


ONE_NETWORK = "so that budgets count the whole world as one network"
SEEN: dict[str, tuple[bool | None, str]] = {
    "client": (True, "the server sees the visitor's, and isn't deceived by one that a visitor makes up"),
    "insider": (
        None,
        f"it can't be told from here, because doctor asks from within the networks of {PROXIES}; the proxy does pass addresses "
        "on. Ask from a machine outside them, with the same secrets, to be sure",
    ),
    "believed": (
        False,
        "the server believed one that doctor made up, so everybody can choose whose budget they spend. Let the proxy write "
        "X-Forwarded-For itself (nginx: `proxy_set_header X-Forwarded-For $remote_addr;`), and name only proxies in "
        f"{PROXIES}",
    ),
    "bare": (
        False,
        f"the server sees its proxy's, {ONE_NETWORK}: the proxy doesn't say whom it speaks for. Let it set X-Forwarded-For "
        f"(nginx: `proxy_set_header X-Forwarded-For $remote_addr;`), and name its network in {PROXIES}",
    ),
    "silent": (
        False,
        f"the server sees its proxy's, {ONE_NETWORK}: the proxy takes X-Forwarded-For away. Let it set it "
        f"(nginx: `proxy_set_header X-Forwarded-For $remote_addr;`), and name its network in {PROXIES}",
    ),
    "untrusted": (
        False,
        f"the server sees its proxy's, {ONE_NETWORK}: the proxy says whom it speaks for, and isn't believed. Name its network "
        f"in {PROXIES}",
    ),
    "between": (
        False,
        "the server sees that of a proxy further out, so that budgets count all who come through it as one network: name its "
        f"network too in {PROXIES}",
    ),
}


def _embedding(url: str) -> Iterator[Finding]:
    """What a proxy did to the headers of what other sites embed."""
    found = re.search(rb'"(?:https?://[^/"]+)?/s/([a-z0-9-]+)', ask(url, "/").body)
    paths = [f"/embed/{found[1].decode()}/form"] if found else []
    faults = dict[str, str]()
    for path in (*paths, THEME):
        for fault, remedy in _embedding_faults(ask(url, path)):
            faults.setdefault(fault, f"embeds: {fault.format(path.partition('?')[0])}; {remedy}")
    yield from (Finding(False, says) for says in faults.values())
    if not faults:
        yield Finding(True, "embeds: nothing before the server changes the headers that let other sites show them")


def _embedding_faults(answer: Answer) -> Iterator[tuple[str, str]]:
    """Each fault, with {} for the path, and what to do about it."""
    if answer.status != HTTPStatus.OK:
        yield f"{{}} answers {answer.status} there", "let the proxy pass every path on"
        return
    if answer.all("x-frame-options"):
        yield (
            "something before the server adds X-Frame-Options to {}, and browsers show no frame on partners' pages",
            "take it away for /embed/ (all other pages say by themselves that nobody may frame them)",
        )
    policies = [each for value in answer.all("content-security-policy") for each in value.split(",")]
    if len(policies) > 1:
        yield (
            "something before the server adds a second Content-Security-Policy to {}, and browsers obey both",
            "take it away: the server sends its own for every page",
        )
    elif not policies or "form-action 'self'; base-uri 'none'" not in policies[0]:
        yield (
            "something before the server takes its Content-Security-Policy away from {}, or puts another in its place",
            "leave the server's own as it is",
        )
    if answer.all("cross-origin-resource-policy") != ["cross-origin"]:
        yield (
            "something before the server changes Cross-Origin-Resource-Policy of {}, and isolated pages can't load it",
            "leave the server's own as it is",
        )
    if answer.all("access-control-allow-origin") != ["*"]:
        yield (
            "something before the server changes Access-Control-Allow-Origin of {}, and scripts on partners' pages can't read it",
            "leave the server's own as it is, once",
        )


def _mailbox(url: str, settings: Settings) -> Finding:
    status = ask(url, "/mailbox").status
    if url == settings.url and settings.on_loopback:
        return Finding(True, "/mailbox is for this machine alone, as the address is")
    if status == HTTPStatus.NOT_FOUND:
        return Finding(True, "/mailbox, where mails lie while somebody tries things out, is closed")
    return Finding(
        False,
        f"/mailbox answers {status} there, and must answer 404: whoever opens it reads everybody's mails, with their links. Set "
        f"{PREFIX}BASE_URL to the public address and {PREFIX}SMTP_URL to a mail server; until then take the proxy away",
    )


def ask(url: str, path: str, headers: dict[str, str] | None = None) -> Answer:
    """The answer to one GET, wherever it leads. Raises Unreachable."""
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    try:
        with closing(kind(parts.hostname or "", parts.port, timeout=TIMEOUT_S)) as connection:
            connection.connect()
            asker = connection.sock.getsockname()[0]
            connection.request("GET", path, headers={"Connection": "close", **(headers or {})})
            answer = connection.getresponse()
            return Answer(answer.status, answer.getheaders(), answer.read(BODY_SIZE_MAX), asker)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise Unreachable(_why(error)) from None


def _why(error: Exception) -> str:
    match error:
        case ssl.SSLCertVerificationError():
            return (
                f"has a certificate that browsers refuse ({error.verify_message.rstrip('.')}): renew it, or give the proxy "
                "the whole chain and the right name. Nothing else was asked"
            )
        case ssl.SSLError():
            return f"doesn't speak TLS as browsers do ({error.reason or 'it hangs up'}): put the proxy's TLS right"
        case TimeoutError():
            return f"gives no answer within {TIMEOUT_S} seconds from here: does the proxy run, and can it be reached?"
        case socket.gaierror():
            return "has a name that nobody knows here: give it an address in the DNS"
        case OSError():
            return f"can't be reached from here ({(error.strerror or 'it hangs up').lower()}): does the proxy run?"
        case _:
            return "answers with something that isn't HTTP: is it the proxy that listens there?"


def _shown(value: str) -> str:
    """What a stranger's header says, as far as a terminal should show it."""
    return "".join(each for each in value[:100] if each.isprintable())
