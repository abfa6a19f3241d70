"""A relay on loopback, and settings that send through it."""

import re
from collections.abc import Iterator

import msgspec
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP

from tests.mail.relay import Relay
from tests.process import free_port
from undersigned.settings import Settings


class Literal(SMTP):
    """Takes addresses letter for letter; the library's own server decodes those that look encoded."""

    def _getaddr(self, arg: str) -> tuple[str | None, str | None]:
        found = re.fullmatch(r"<([^>]*)>(?: (.*))?", arg.strip())
        return (found[1], found[2] or "") if found else (None, None)


class Listening(Controller):
    def factory(self) -> SMTP:
        return Literal(self.handler, **self.SMTP_kwargs)


@pytest.fixture
def relay() -> Iterator[Relay]:
    relay = Relay(free_port())
    controller = Listening(relay, hostname="127.0.0.1", port=relay.port, enable_SMTPUTF8=True)
    controller.start()
    yield relay
    controller.stop()


@pytest.fixture
def settings(settings: Settings, relay: Relay) -> Settings:
    return msgspec.structs.replace(
        settings, smtp_url=f"smtp://127.0.0.1:{relay.port}", mail_from="Undersigned <post@undersigned.example>"
    )
