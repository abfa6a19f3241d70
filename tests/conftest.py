"""Real parts for the tests: the embedded PostgreSQL, an empty database for each test, the app, and the mail it sends."""

import asyncio
import importlib.util
import mailbox
import os
import shutil
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default as policy
from functools import lru_cache
from pathlib import Path
from uuid import uuid4

import httpx
import msgspec
import pytest
from litestar import Litestar

from tests.slate import Slate, drop, make, own_cluster
from undersigned.database import migrations
from undersigned.database.connection import Database, connect
from undersigned.log import generations, sequencer
from undersigned.log.heads import Sealer
from undersigned.mail import outbox
from undersigned.process import installation
from undersigned.process.worker import keep_house, make_outbox, make_sealer
from undersigned.settings import ROOT, Settings
from undersigned.signing.limits import Limits
from undersigned.signing.turns import Turns
from undersigned.statements import publishing
from undersigned.web.app import create_app, refresh
from undersigned.web.exchange.site import Site

collect_ignore = [] if importlib.util.find_spec("aics_tlog") else ["unit/test_merkle_aics.py"]
SECRET = "only-for-tests-and-long-enough-0123456789"


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are processors: a third of the time, a test waits for something that it stopped or slowed down."""
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keeps together, on one process, what shares servers that take seconds to start: each file of faults, and all browsers.

    The stories go by themselves, beside the many tests in Chromium.
    """
    for item in items:
        room, file = item.path.parent.name, item.path.stem
        if room in ("faults", "browser"):
            item.add_marker(pytest.mark.xdist_group(file if room == "faults" or file == "test_stories" else room))


@pytest.fixture(scope="session")
def cluster() -> Iterator[str]:
    """The URL of a PostgreSQL that this process alone has as long as its tests last, on the embedded binaries."""
    with own_cluster(ROOT / "var" / "test") as url:
        yield url


@pytest.fixture(scope="session")
def slate(cluster: str) -> Iterator[Slate]:
    """The database that one test after another gets."""
    slate = Slate(cluster)
    yield slate
    slate.close()


@pytest.fixture
def blank_url(cluster: str) -> Iterator[str]:
    """A database for one test, with nothing in it, not even tables."""
    name = f"blank_{uuid4().hex}"
    yield asyncio.run(make(cluster, name))
    asyncio.run(drop(cluster, name))


@pytest.fixture
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A migrated and empty database, for one test: the common one, or one of its own if it is marked `virgin`."""
    if request.node.get_closest_marker("virgin"):
        url: str = request.getfixturevalue("blank_url")
        asyncio.run(migrations.migrate(url))
        yield url
        return
    slate: Slate = request.getfixturevalue("slate")
    yield slate.url
    slate.wipe()


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data directory that one test after another finds empty."""
    return tmp_path_factory.mktemp("data")


@pytest.fixture
def settings(database_url: str, place: Path) -> Iterator[Settings]:
    yield Settings(
        database_url=database_url,
        data_dir=str(place),
        secret_keys=SECRET,
        pepper=SECRET,
        log_seed=SECRET,
        web_workers=1,
        local=True,
        mail_budget_network=0,
        mail_budget_domain=0,
        submit_budget_network=0,
        submit_burst_network=0,
        submit_burst_total=0,
    )
    shutil.rmtree(place)
    place.mkdir()


@pytest.fixture
async def db(settings: Settings) -> AsyncIterator[Database]:
    """A database with the example statement published."""
    async with connect(settings.database_url) as db:
        await installation.establish(db, settings.pepper)
        await publishing.publish(db, ROOT / "statements" / "example", settings.url)
        yield db


class World:
    """The running app, its worker's steps on demand, and the mail it sent."""

    def __init__(self, app: Litestar, settings: Settings, db: Database, client: httpx.AsyncClient) -> None:
        self.app = app
        self.settings = settings
        self.db = db
        self.client = client
        self._read: set[str] = set()

    async def send_mail(self) -> list[EmailMessage]:
        """Lets the worker send what is due; returns the new mails."""
        box = make_outbox(self.db, self.settings)
        while await outbox.run_once(box):
            pass
        maildir = mailbox.Maildir(self.settings.data_path / "mail", create=True)
        new = [key for key in sorted(maildir.keys()) if key not in self._read]
        self._read.update(new)
        mails = []
        for key in new:
            mail = BytesParser(policy=policy).parsebytes(maildir.get_bytes(key))
            assert isinstance(mail, EmailMessage)
            mails.append(mail)
        return mails

    async def count(self) -> tuple[int, int]:
        """Lets the sequencer drain its queue; returns the tally's numbers of individuals and organisations."""
        while await generations.catch_up(self.db):
            pass
        while await sequencer.run_once(self.db, make_sealer(self.settings)):
            pass
        await generations.catch_up(self.db)
        await keep_house(self.db)
        row = await self.db.pool.fetchrow(
            "SELECT individual_count, organisation_count FROM tally WHERE statement = 'example'"
        )
        assert row is not None
        return row["individual_count"], row["organisation_count"]

    @property
    def sealer(self) -> Sealer:
        return make_sealer(self.settings)

    @property
    def site(self) -> Site:
        """What the server holds in its memory."""
        site: Site = self.app.state.site
        return site

    def begin_anew(self, **parts: object) -> None:
        """Puts new parts of its memory in the place of those that the server has, such as `pages=Pages()`."""
        self.app.state.site = msgspec.structs.replace(self.site, **parts)

    def limit(self, clock: Callable[[], float] = time.monotonic, **changes: int) -> Limits:
        """Has the server keep these limits, such as `submit_budget_network=2`, and begin to count anew."""
        limits = Limits(msgspec.structs.replace(self.settings, **changes), clock)
        self.begin_anew(limits=limits, turns=Turns(self.site.signer, limits))
        return limits

    async def refresh(self) -> None:
        """Lets the server take over at once what it would a moment later."""
        await refresh(self.site)

    async def submit(self, body: dict[str, object], slug: str = "example") -> httpx.Response:
        return await self.client.post(f"/v1/statements/{slug}/endorsements", json=body)

    async def confirm(self, token: str, **word: object) -> httpx.Response:
        return await self.client.post("/v1/confirmations", json={"token": token, "consent": True, **word})


@lru_cache(maxsize=4)
def app_for(settings: Settings) -> Litestar:
    """The app, which takes longer to make than most tests to run. All that it keeps begins anew with each of its lifespans."""
    return create_app(settings)


@asynccontextmanager
async def living(settings: Settings, db: Database) -> AsyncIterator[World]:
    """The app with these settings, running for as long as the context lasts."""
    app = app_for(settings)
    up, done = asyncio.Event(), asyncio.Event()

    async def live() -> None:
        async with app.lifespan():
            up.set()
            await done.wait()

    # In a task of its own: its cancel scopes must end in the task that they began in, which a fixture doesn't grant.
    running = asyncio.create_task(live())
    await asyncio.wait({running, asyncio.create_task(up.wait())}, return_when=asyncio.FIRST_COMPLETED)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
        yield World(app, settings, db, client)
    done.set()
    await running


@pytest.fixture
async def world(settings: Settings, db: Database) -> AsyncIterator[World]:
    async with living(settings, db) as world:
        yield world
