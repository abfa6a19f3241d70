"""`doctor` asks its own public address what visitors meet there, through real proxies and TLS, and names what is wrong."""

import datetime as dt
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.process import Server, free_port, serving
from tests.proxy import Habits, certificate, proxied
from undersigned.identity.tokens import Signer
from undersigned.settings import load
from undersigned.signing import forwarding

PROXY = "127.0.0.9/32"
MAIL = {"UNDERSIGNED_SMTP_URL": "smtp://127.0.0.1:25", "UNDERSIGNED_MAIL_FROM": "post@undersigned.example"}


@pytest.fixture(scope="module")
def server(new_data_dir: Callable[[], Path]) -> Iterator[Server]:
    """A server that trusts the proxy at 127.0.0.9."""
    with serving(new_data_dir(), UNDERSIGNED_TRUSTED_PROXIES=PROXY, UNDERSIGNED_WEB_WORKERS="1") as started:
        yield started


@pytest.fixture(scope="module")
def alone(new_data_dir: Callable[[], Path]) -> Iterator[Server]:
    """A server that believes that nobody but this machine reaches it."""
    with serving(new_data_dir(), UNDERSIGNED_WEB_WORKERS="1") as started:
        yield started


@pytest.fixture(scope="module")
def holding(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificate(tmp_path_factory.mktemp("certificates"))


def doctor(server: Server, url: str, *arguments: str, trusts: Path | None = None, **given: str) -> tuple[int, str]:
    """What `doctor` says beside this server if this is its public address, and how it ends."""
    environ = {
        "PATH": os.environ["PATH"],
        "UNDERSIGNED_DATA_DIR": str(server.data_dir),
        "UNDERSIGNED_BASE_URL": url,
        "UNDERSIGNED_TRUSTED_PROXIES": PROXY,
        **MAIL,
        **({"SSL_CERT_FILE": str(trusts)} if trusts else {}),
        **given,
    }
    command = [sys.executable, "-m", "undersigned", "doctor", *(arguments or ["--public"])]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60)
    assert done.stderr == ""
    return done.returncode, done.stdout


def bad(said: str) -> list[str]:
    return [line for line in said.splitlines() if not line.startswith("✓")]


def test_behind_a_good_proxy_all_is_well(server: Server, holding: Path) -> None:
    with proxied(server.url, Habits(), holding) as url:
        status, said = doctor(server, url, trusts=holding)
    assert (status, bad(said)) == (0, [])
    assert f"✓ {url} answers, with a certificate that holds" in said
    for looked_at in ("client address: the server sees the visitor's", "in HTTP/1.1", "embeds: nothing", "is closed"):
        assert looked_at in said


def test_a_proxy_that_writes_the_header_anew_is_as_good(server: Server, holding: Path) -> None:
    with proxied(server.url, Habits(forwards="replaces"), holding) as url:
        assert bad(doctor(server, url, trusts=holding)[1]) == []


