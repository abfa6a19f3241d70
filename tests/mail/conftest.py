"""Relays on loopback, and settings that send through one."""

import datetime as dt
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiosmtpd.controller import Controller
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.mail.relay import Listening, Relay
from tests.process import free_port
from undersigned.settings import Settings

Start = Callable[..., Relay]


class Starting(Controller):
    def factory(self) -> Listening:
        made = Listening(self.handler, **self.SMTP_kwargs)
        made.relay = self.handler
        return made


@pytest.fixture
def start_relay() -> Iterator[Start]:
    """Starts a relay; what is given goes to aiosmtpd's SMTP, but for `password`, which the relay asks for, and its answer."""
    running: list[Controller] = []

    def start(port: int | None = None, password: str = "", login_reply: str = "", **given: Any) -> Relay:
        relay = Relay(port or free_port(), password=password, login_reply=login_reply)
        if password:
            given |= {"authenticator": relay.authenticate, "auth_require_tls": False}
        controller = Starting(relay, hostname="127.0.0.1", port=relay.port, **{"enable_SMTPUTF8": True} | given)
        controller.start()
        relay.connection_count = 0  # it asked itself whether it is up
        running.append(controller)
        return relay

    yield start
    for controller in running:
        controller.stop()


@pytest.fixture(scope="session")
def relay_port() -> int:
    """Where one relay after another listens, so that their settings are the same and one app does for all."""
    return free_port()


@pytest.fixture
def relay(start_relay: Start, relay_port: int) -> Relay:
    return start_relay(relay_port)


@pytest.fixture
def settings(settings: Settings, relay: Relay) -> Settings:
    return msgspec.structs.replace(
        settings, smtp_url=f"smtp://127.0.0.1:{relay.port}", mail_from="Undersigned <post@undersigned.example>"
    )


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate for `localhost`, and its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "relay.pem"
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return file


@pytest.fixture
def tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context
