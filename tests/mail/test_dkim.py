"""Mail that is signed by ourselves, checked as RFC 6376 says, by another reading of it than the one that signs."""

import base64
import datetime as dt
import hashlib
import re
from pathlib import Path
from uuid import UUID

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_der_public_key

from tests.conftest import SECRET
from undersigned.identity.tokens import Signer
from undersigned.mail import dkim, messages
from undersigned.mail.messages import About, Letter, Mail
from undersigned.settings import Settings, SettingsError, load

KEYS = {
    "rsa": lambda: rsa.generate_private_key(65537, 2048),
    "ed25519": ed25519.Ed25519PrivateKey.generate,
}


def kept(private: object, file: Path) -> Path:
    file.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))  # type: ignore[attr-defined]
    return file


def given(file: Path) -> Settings:
    return Settings(
        base_url="https://undersigned.example",
        mail_from="Éva & Co <post@undersigned.example>",
        dkim_key_file=str(file),
        dkim_selector="k1",
        secret_keys=SECRET,
        pepper=SECRET,
        log_seed=SECRET,
    )


def checks(raw: bytes, key: dkim.Key) -> bool:
    """Whether the mail is what was signed, read line by line (RFC 6376, 6.1.3); the key is read from its TXT record."""
    head, body = raw.split(b"\r\n\r\n", 1)
    fields: list[tuple[str, str]] = []
    for line in head.decode().split("\r\n"):
        if line[0] in " \t":
            fields[-1] = (fields[-1][0], fields[-1][1] + line)
        else:
            name, value = line.split(":", 1)
            fields.append((name.lower(), value))
    canonical = {name: f"{name}:{' '.join(value.split())}" for name, value in fields}
    signature = dict(fields)["dkim-signature"]
    tags = {name.strip(): "".join(value.split()) for name, value in (tag.split("=", 1) for tag in signature.split(";"))}
    relaxed = [re.sub(rb"[ \t]+", b" ", line).rstrip(b" ") for line in body.split(b"\r\n")]
    while relaxed and not relaxed[-1]:
        relaxed.pop()
    if base64.b64decode(tags["bh"]) != hashlib.sha256(b"".join(line + b"\r\n" for line in relaxed)).digest():
        return False
    left = [name for name, _ in fields]
    said = []
    for name in tags["h"].split(":"):
        if name in left:
            left.remove(name)
            said.append(canonical[name] + "\r\n")
    whole = "".join(said) + re.sub(r"; b=.*", "; b=", canonical["dkim-signature"])
    record = dict(part.split("=", 1) for part in key.record.split("; "))
    public = base64.b64decode(record["p"])
    try:
        if record["k"] == "rsa":
            loaded = load_der_public_key(public)
            assert isinstance(loaded, rsa.RSAPublicKey)
            loaded.verify(base64.b64decode(tags["b"]), whole.encode(), padding.PKCS1v15(), hashes.SHA256())
        else:
            digest = hashlib.sha256(whole.encode()).digest()
            ed25519.Ed25519PublicKey.from_public_bytes(public).verify(base64.b64decode(tags["b"]), digest)
    except InvalidSignature:
        return False
    return True


def written(settings: Settings, template: str = "confirm", locale: str = "ru") -> Mail:
    letter = Letter(
        template=template,
        about=About("example", "An open letter", "privacy@undersigned.example"),
        id=UUID(int=1),
        endorsement_id=UUID(int=2),
        submission_id=UUID(int=3),
        mailbox_id=UUID(int=4),
        address="ada@example.org",
        locale=locale,
        bound=bytes(32),
        expires_at=dt.datetime(2026, 12, 1, tzinfo=dt.UTC),
    )
    return messages.compose(settings, Signer([SECRET]), letter, dt.timedelta(days=7))


@pytest.fixture(scope="module", params=KEYS)
def settings(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return given(kept(KEYS[request.param](), tmp_path_factory.mktemp("keys") / "dkim.pem"))


def key_of(settings: Settings) -> dkim.Key:
    key = dkim.key_of(settings)
    assert key is not None
    return key


@pytest.mark.parametrize("template", ["confirm", "counted", "nothing"])
@pytest.mark.parametrize("locale", ["en", "ru", "hy"])
def test_a_signed_mail_can_be_checked_by_what_its_domain_publishes(
    settings: Settings, template: str, locale: str
) -> None:
    mail = written(settings, template, locale)
    assert mail.raw.startswith(b"DKIM-Signature: v=1; a=")
    assert max(map(len, mail.raw.partition(b"\r\nSubject:")[0].split(b"\r\n"))) <= 76
    assert checks(mail.raw, key_of(settings))
    assert mail.is_to("ada@example.org")
    assert b"d=undersigned.example; s=k1;" in b" ".join(mail.raw.split())


def test_a_trial_is_signed_like_any_other_mail(settings: Settings) -> None:
    assert checks(messages.trial(settings, "ada@example.org").raw, key_of(settings))


def test_what_a_relay_may_do_to_spaces_does_no_harm(settings: Settings) -> None:
    raw = written(settings).raw.replace(b"Subject: ", b"subject:\t ", 1)
    assert checks(raw.replace(b"text/plain; charset", b"text/plain;   charset") + b"\r\n\r\n", key_of(settings))


@pytest.mark.parametrize(
    ("found", "put"),
    [
        (b"post@undersigned.example", b"post@evil.example"),
        (b"To: ada@", b"To: eve@"),
        (b"List-Unsubscribe: <https://undersigned.example", b"List-Unsubscribe: <https://evil.example"),
        (b"List-Unsubscribe-Post: List-Unsubscribe=One-Click", b"List-Unsubscribe-Post: nothing"),
        (b"Reply-To: privacy@", b"Reply-To: eve@"),
        (b"MIME-Version: 1.0\r\n", b"MIME-Version: 1.0\r\nFrom: eve@evil.example\r\n"),
        (b"https://undersigned.example/c/", b"https://evil.example/c/"),
    ],
)
def test_no_change_of_what_it_says_passes(settings: Settings, found: bytes, put: bytes) -> None:
    raw = written(settings, locale="en").raw
    assert found in raw
    assert not checks(raw.replace(found, put, 1), key_of(settings))


def test_without_a_key_nothing_is_signed() -> None:
    assert b"DKIM" not in written(Settings(mail_from="post@undersigned.example")).raw


def test_a_key_that_can_not_sign_is_named_before_anything_runs(tmp_path: Path) -> None:
    weak = kept(rsa.generate_private_key(65537, 1024), tmp_path / "weak.pem")  # noqa: S505 -- that is the point
    (tmp_path / "text.pem").write_text("no key")
    curve = kept(ec.generate_private_key(ec.SECP256R1()), tmp_path / "curve.pem")
    for file, words in (
        (tmp_path / "none.pem", "No such file"),
        (tmp_path / "text.pem", "no private"),
        (curve, "RSA"),
        (weak, "2048"),
    ):
        with pytest.raises(SettingsError, match=words):
            dkim.key_of(given(file))


@pytest.mark.parametrize(
    "half", [{"DKIM_SELECTOR": "k1"}, {"DKIM_KEY_FILE": "k.pem"}, {"DKIM_KEY_FILE": "k.pem", "DKIM_SELECTOR": "k 1"}]
)
def test_a_key_and_its_selector_belong_together(half: dict[str, str]) -> None:
    environ = dict.fromkeys(("SECRET_KEYS", "PEPPER", "LOG_SEED"), SECRET) | half
    with pytest.raises(SettingsError, match="DKIM"):
        load({f"UNDERSIGNED_{name}": value for name, value in environ.items()})