@pytest.mark.parametrize(
    ("habits", "named"),
    [
        (Habits(forwards="hides"), "the proxy takes X-Forwarded-For away"),
        (Habits(forwards="keeps", calls_from="127.0.0.8"), "the proxy doesn't say whom it speaks for"),
        (Habits(forwards="keeps"), "the server believed one that doctor made up"),
        (Habits(calls_from="127.0.0.8"), "isn't believed. Name its network in UNDERSIGNED_TRUSTED_PROXIES"),
        (Habits(version=10), "the proxy speaks HTTP/1.0 to the server"),
        (Habits(adds={"X-Frame-Options": "SAMEORIGIN"}), "adds X-Frame-Options to /embed/example/form"),
        (Habits(adds={"Content-Security-Policy": "frame-ancestors 'none'"}), "a second Content-Security-Policy"),
        (
            Habits(
                takes_away=frozenset({"content-security-policy"}),
                adds={"Content-Security-Policy": "default-src 'self'"},
            ),
            "takes its Content-Security-Policy away from /embed/example/form, or puts another in its place",
        ),
        (Habits(adds={"Cross-Origin-Resource-Policy": "same-origin"}), "changes Cross-Origin-Resource-Policy"),
        (Habits(adds={"Access-Control-Allow-Origin": "*"}), "changes Access-Control-Allow-Origin"),
        (Habits(instead={"/embed/example/form": (403, {}, b"")}), "/embed/example/form answers 403"),
        (Habits(instead={"/mailbox": (200, {}, b"Hello")}), "/mailbox answers 200 there, and must answer 404"),
        (
            Habits(instead={"/healthz": (301, {"Location": "https://www.example.org/"}, b"")}),
            "https://www.example.org/",
        ),
        (Habits(instead={"/healthz": (200, {}, b"It works!")}), "not as this server does"),
        (Habits(takes_away=frozenset({forwarding.ANSWER})), "something before it drops headers"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_a_proxy_does_wrong_is_named(server: Server, holding: Path, habits: Habits, named: str) -> None:
    with proxied(server.url, habits, holding) as url:
        status, said = doctor(server, url, trusts=holding)
    assert status == 1
    assert [named in line for line in bad(said)] == [True], said


def test_a_proxy_further_out_must_be_trusted_too(server: Server, holding: Path) -> None:
    with (
        proxied(server.url, Habits()) as inner,
        proxied(inner.replace("localhost", "127.0.0.1"), Habits(calls_from="127.0.0.8"), holding) as url,
    ):
        [named] = bad(doctor(server, url, trusts=holding)[1])
    assert "that of a proxy further out" in named


def test_from_within_the_trusted_networks_doctor_says_that_it_cant_tell(
    new_data_dir: Callable[[], Path], holding: Path
) -> None:
    trusted = {"UNDERSIGNED_TRUSTED_PROXIES": "127.0.0.0/8"}
    with (
        serving(new_data_dir(), None, **trusted) as server,
        proxied(server.url, Habits(), holding) as url,
    ):
        status, said = doctor(server, url, trusts=holding, **trusted)
    assert status == 0
    [named] = bad(said)
    assert named.startswith("? client address: it can't be told from here")


def test_an_https_address_without_trusted_proxies_is_no_tick(server: Server) -> None:
    status, said = doctor(server, "https://undersigned.example", "--no-public", UNDERSIGNED_TRUSTED_PROXIES="")
    assert status == 1
    [named] = bad(said)
    assert named.startswith("✗ proxies believed: none, though for https one stands before the server")
    _, said = doctor(server, "https://undersigned.example", "--no-public", UNDERSIGNED_TRUSTED_PROXIES="::/0")
    assert "✗ proxies believed: all the world" in said


def test_an_open_mailbox_is_found_at_an_address_that_nobody_set(alone: Server, holding: Path) -> None:
    given = {"UNDERSIGNED_TRUSTED_PROXIES": "", "UNDERSIGNED_PORT": alone.url.rpartition(":")[2]}
    given |= dict.fromkeys(MAIL, "")
    with proxied(alone.url, Habits(forwards="hides"), holding) as url:
        status, said = doctor(alone, "", "--public", url, trusts=holding, **given)
    assert status == 1
    assert f"✗ mailed links lead to {alone.url}, not to {url}" in said
    assert "✗ /mailbox answers 200 there, and must answer 404" in said
    status, said = doctor(alone, "", trusts=holding, **given)
    assert (status, bad(said)) == (0, [])
    assert "✓ client address: the visitor's, because nothing stands before the server" in said


def test_what_is_wrong_with_a_certificate_is_named(server: Server, holding: Path, tmp_path: Path) -> None:
    expired, another = certificate(tmp_path, ends_in=dt.timedelta(days=-1)), certificate(tmp_path, "elsewhere.example")
    for presented, trusted, named in (
        (expired, expired, "certificate has expired"),
        (another, another, "Hostname mismatch"),
        (another, holding, "self-signed certificate"),
    ):
        with proxied(server.url, Habits(), presented) as url:
            status, said = doctor(server, url, trusts=trusted)
        assert status == 1
        [line] = bad(said)
        assert line.startswith(f"✗ {url} has a certificate that browsers refuse ({named}")


def test_nothing_that_answers_badly_or_not_at_all_stops_doctor(server: Server) -> None:
    status, said = doctor(server, f"https://localhost:{free_port()}")
    assert (status, "can't be reached from here (connection refused)" in said) == (1, True)
    with proxied(server.url, Habits()) as url:
        assert "doesn't speak TLS as browsers do" in doctor(server, url.replace("http:", "https:"))[1]
    for nobody in ("https://nobody.invalid", f"https://{'a' * 64}.example"):
        assert f"✗ {nobody}" in doctor(server, nobody)[1]
    with socket.create_server(("127.0.0.1", 0)) as mute:
        assert "gives no answer within 5 seconds" in doctor(server, f"http://127.0.0.1:{mute.getsockname()[1]}")[1]
    assert "--public must start with https://" in doctor(server, "", "--public", "ftp://example.org")[1]


def test_nobody_else_learns_anything_from_the_question(server: Server, alone: Server) -> None:
    strangers, plain = load({"UNDERSIGNED_DATA_DIR": str(alone.data_dir)}), httpx.get(f"{server.url}/healthz")
    for token in ("", "nonsense", Signer(strangers.signing_keys).probe(forwarding.probe("127.0.0.1"))):
        answer = httpx.get(f"{server.url}/healthz", headers={forwarding.QUESTION: token})
        assert (answer.status_code, answer.content) == (plain.status_code, plain.content)
        assert set(answer.headers) == set(plain.headers)
    ours = Signer(load({"UNDERSIGNED_DATA_DIR": str(server.data_dir)}).signing_keys)
    token = ours.probe(forwarding.probe("127.0.0.1"))
    answer = httpx.get(f"{server.url}/healthz", headers={forwarding.QUESTION: token})
    assert answer.headers[forwarding.ANSWER] == "silent HTTP/1.1"
    assert answer.headers["Cache-Control"] == "no-store"
