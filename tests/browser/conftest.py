"""A real Chromium, a real server, and a partner's site on another origin."""

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NoReturn

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.memory import cleared
from tests.process import Server, serving

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = [
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks every test here, and puts them last: Playwright has an event loop that asynchronous tests can't share."""
    here = [item for item in items if Path(__file__).parent in item.path.parents]
    for item in here:
        item.add_marker("browser")
    items.sort(key=here.__contains__)


def left_out(browser: str, what: str) -> NoReturn:
    """Says in the summary of the tests that nobody looked at this; where CI runs, that is a failure."""
    if os.environ.get("CI"):
        pytest.fail(f"There is no {browser} on the PATH, and CI leaves nothing out")
    pytest.skip(f"NOT TESTED: no {browser} on the PATH, so nobody looked at {what} in it")


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, headless. It is closed after the last test here, for asynchronous tests may follow in this process."""
    if CHROMIUM is None:
        left_out("Chromium", "pages and embeds")
    with sync_playwright() as playwright:
        # Scrollbars take room, as on most desks: without them nobody sees one that shouldn't be there.
        chromium = playwright.chromium.launch(
            executable_path=CHROMIUM, args=QUIET, ignore_default_args=["--hide-scrollbars"], chromium_sandbox=False
        )
        yield chromium
        chromium.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A visitor who was never here, with a phone."""
    context = browser.new_context(viewport={"width": 390, "height": 844}, locale="en-GB")
    context.set_default_timeout(10_000)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """`undersigned serve --local`, shared by the tests of this directory."""
    with cleared(tmp_path_factory.mktemp("browser") / "var") as data_dir, serving(data_dir) as server:
        yield server


class Partner:
    """A site on another origin: what `pages` holds under a path is served with `headers`."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.pages: dict[str, str] = {}
        self.headers: dict[str, str] = {}

    def show(self, body: str, path: str = "/", head: str = "", **headers: str) -> str:
        """Puts a page up; returns its URL. `headers` such as `content_security_policy="…"` go with every page."""
        self.pages[path] = (
            f'<!doctype html><html lang="en"><head><title>A partner</title>{head}</head><body>{body}</body></html>'
        )
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.url + path


@pytest.fixture
def partner() -> Iterator[Partner]:
    """A partner's site, with nothing on it yet."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = site.pages.get(self.path.partition("?")[0])
            self.send_response(200 if body is not None else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            for name, value in site.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write((body or "").encode())

        log_message: Callable[..., None] = lambda *_: None

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as httpd:
        site = Partner(f"http://localhost:{httpd.server_port}")
        threading.Thread(target=httpd.serve_forever, daemon=True).start()
        yield site
        httpd.shutdown()
