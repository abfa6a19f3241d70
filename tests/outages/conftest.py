"""The app and its database with an outage between them; what a test does to the database itself goes on."""

from collections.abc import AsyncIterator

import pytest

from tests.outage import Outage
from undersigned.database import batching, hosts, lending
from undersigned.database.connection import Database, connect
from undersigned.process import installation
from undersigned.readers import proofs, records
from undersigned.settings import ROOT, Settings, replace
from undersigned.statements import publishing
from undersigned.web import app


@pytest.fixture(autouse=True)
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits for a frozen database waits for less; and what was read is read again each time."""
    monkeypatch.setattr(app, "ANSWER_TIMEOUT_S", 1.5)
    monkeypatch.setattr(hosts, "HOST_TIMEOUT_S", 1.2)
    monkeypatch.setattr(lending, "LEND_TIMEOUT_S", 2.5)
    monkeypatch.setattr(lending, "RETURN_TIMEOUT_S", 0.3)
    monkeypatch.setattr(batching, "RUN_TIMEOUT_S", 1.5)
    monkeypatch.setattr(records, "KEPT_S", 0.0)
    monkeypatch.setattr(proofs, "KEPT_S", 0.0)


@pytest.fixture
async def outage(database_url: str) -> AsyncIterator[Outage]:
    async with Outage(database_url) as outage:
        yield outage


@pytest.fixture
def settings(settings: Settings, outage: Outage) -> Settings:
    return replace(settings, database_url=outage.url)


@pytest.fixture
async def db(database_url: str, settings: Settings) -> AsyncIterator[Database]:
    async with connect(database_url) as db:
        await installation.establish(db, settings.pepper)
        await publishing.publish(db, ROOT / "statements" / "example", settings.url)
        yield db
