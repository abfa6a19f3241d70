"""Addresses in the settings, read once and as a whole: the public URL, whom mail is from, and the relay that takes it.

Every function raises ValueError, whose message says what to write instead and repeats nothing of what may be a password.
"""

import ipaddress
import re
from typing import Literal, get_args
from urllib.parse import parse_qsl, unquote, urlsplit

import idna
import msgspec

DOT_ATOM = re.compile(r"[a-zA-Z0-9_!#$%&'*+/=?^`{|}~-]+(\.[a-zA-Z0-9_!#$%&'*+/=?^`{|}~-]+)*")
CONNECTIONS_MAX = 64
Tls = Literal["verify", "opportunistic", "off"]


class Sender(msgspec.Struct, frozen=True):
    """Whom mail is from: a name, or none, and an address in ASCII."""

    name: str
    address: str


class Relay(msgspec.Struct, frozen=True):
    """The server that takes our mail. `implicit_tls` speaks TLS from the first byte; `tls` says what STARTTLS is held to."""

    host: str
    port: int
    implicit_tls: bool = False
    tls: Tls = "opportunistic"
    user: str | None = None
    password: str | None = None
    cafile: str | None = None
    connections: int = 4
    ehlo: str | None = None

    @property
    def named(self) -> str:
        """What may be shown of it."""
        return f"{self.host}:{self.port}"


def ascii_host(host: str) -> str:
    """A host's name in A-labels, or an IP address as it is."""
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        pass
    if re.fullmatch(r"[a-zA-Z0-9_]([a-zA-Z0-9_.-]*[a-zA-Z0-9_])?", host) and ".." not in host:
        return host.lower()
    try:
        return idna.encode(host.rstrip("."), uts46=True).decode()
    except idna.IDNAError:
        raise ValueError("names a host that can be none") from None


def is_loopback(host: str) -> bool:
    """Whether a host name or address means this machine."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def base_url(given: str) -> str:
    """`https://host[:port]`, its host in A-labels."""
    parts = urlsplit(given)
    if parts.scheme not in ("http", "https"):
        raise ValueError("must start with https:// or http://")
    if not parts.hostname or parts.username is not None or parts.password is not None:
        raise ValueError("must name a host, and nobody")
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ValueError(
            "must end with the host or its port: the pages lie at the root of it, and no path can come before them"
        )
    host = ascii_host(parts.hostname)
    port = _port(parts.netloc)
    return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}{f':{port}' if port else ''}"


def sender(given: str) -> Sender:
    """The sender in `post@example.org` or `The name <post@example.org>`; it must be just one."""
    found = re.fullmatch(r"(?:(?P<name>[^<>]*?)\s*<(?P<inner>[^<>]*)>|(?P<alone>[^<>]*))", given.strip())
    local, _, domain = ((found["inner"] or found["alone"] or "") if found else "").rpartition("@")
    name = (found["name"] or "").strip() if found else ""
    if len(name) > 1 and name[0] == name[-1] == '"':
        name = re.sub(r"\\(.)", r"\1", name[1:-1])
    try:
        domain = ascii_host(domain)
    except ValueError:
        domain = ""
    if not domain or not DOT_ATOM.fullmatch(local) or not name.isprintable():
        raise ValueError(
            "must be one address, such as post@example.org, or a name and one address, such as The Name <post@example.org>; "
            "before the @ it can hold ASCII only"
        )
    return Sender(name, f"{local}@{domain}")


def relay(given: str) -> Relay:
    """The relay in `smtp://user:password@host:port?tls=…&cafile=…&connections=…&ehlo=…`, or `smtps://…` for TLS at once.

    Without more, STARTTLS is used where it is offered, as it is (RFC 7435), and a password goes to another host only under a
    certificate that holds. On loopback nothing is verified unless it is asked for.
    """
    shape = (
        "must look like smtp://user:password@host:587 or smtps://user:password@host, with every special character of the user "
        "and the password percent-encoded: # is %23, @ is %40, : is %3A, / is %2F, ? is %3F and % is %25"
    )
    parts = urlsplit(given)
    if parts.scheme not in ("smtp", "smtps"):
        raise ValueError(f"knows smtp:// and smtps://, and nothing else; it {shape}")
    broken = (
        parts.fragment or parts.path not in ("", "/") or not parts.hostname or "@" in parts.netloc.rpartition("@")[0]
    )
    if broken or re.search(r"%(?![0-9A-Fa-f]{2})", parts.netloc):
        raise ValueError(shape)
    try:
        host, port = ascii_host(parts.hostname or ""), _port(parts.netloc.rpartition("@")[2])
        asked = dict(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query)))
    except ValueError:
        raise ValueError(shape) from None
    if unknown := sorted(set(asked) - {"tls", "cafile", "connections", "ehlo"}):
        raise ValueError(f"knows tls, cafile, connections and ehlo after the ?, not {', '.join(unknown)}")
    password = None if parts.password is None else unquote(parts.password)
    implicit = parts.scheme == "smtps"
    by_itself: Tls = (
        "verify"
        if (password is not None or implicit or "cafile" in asked) and not is_loopback(host)
        else "opportunistic"
    )
    wanted = asked.get("tls", "verify" if "cafile" in asked else by_itself)
    tls = next((mode for mode in get_args(Tls) if mode == wanted), None)
    if tls is None or (implicit and tls == "off"):
        raise ValueError("takes tls=verify, tls=opportunistic or, for smtp:// only, tls=off")
    if password is not None and tls != "verify" and not is_loopback(host):
        raise ValueError(
            "sends a password to another host only under a verified certificate: leave tls= out, and name its cafile= if need be"
        )
    connections = asked.get("connections", "4")
    if not connections.isascii() or not connections.isdigit() or not 1 <= int(connections) <= CONNECTIONS_MAX:
        raise ValueError(f"takes connections=1 to {CONNECTIONS_MAX}")
    return Relay(
        host=host,
        port=port or (465 if implicit else 587 if password is not None else 25),
        implicit_tls=implicit,
        tls=tls,
        user=unquote(parts.username) if parts.username else None,
        password=password,
        cafile=asked.get("cafile"),
        connections=int(connections),
        ehlo=ascii_host(asked["ehlo"]) if "ehlo" in asked else None,
    )


def _port(netloc: str) -> int | None:
    port = urlsplit(f"//{netloc}").port
    if port == 0:
        raise ValueError("names a port that can be none")
    return port
