"""Signing mail ourselves (DKIM, RFC 6376), where the relay doesn't. Both List-Unsubscribe headers are covered (RFC 8058)."""

import base64
import hashlib
import re
import time
from functools import lru_cache
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from undersigned.mail import headers
from undersigned.settings import PREFIX, Settings, SettingsError

# Those that a relay changes on its way are missing. `from` is named once more than it is there, so that nobody adds another.
SIGNED = (
    "from", "from", "to", "reply-to", "subject", "date", "message-id", "mime-version", "content-type",
    "content-transfer-encoding", "content-language", "auto-submitted", "list-unsubscribe", "list-unsubscribe-post", "feedback-id",
)  # fmt: skip
RSA_BITS_MIN = 2048
BASE64_LINE = 68


class Key(msgspec.Struct, frozen=True):
    """A private key, and where its public half is looked up: `selector._domainkey.domain`."""

    domain: str
    selector: str
    private: RSAPrivateKey | Ed25519PrivateKey

    @property
    def algorithm(self) -> str:
        return "rsa-sha256" if isinstance(self.private, RSAPrivateKey) else "ed25519-sha256"

    @property
    def record(self) -> str:
        """What the TXT record of that name says (RFC 6376, 3.6.1; RFC 8463, 4.2)."""
        if isinstance(self.private, RSAPrivateKey):
            public = self.private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
            return f"v=DKIM1; k=rsa; p={base64.b64encode(public).decode()}"
        public = self.private.public_key().public_bytes_raw()
        return f"v=DKIM1; k=ed25519; p={base64.b64encode(public).decode()}"


def key_of(settings: Settings) -> Key | None:
    """The key that signs this installation's mail, if it has one. Raises SettingsError."""
    if not settings.dkim_key_file:
        return None
    try:
        return load(settings.dkim_key_file, settings.dkim_selector, settings.sender.address.rpartition("@")[2])
    except ValueError as error:
        raise SettingsError(f"{PREFIX}DKIM_KEY_FILE {error}.") from None


@lru_cache(4)
def load(file: str, selector: str, domain: str) -> Key:
    """The key in a PEM file, RSA or Ed25519. Raises ValueError, with a word on what is wrong."""
    try:
        private = load_pem_private_key(Path(file).read_bytes(), None)
    except OSError as error:
        raise ValueError(f"can't be read ({error.strerror})") from None
    except (ValueError, TypeError):
        raise ValueError("holds no private key in PEM without a password") from None
    if not isinstance(private, RSAPrivateKey | Ed25519PrivateKey):
        raise ValueError("holds a key that is neither RSA nor Ed25519")
    if isinstance(private, RSAPrivateKey) and private.key_size < RSA_BITS_MIN:
        raise ValueError(f"holds an RSA key of less than {RSA_BITS_MIN} bits (RFC 8301)")
    return Key(domain, selector, private)


def signed(raw: bytes, key: Key) -> bytes:
    """The mail with a signature of its own before it, in relaxed form of headers and body, so that refolding does no harm."""
    head, _, body = raw.partition(b"\r\n\r\n")
    fields = [_relaxed(field) for field in re.split(rb"\r\n(?![ \t])", head)]
    by_name = {field.partition(b":")[0].decode(): field for field in fields}
    names = [name for name in SIGNED if name in by_name]
    tags = [
        "v=1;",
        f"a={key.algorithm};",
        "c=relaxed/relaxed;",
        f"d={key.domain};",
        f"s={key.selector};",
        f"t={int(time.time())};",
        *_list("h=", names),
        f"bh={base64.b64encode(hashlib.sha256(_relaxed_body(body)).digest()).decode()};",
    ]
    unsigned = headers.folded("DKIM-Signature", *tags, "b=")
    covered = [by_name[name] for name in dict.fromkeys(names)]
    data = b"".join(field + b"\r\n" for field in covered) + _relaxed(unsigned.removesuffix(b"\r\n"))
    signature = base64.b64encode(_sign(key, data)).decode()
    pieces = [signature[at : at + BASE64_LINE] for at in range(0, len(signature), BASE64_LINE)]
    return headers.folded("DKIM-Signature", *tags, f"b={pieces[0]}", *pieces[1:]) + raw


def _list(tag: str, names: list[str]) -> list[str]:
    """A tag whose value may be folded at each colon."""
    return [tag + names[0], *(f":{name}" for name in names[1:-1]), f":{names[-1]};"]


def _sign(key: Key, data: bytes) -> bytes:
    if isinstance(key.private, RSAPrivateKey):
        return key.private.sign(data, PKCS1v15(), hashes.SHA256())
    return key.private.sign(hashlib.sha256(data).digest())


def _relaxed(field: bytes) -> bytes:
    """A header field without its line break (RFC 6376, 3.4.2)."""
    name, _, value = field.partition(b":")
    return name.strip().lower() + b":" + re.sub(rb"[ \t]+", b" ", value.replace(b"\r\n", b"")).strip(b" ")


def _relaxed_body(body: bytes) -> bytes:
    """RFC 6376, 3.4.4."""
    lines = re.sub(rb"[ \t]+", b" ", body).split(b"\r\n")
    whole = b"\r\n".join(line.rstrip(b" ") for line in lines).rstrip(b"\r\n")
    return whole + b"\r\n" if whole else b""
