"""What an operator can set: one frozen structure from `UNDERSIGNED_*`; nothing else reads the environment."""

import ipaddress
import os
import re
import secrets
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Meta

from undersigned import addressing
from undersigned.addressing import Relay, Sender
from undersigned.addressing import is_loopback as is_loopback

ROOT = Path(__file__).resolve().parents[2]
PREFIX = "UNDERSIGNED_"
SECRET_LENGTH_MIN = 32
SELECTOR = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*", re.IGNORECASE)
SECRETS = ("SECRET_KEYS", "PEPPER", "LOG_SEED")
# Where the server is reached: what a command beside it has to know, and may not have in its environment.
REACHED_AT = ("HOST", "PORT", "BASE_URL")


class SettingsError(Exception):
    """Something in the environment is missing or wrong; the message is one line that names it."""


class Settings(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename=lambda field: PREFIX + field.upper()
):
    """The settings. Budgets are per hour, bursts per minute, and 0 means no limit.

    `secret_keys` signs links (comma-separated, oldest first, the last one signs). `pepper` keys every endorser and can
    never change. `log_seed` derives the signing keys of the public logs; `log_kept_in` is a directory for their last released
    checkpoints that all workers see; `witness_policy` is a file (C2SP tlog-policy) that names the witnesses they are shown to.
    `trusted_proxies` are the networks whose `X-Forwarded-For` is believed, comma-separated.
    `smtp_url` is what `addressing.relay` reads. `metrics_address` is a host and port of its own for `/metrics`. `local` is what
    `serve --local` sets, for trying out. `dkim_key_file` is a private key in PEM that signs mail, and `dkim_selector` where its
    public half is looked up. Whoever submits has to prove work, or wait, while more than `submit_burst_network` a minute come
    from one network, or more than `submit_burst_total` from all. New submissions are refused while less than `disk_reserve_mb` of
    disk is free for an embedded database, and while `pending_max` claims wait for their confirmation; 0 means no limit.
    `time_zone` is the one in whose days pages say when a statement opens and closes, by its name in the IANA's database.
    """

    host: str = "127.0.0.1"
    port: Annotated[int, Meta(ge=1, le=65535)] = 8000
    base_url: str = ""
    data_dir: str = "var"
    statements_dir: str = ""
    database_url: str = ""
    smtp_url: str = ""
    mail_from: str = ""
    dkim_key_file: str = ""
    dkim_selector: str = ""
    secret_keys: str = ""
    pepper: str = ""
    log_seed: str = ""
    log_kept_in: str = ""
    witness_policy: str = ""
    web_workers: Annotated[int, Meta(ge=1, le=64)] = 2
    trusted_proxies: str = ""
    mail_budget_network: Annotated[int, Meta(ge=0)] = 100
    mail_budget_domain: Annotated[int, Meta(ge=0)] = 20
    mail_budget_total: Annotated[int, Meta(ge=0)] = 0
    submit_budget_network: Annotated[int, Meta(ge=0)] = 600
    submit_budget_total: Annotated[int, Meta(ge=0)] = 0
    submit_burst_network: Annotated[int, Meta(ge=0)] = 30
    submit_burst_total: Annotated[int, Meta(ge=0)] = 600
    metrics_address: str = ""
    local: bool = False
    disk_reserve_mb: Annotated[int, Meta(ge=0)] = 256
    pending_max: Annotated[int, Meta(ge=0)] = 1_000_000
    time_zone: str = "UTC"

    @property
    def url(self) -> str:
        """The public address of this installation, without a trailing slash."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return _public_url(self.base_url or f"http://{host}:{self.port}")

    @property
    def data_path(self) -> Path:
        return Path(self.data_dir).resolve()

    @property
    def sender(self) -> Sender:
        """Whom mail is from."""
        return addressing.sender(self.mail_from or "undersigned@localhost")

    @property
    def relay(self) -> Relay | None:
        """The server that takes our mail; None: it stays in a Maildir on this machine."""
        return addressing.relay(self.smtp_url) if self.smtp_url else None

    @property
    def site(self) -> str:
        """The host of the public address, as mails, Message-IDs and greetings name it."""
        return urlsplit(self.url).hostname or "localhost"

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of what pages say. Raises ValueError or OSError."""
        return ZoneInfo(self.time_zone)

    @property
    def signing_keys(self) -> list[str]:
        return [key.strip() for key in self.secret_keys.split(",")]

    @property
    def proxy_networks(self) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
        return [ipaddress.ip_network(part.strip()) for part in self.trusted_proxies.split(",") if part.strip()]

    @property
    def metrics_at(self) -> tuple[str, int] | None:
        """The host and the port of `/metrics`, or None if it isn't served. Raises ValueError."""
        if not self.metrics_address:
            return None
        address = urlsplit(f"//{self.metrics_address}")
        if not address.hostname or not address.port or address.path:
            raise ValueError
        return address.hostname, address.port

    @property
    def on_loopback(self) -> bool:
        """Whether only this machine can reach the server: it listens on loopback, and nothing stands before it."""
        return is_loopback(self.host) and is_loopback(urlsplit(self.url).hostname or "") and not self.trusted_proxies

    @property
    def has_mailbox_page(self) -> bool:
        """Whether `/mailbox` exists: somebody tries things out, mail stays on this machine, and so does whoever reads it."""
        return self.local and self.on_loopback and not self.smtp_url

    def to_environ(self) -> dict[str, str]:
        """These settings as environment variables, for a child process."""
        return {name: str(value) for name, value in msgspec.to_builtins(self).items()}


