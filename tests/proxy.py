"""A small real proxy on loopback, as good or as bad as a test wants it, and certificates for it."""

import datetime as dt
import http.client
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Habits:
    """How a proxy behaves. `calls_from` is the address of its own that the server sees; `instead` are paths it answers itself."""

    forwards: Literal["appends", "replaces", "keeps", "hides"] = "appends"
    calls_from: str = "127.0.0.9"
    version: int = 11
    adds: dict[str, str] = field(default_factory=dict)
    takes_away: frozenset[str] = frozenset()
    instead: dict[str, tuple[int, dict[str, str], bytes]] = field(default_factory=dict)


def certificate(directory: Path, name: str = "localhost", ends_in: dt.timedelta = dt.timedelta(days=1)) -> Path:
    """A file with a certificate that signs itself, and its key."""
    key, now = ec.generate_private_key(ec.SECP256R1()), dt.datetime.now(dt.UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=2))
        .not_valid_after(now + ends_in)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = directory / f"{name}.{ends_in.days}.pem"
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return file


@contextmanager
def proxied(upstream: str, habits: Habits, tls: Path | None = None) -> Iterator[str]:
    """The URL of a proxy before the server at `upstream`, with this certificate or else without TLS."""
    parts = urlsplit(upstream)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            if path in habits.instead:
                self._say(*habits.instead[path])
                return
            connection = http.client.HTTPConnection(
                parts.hostname or "", parts.port, timeout=30, source_address=(habits.calls_from, 0)
            )
            if habits.version == 10:
                vars(connection).update(_http_vsn=10, _http_vsn_str="HTTP/1.0")
            with closing(connection):
                connection.request("GET", self.path, headers=self._passed_on())
                answer = connection.getresponse()
                kept = {
                    key: value
                    for key, value in answer.getheaders()
                    if key.lower() not in habits.takes_away | {"connection", "transfer-encoding", "content-length"}
                }
                self._say(answer.status, kept, answer.read(), habits.adds)

        def _passed_on(self) -> dict[str, str]:
            headers = {key: value for key, value in self.headers.items() if key.lower() != "x-forwarded-for"}
            given, peer = self.headers.get("X-Forwarded-For"), str(self.client_address[0])
            said = {
                "appends": ", ".join(filter(None, (given, peer))),
                "replaces": peer,
                "keeps": given,
                "hides": None,
            }[habits.forwards]
            return headers | ({"X-Forwarded-For": said} if said else {})

        def _say(self, status: int, kept: dict[str, str], body: bytes, added: dict[str, str] | None = None) -> None:
            self.send_response_only(status)
            for key, value in (*kept.items(), *(added or {}).items()):
                self.send_header(key, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        scheme = "http"
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(tls)
            server.socket = context.wrap_socket(server.socket, server_side=True)
            scheme = "https"
        running = threading.Thread(target=server.serve_forever, args=(0.05,))
        running.start()
        try:
            yield f"{scheme}://localhost:{server.server_port}"
        finally:
            server.shutdown()
            running.join()
