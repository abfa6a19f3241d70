"""The committed contract is the app's, and health says what is."""

import subprocess
import sys

import msgspec
import pytest

from tests.conftest import World
from undersigned.settings import ROOT


def test_the_committed_contract_is_the_apps() -> None:
    printed = subprocess.run([sys.executable, "-m", "undersigned", "openapi"], capture_output=True, check=True).stdout
    committed = (ROOT / "openapi" / "openapi.json").read_bytes()
    assert printed == committed, "Run: undersigned openapi > openapi/openapi.json"


def test_every_operation_declares_its_errors_as_problems() -> None:
    contract = msgspec.json.decode((ROOT / "openapi" / "openapi.json").read_bytes())
    for path, operations in contract["paths"].items():
        for method, operation in operations.items():
            for status, response in operation["responses"].items():
                if int(status) >= 400:
                    assert list(response["content"]) == ["application/problem+json"], (path, method, status)


async def test_nothing_but_the_committed_contract_describes_the_api(world: World) -> None:
    for made_anew_for_each_reader in ("/schema", "/schema/openapi.json", "/schema/openapi.yaml", "/schema/swagger"):
        assert (await world.client.get(made_anew_for_each_reader)).status_code == 404


@pytest.mark.virgin
async def test_health_and_readiness(world: World) -> None:
    assert (await world.client.get("/healthz")).json() == {"status": "ok"}
    assert (await world.client.get("/readyz")).status_code == 200
    await world.db.pool.execute("DELETE FROM migration WHERE name = '0001_initial'")
    answer = await world.client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["type"] == "urn:undersigned:problem:not_ready"
    assert answer.json()["detail"].startswith("migrations missing: 0001_initial")


async def test_the_served_contract_is_the_committed_one(world: World) -> None:
    assert (await world.client.get("/openapi.json")).content == (ROOT / "openapi" / "openapi.json").read_bytes()