@lru_cache(8)
def _public_url(given: str) -> str:
    return addressing.base_url(given)


def replace(settings: Settings, **changes: str | bool) -> Settings:
    """The settings with some of them changed."""
    return msgspec.structs.replace(settings, **changes)


def load(
    environ: Mapping[str, str] | None = None, *, generate_secrets: bool = False, beside_server: bool = False
) -> Settings:
    """The settings from the environment, with secrets from `DATA_DIR/secrets.env` where the environment has none.

    With `generate_secrets` that file is made if it is missing. With `beside_server`, an address that the environment doesn't
    give is the one that was served last from there (`remember`). Raises SettingsError, naming every variable that is unknown,
    malformed, missing or too short.
    """
    given = {
        key: value
        for key, value in (os.environ if environ is None else environ).items()
        if key.startswith(PREFIX) and value != ""
    }
    if beside_server and not any(PREFIX + name in given for name in REACHED_AT):
        given = _remembered(Path(given.get(f"{PREFIX}DATA_DIR", Settings().data_dir))) | given
    try:
        settings = msgspec.convert(given, Settings, strict=False)
    except msgspec.ValidationError as error:
        raise SettingsError(f"A setting is wrong: {error}.".replace(" - at `$.", " (").replace("`.", ").")) from None
    settings = _with_stored_secrets(settings, generate_secrets)
    _check(settings)
    return settings


def remember(settings: Settings) -> None:
    """Keeps in `DATA_DIR/served.env` where the server is reached, for commands that run beside it."""
    given = settings.to_environ()
    lines = "".join(f"{PREFIX}{name}={given[PREFIX + name]}\n" for name in REACHED_AT if given[PREFIX + name])
    file = settings.data_path / "served.env"
    with suppress(OSError):  # a server whose database is elsewhere needs no data directory
        unfinished = file.with_suffix(f".{os.getpid()}")
        unfinished.write_text(lines)
        unfinished.rename(file)


def _remembered(data_dir: Path) -> dict[str, str]:
    with suppress(OSError):
        return dict(line.partition("=")[::2] for line in (data_dir / "served.env").read_text().split())
    return {}


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
    for name, read in (
        ("BASE_URL", lambda: settings.url),
        ("MAIL_FROM", lambda: settings.sender),
        ("SMTP_URL", lambda: settings.relay),
    ):
        try:
            read()
        except ValueError as error:
            raise SettingsError(f"{PREFIX}{name} {error}.") from None
    if bool(settings.dkim_key_file) != bool(settings.dkim_selector):
        raise SettingsError(f"{PREFIX}DKIM_KEY_FILE and {PREFIX}DKIM_SELECTOR belong together: set both or neither.")
    if settings.dkim_selector and not SELECTOR.fullmatch(settings.dkim_selector):
        raise SettingsError(f"{PREFIX}DKIM_SELECTOR must be a name in DNS, such as undersigned or k1.2026.")
    if settings.relay and settings.relay.cafile and not Path(settings.relay.cafile).is_file():
        raise SettingsError(f"{PREFIX}SMTP_URL names a cafile that isn't there: {settings.relay.cafile}.")
    try:
        _ = settings.zone
    except (ValueError, OSError, ZoneInfoNotFoundError):
        raise SettingsError(
            f"{PREFIX}TIME_ZONE must be a time zone that this machine knows, such as Asia/Yerevan. Where it knows none, "
            "install the system's package tzdata."
        ) from None
    try:
        _ = settings.metrics_at
    except ValueError:
        raise SettingsError(f"{PREFIX}METRICS_ADDRESS must be a host and a port, such as 127.0.0.1:9464.") from None
    try:
        _ = settings.proxy_networks
    except ValueError as error:
        raise SettingsError(f"{PREFIX}TRUSTED_PROXIES must be networks such as 10.0.0.0/8: {error}.") from None
