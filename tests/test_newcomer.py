"""A newcomer's first minutes: the README's own commands, in a fresh clone, as written."""

import os
import re
import signal
import subprocess
import time
from pathlib import Path

import httpx
import pytest

from tests.faults.test_whole_path import ORGANISATION
from tests.process import descendants, free_port, remaining
from tests.visitor import Visitor
from undersigned.process.embedded import Cluster, running
from undersigned.settings import ROOT

READY_S = 300


def readme_commands() -> list[str]:
    """The commands that the README tells a newcomer to run, one a block."""
    return re.findall(r"```sh\n(make \w+)\n```", (ROOT / "README.md").read_text())


def run_until_ready(clone: Path, environ: dict[str, str]) -> subprocess.Popen[bytes]:
    """Starts `make run`; returns when the page answers, and prints how long that took."""
    begun = time.monotonic()
    process = subprocess.Popen(readme_commands()[0].split(), cwd=clone, env=environ, start_new_session=True)
    while time.monotonic() < begun + READY_S:
        assert process.poll() is None, "make run ended"
        try:
            if httpx.get(f"http://127.0.0.1:{environ['UNDERSIGNED_PORT']}/s/example").is_success:
                print(f"\nfrom make run to the page: {time.monotonic() - begun:.1f} s")
                return process
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError("no page within five minutes")


def stop(process: subprocess.Popen[bytes]) -> None:
    everything = {process.pid, *descendants(process.pid)}
    os.killpg(process.pid, signal.SIGINT)
    process.wait(10)
    assert not remaining(everything, 5)


@pytest.mark.newcomer
def test_the_readme_leads_from_a_clone_to_an_endorsement_that_survives_a_restart(tmp_path: Path) -> None:
    assert readme_commands() == ["make run", "make test"]
    clone = tmp_path / "a fresh clone"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    clean = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("UNDERSIGNED_", "VIRTUAL_ENV", "PYTHON"))
    }
    environ = clean | {"UNDERSIGNED_PORT": str(free_port())}
    url = f"http://127.0.0.1:{environ['UNDERSIGNED_PORT']}"

    def undersigned(*arguments: str) -> str:
        command = [".venv/bin/python", "-m", "undersigned", *arguments]
        return subprocess.run(command, cwd=clone, env=environ, check=True, capture_output=True, text=True).stdout

    try:
        process = run_until_ready(clone, environ)
        with Visitor(url) as visitor:
            visitor.sign("ada@example.org")
            visitor.sign("bela@example.org")
            visitor.sign("rosa@readers.org.uk", **ORGANISATION)
            for who in ("ada@example.org", "bela@example.org", "rosa@readers.org.uk"):
                visitor.confirm(visitor.read_mail(who, "Please confirm"))
            undersigned("review", "approve", undersigned("review").split()[0])
            visitor.see_tally(2, 1)
            assert len(undersigned("export", "example").splitlines()) == 4
            visitor.withdraw(visitor.read_mail("bela@example.org", "counts"))
            visitor.see_tally(1, 1)
        stop(process)
        process = run_until_ready(clone, environ)
        with Visitor(url) as visitor:
            visitor.see_tally(1, 1)
        stop(process)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        with running(clone / "var"):  # stops what a failure left
            pass
        subprocess.run(["rm", "-rf", str(Cluster(clone / "var").directory)], check=True)
