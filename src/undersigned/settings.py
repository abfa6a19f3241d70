"""What an operator can set: one frozen structure from `UNDERSIGNED_*`; nothing else reads the environment."""

import ipaddress
import os
import re
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import idna
import msgspec
from msgspec import Meta

ROOT = Path(__file__).resolve().parents[2]
PREFIX = "UNDERSIGNED_"
SECRET_LENGTH_MIN = 32
DOT_ATOM = re.compile(r"[a-zA-Z0-9_!#$%&'*+/=?^`{|}~-]+(\.[a-zA-Z0-9_!#$%&'*+/=?^`{|}~-]+)*")
SECRETS = ("SECRET_KEYS", "PEPPER", "LOG_SEED")


class SettingsError(Exception):
    """Something in the environment is missing or wrong; the message is one line that names it."""


class Sender(msgspec.Struct, frozen=True):
    """Whom mail is from: a name, or none, and an address in ASCII."""

    name: str
    address: str


class Settings(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename=lambda field: PREFIX + field.upper()
):
    """The settings. Budgets are per hour, and 0 means no limit.

    `secret_keys` signs links (comma-separated, oldest first, the last one signs). `pepper` keys every endorser and can
    never change. `log_seed` derives the signing keys of the public logs. `trusted_proxies` are the networks whose
    `X-Forwarded-For` is believed, comma-separated.
    """

    host: str = "127.0.0.1"
    port: Annotated[int, Meta(ge=1, le=65535)] = 8000
    base_url: str = ""
    data_dir: str = "var"
    statements_dir: str = ""
    database_url: str = ""
    smtp_url: str = ""
    mail_from: str = ""
    secret_keys: str = ""
    pepper: str = ""
    log_seed: str = ""
    web_workers: Annotated[int, Meta(ge=1, le=64)] = 2
    trusted_proxies: str = ""
    mail_budget_network: Annotated[int, Meta(ge=0)] = 100
    mail_budget_total: Annotated[int, Meta(ge=0)] = 0
    submit_budget_network: Annotated[int, Meta(ge=0)] = 600

    @property
    def url(self) -> str:
        """The public address of this installation, without a trailing slash."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return (self.base_url or f"http://{host}:{self.port}").rstrip("/")

    @property
    def data_path(self) -> Path:
        return Path(self.data_dir).resolve()

    @property
    def sender(self) -> Sender:
        """Whom mail is from. Raises SettingsError."""
        return read_sender(self.mail_from or "undersigned@localhost")

    @property
    def signing_keys(self) -> list[str]:
        return [key.strip() for key in self.secret_keys.split(",")]

    @property
    def proxy_networks(self) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
        return [ipaddress.ip_network(part.strip()) for part in self.trusted_proxies.split(",") if part.strip()]

    @property
    def on_loopback(self) -> bool:
        """Whether only this machine can reach the server: it listens on loopback, and nothing stands before it."""
        return is_loopback(self.host) and is_loopback(urlsplit(self.url).hostname or "") and not self.trusted_proxies

    @property
    def has_mailbox_page(self) -> bool:
        """Whether `/mailbox` exists: mail stays on this machine, and so does whoever reads it."""
        return self.on_loopback and not self.smtp_url

    def to_environ(self) -> dict[str, str]:
        """These settings as environment variables, for a child process."""
        return {name: str(value) for name, value in msgspec.to_builtins(self).items()}


def is_loopback(host: str) -> bool:
    """Whether a host name or address means this machine."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def read_sender(given: str) -> Sender:
    """The sender of `post@example.org` or `The name <post@example.org>`. Raises SettingsError if it isn't just one."""
    found = re.fullmatch(r"(?:(?P<name>[^<>]*?)\s*<(?P<inner>[^<>]*)>|(?P<alone>[^<>]*))", given.strip())
    local, _, domain = ((found["inner"] or found["alone"] or "") if found else "").rpartition("@")
    name = (found["name"] or "").strip().strip('"').replace('\\"', '"') if found else ""
    try:
        ascii_domain = domain if domain == "localhost" else idna.encode(domain, uts46=True).decode()
    except idna.IDNAError:
        ascii_domain = ""
    if not ascii_domain or not DOT_ATOM.fullmatch(local) or not name.isprintable():
        raise SettingsError(
            f"{PREFIX}MAIL_FROM must be one address, such as post@example.org, or a name and one address, such as "
            "The Undersigned <post@example.org>."
        )
    return Sender(name, f"{local}@{ascii_domain}")


def replace(settings: Settings, **changes: str) -> Settings:
    """The settings with some of them changed."""
    return msgspec.structs.replace(settings, **changes)


def load(environ: Mapping[str, str] | None = None, *, generate_secrets: bool = False) -> Settings:
    """The settings from the environment, with secrets from `DATA_DIR/secrets.env` where the environment has none.

    With `generate_secrets` that file is made if it is missing. Raises SettingsError, naming every variable that is
    unknown, malformed, missing or too short.
    """
    given = {
        key: value
        for key, value in (os.environ if environ is None else environ).items()
        if key.startswith(PREFIX) and value != ""
    }
    try:
        settings = msgspec.convert(given, Settings, strict=False)
    except msgspec.ValidationError as error:
        raise SettingsError(f"A setting is wrong: {error}.".replace(" - at `$.", " (").replace("`.", ").")) from None
    settings = _with_stored_secrets(settings, generate_secrets)
    _check(settings)
    return settings


def _with_stored_secrets(settings: Settings, generate: bool) -> Settings:
    file = settings.data_path / "secrets.env"
    missing = [name for name in SECRETS if not getattr(settings, name.lower())]
    if not missing or not (generate or file.exists()):
        return settings
    try:
        if not file.exists():
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            lines = "".join(f"{PREFIX}{name}={secrets.token_urlsafe(32)}\n" for name in SECRETS)
            unfinished = file.with_suffix(f".{os.getpid()}")
            unfinished.touch(mode=0o600)
            unfinished.write_text(lines)
            unfinished.rename(file)
        stored = dict(line.partition("=")[::2] for line in file.read_text().split())
    except OSError as error:
        raise SettingsError(
            f"{file.parent} can't be used for data ({error.strerror}): set {PREFIX}DATA_DIR "
            "to a directory that this user can write."
        ) from None
    return msgspec.structs.replace(settings, **{name.lower(): stored.get(PREFIX + name, "") for name in missing})


def _check(settings: Settings) -> None:
    short = [
        PREFIX + name
        for name in SECRETS
        if any(len(part) < SECRET_LENGTH_MIN for part in getattr(settings, name.lower()).split(","))
    ]
    if short:
        raise SettingsError(
            f"Missing or shorter than {SECRET_LENGTH_MIN} characters: {', '.join(short)}. "
            "Set each to a long random secret of its own."
        )
    if settings.smtp_url and not settings.mail_from:
        raise SettingsError(f"{PREFIX}SMTP_URL is set, so {PREFIX}MAIL_FROM must name the sender's address.")
    _ = settings.sender
    if settings.base_url and not settings.base_url.startswith(("http://", "https://")):
        raise SettingsError(f"{PREFIX}BASE_URL must start with https:// or http://.")
    try:
        _ = settings.proxy_networks
    except ValueError as error:
        raise SettingsError(f"{PREFIX}TRUSTED_PROXIES must be networks such as 10.0.0.0/8: {error}.") from None
