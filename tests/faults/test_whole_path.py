"""The whole path at the real server process, also when everything is killed halfway."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.process import Server, descendants, free_port, kill9, remaining, serving
from tests.visitor import Visitor
from undersigned.process.embedded import Cluster


class Kept:
    """A relay that notes whom it took a mail for."""

    def __init__(self) -> None:
        self.recipients: list[str] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.recipients += envelope.rcpt_tos
        return "250 Taken"


ORGANISATION = {
    "kind": "organisation",
    "name": "Rosa Example",
    "role": "Chair",
    "organisation_name": "Readers' Society",
    "organisation_website": "https://readers.org.uk",
    "organisation_country": "GB",
}


def undersigned(server: Server, *arguments: str, **given: str) -> str:
    """What a command prints that is run beside the server, as an operator would."""
    environ = {"UNDERSIGNED_DATA_DIR": str(server.data_dir), "PATH": "/usr/bin:/bin"} | given
    command = [sys.executable, "-m", "undersigned", *arguments]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def assert_an_outsider_can_check(server: Server, visitor: Visitor, directory: Path) -> None:
    """Uses the downloaded verifier, in a Python that knows nothing of this project, on all that the public can get."""
    verifier, log, key = directory / "verify.py", f"{server.url}/log/example", visitor.read("/log/example/key").strip()
    verifier.write_text(visitor.read("/log/verify.py"))
    receipt, rows = directory / "mine.tlog-proof", directory / "rows.ndjson"
    receipt.write_text(visitor.read_receipt("ada@example.org"))
    rows.write_text(undersigned(server, "export", "example", "--format", "ndjson"))

    def verify(*arguments: str) -> tuple[int, str]:
        command = [sys.executable, "-I", str(verifier), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout + done.stderr

    for arguments in (
        ("tally", log),
        ("tally", f"{server.url}/s/example", "--key", key),
        ("receipt", str(receipt), "--key", key),
        ("watch", log, "--state", str(directory / "state")),
        ("watch", log, "--state", str(directory / "state")),
        ("export", str(rows), "--log", log),
    ):
        status, said = verify(*arguments)
        assert status == 0, f"{arguments[0]}: {said}"
    receipt.write_text(receipt.read_text().replace("index 2", "index 3"))
    assert verify("receipt", str(receipt), "--key", key)[0] == 1
    assert undersigned(server, "verify", "tally", log)


def test_signing_reviewing_exporting_and_withdrawing_at_a_real_server(data_dir: Path, tmp_path: Path) -> None:
    with serving(data_dir) as server, Visitor(server.url) as visitor:
        visitor.sign("ada@example.org")
        visitor.sign("rosa@readers.org.uk", **ORGANISATION)
        assert "Your endorsement counts" in visitor.confirm(visitor.read_mail("ada@example.org", "Please confirm"))
        assert "A person looks at it now" in visitor.confirm(visitor.read_mail("rosa@readers.org.uk", "Please confirm"))
        visitor.see_tally(1, 0)
        claim = undersigned(server, "review").split()[0]
        assert "Counted" in undersigned(server, "review", "approve", claim)
        visitor.see_tally(1, 1)
        exported = undersigned(server, "export", "example", "--format", "csv").splitlines()
        assert len(exported) == 3
        assert f"public address: {server.url}" in undersigned(server, "doctor")
        assert undersigned(server, "person", "manage-link", "ada@example.org").startswith(f"{server.url}/m/")
        assert_an_outsider_can_check(server, visitor, tmp_path)
        visitor.withdraw(visitor.read_mail("ada@example.org", "counts"))
        visitor.see_tally(0, 1)
        assert "ada@" not in server.printed()
        assert "Traceback" not in server.printed()


def test_a_real_server_tells_its_figures_and_its_health(data_dir: Path) -> None:
    address = f"127.0.0.1:{free_port()}"
    given = {"UNDERSIGNED_METRICS_ADDRESS": address, "UNDERSIGNED_WEB_WORKERS": "2"}
    with serving(data_dir, None, **given) as server, Visitor(server.url) as visitor:
        for part in ("all", "web", "worker"):
            assert undersigned(server, "doctor", "--live", part) == "✓ well\n"
        visitor.sign("figures@example.org")
        visitor.confirm(visitor.read_mail("figures@example.org", "Please confirm"))
        wanted = [
            'submissions_total{outcome="accepted"} ',
            'confirmations_total{outcome="counted"} ',
            'sent"} ',
            "refresh",
        ]
        for _ in range(300):
            told = httpx.get(f"http://{address}/metrics").text
            if all(each in told for each in wanted):
                break
            time.sleep(0.1)
        assert [each for each in wanted if each not in told] == []
        assert httpx.get(f"{server.url}/metrics").status_code == 404


def test_killing_everything_after_an_acknowledged_confirmation_keeps_it(new_data_dir: Callable[[], Path]) -> None:
    data_dir = new_data_dir()
    with serving(data_dir) as server, Visitor(server.url) as visitor:
        visitor.sign("kept@example.org")
        mail = visitor.read_mail("kept@example.org", "Please confirm")
        postmaster = int((Cluster(data_dir).directory / "postmaster.pid").read_text().split()[0])
        assert "Your endorsement counts" in visitor.confirm(mail)
        everything = {server.pid, postmaster, *descendants(server.pid), *descendants(postmaster)}
        for pid in everything:
            kill9(pid)
        server.process.wait(10)
        assert not remaining(everything, 10)
    with serving(data_dir) as server, Visitor(server.url) as visitor:
        visitor.see_tally(1, 0)
        assert "counts" in visitor.read_mail("kept@example.org", "counts")


@pytest.mark.virgin
async def test_the_same_program_runs_on_a_given_server_and_relay(database_url: str, data_dir: Path) -> None:
    port = free_port()
    handler = Kept()
    relay = Controller(handler, hostname="127.0.0.1", port=port)
    relay.start()
    given = {
        "UNDERSIGNED_DATABASE_URL": database_url,
        "UNDERSIGNED_SMTP_URL": f"smtp://127.0.0.1:{port}",
        "UNDERSIGNED_MAIL_FROM": "post@undersigned.example",
    }
    try:
        with serving(data_dir, None, **given) as server:
            async with httpx.AsyncClient(base_url=server.url) as client:
                assert (await client.get("/mailbox")).status_code == 404
                body = {"kind": "individual", "name": "Ada", "email": "ada@example.org"}
                answer = await client.post("/v1/statements/example/endorsements", json=body)
                assert answer.status_code == 202
                for _ in range(100):
                    if handler.recipients:
                        break
                    await asyncio.sleep(0.1)
                assert handler.recipients == ["ada@example.org"]
    finally:
        relay.stop()
