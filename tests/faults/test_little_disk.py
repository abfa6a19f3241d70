"""Below the reserve of disk nothing new is taken, and what was taken goes on."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx

from tests.process import Server, free_port, serving
from tests.visitor import Visitor
from undersigned.process.embedded import Cluster

MORE_THAN_THERE_IS = str(10**9)


def doctor(server: Server, **environ: str) -> str:
    """What `undersigned doctor --live` prints beside the server."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("UNDERSIGNED_")}
    own = {"UNDERSIGNED_PORT": server.url.rpartition(":")[2], "UNDERSIGNED_DATA_DIR": str(server.data_dir)}
    asked = subprocess.run(
        [sys.executable, "-m", "undersigned", "doctor", "--live"],
        env=clean | own | environ,
        capture_output=True,
        text=True,
        check=False,
    )
    return asked.stdout


def test_below_the_reserve_submissions_are_refused_and_everything_else_works(new_data_dir: Callable[[], Path]) -> None:
    data_dir, metrics = new_data_dir(), f"127.0.0.1:{free_port()}"
    with serving(data_dir) as server, Visitor(server.url) as visitor:
        visitor.sign("ada@example.org")
        visitor.read_mail("ada@example.org", "Please confirm")
        assert httpx.get(f"{server.url}/readyz").is_success
    little = {"UNDERSIGNED_DISK_RESERVE_MB": MORE_THAN_THERE_IS}
    with (
        serving(data_dir, None, **little, UNDERSIGNED_METRICS_ADDRESS=metrics) as server,
        Visitor(server.url) as visitor,
    ):
        signing = {"kind": "individual", "name": "Bela Example", "email": "bela@example.org"}
        refused = httpx.post(f"{server.url}/v1/statements/example/endorsements", json=signing)
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "300")
        assert refused.json()["type"] == "urn:undersigned:problem:no_room"
        visitor.confirm(visitor.read_mail("ada@example.org", "Please confirm"))
        visitor.see_tally(1, 0)
        visitor.withdraw(visitor.read_mail("ada@example.org", "Your endorsement counts"))
        visitor.see_tally(0, 0)
        said = f"less than the reserve of {MORE_THAN_THERE_IS} MB (UNDERSIGNED_DISK_RESERVE_MB)"
        assert said in httpx.get(f"{server.url}/readyz").json()["detail"]
        assert said in doctor(server, **little)
        assert "undersigned_submissions_refused 1.0" in httpx.get(f"http://{metrics}/metrics").text
        assert "undersigned_disk_free_bytes " in httpx.get(f"http://{metrics}/metrics").text
        assert Cluster(data_dir).is_running()
