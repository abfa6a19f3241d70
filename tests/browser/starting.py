"""Firefox and WebKit as Debian has them, started for the stories. Playwright starts Chromium."""

import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.browser.driving import Firefox, WebKit
from tests.process import free_port

FIREFOX = shutil.which("firefox-esr") or shutil.which("firefox")
WEBKIT, XVFB = shutil.which("WebKitWebDriver"), shutil.which("Xvfb")
START_TIMEOUT_S = 120
# Scrollbars that take room, the reader's language, and nothing that is asked for outside this machine.
PREFERENCES = {
    "widget.gtk.overlay-scrollbars.enabled": False,
    "intl.accept_languages": "en-GB, en",
    "app.normandy.enabled": False,
    "browser.safebrowsing.downloads.remote.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "data:,#nothing",
    "toolkit.telemetry.server": "",
}


@contextmanager
def firefox(profile: Path) -> Iterator[Firefox]:
    """A Firefox with a new profile, for as long as the context lasts."""
    assert FIREFOX
    profile.mkdir()
    lines = (f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in PREFERENCES.items())
    (profile / "user.js").write_text("".join(lines))
    log = profile.with_suffix(".log")
    command = [FIREFOX, "--headless", "--no-remote", "--profile", str(profile), "--remote-debugging-port", "0"]
    with log.open("wb") as output, running(command, output, {"HOME": str(profile.parent)}) as process:
        deadline = time.monotonic() + START_TIMEOUT_S
        while not (found := re.search(r"WebDriver BiDi listening on (ws://\S+)", log.read_text())):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(log.read_text())
            time.sleep(0.05)
        driven = Firefox(found[1])
        try:
            yield driven
        finally:
            driven.close()


@contextmanager
def webkit(directory: Path) -> Iterator[WebKit]:
    """A WebKit with its driver and its screen, for as long as the context lasts."""
    assert XVFB
    assert WEBKIT
    directory.mkdir()
    reading, writing = os.pipe()
    screen = [XVFB, "-displayfd", str(writing), "-screen", "0", "1280x1024x24", "-nolisten", "tcp"]
    port = free_port()
    with (directory / "log").open("wb") as output, running(screen, output, {}, (writing,)):
        os.close(writing)
        with os.fdopen(reading) as said:
            display = said.readline().strip()
        environ = {"DISPLAY": f":{display}", "GDK_BACKEND": "x11", "HOME": str(directory)}
        with (
            running([WEBKIT, f"--port={port}"], output, environ),
            httpx.Client(
                base_url=f"http://127.0.0.1:{port}", timeout=60, transport=httpx.HTTPTransport(retries=8)
            ) as client,
        ):
            driven = WebKit(client, options())
            try:
                yield driven
            finally:
                driven.close()


@contextmanager
def running(
    command: list[str], output: Any, environ: dict[str, str], pass_fds: tuple[int, ...] = ()
) -> Iterator[subprocess.Popen[bytes]]:
    """A program of somebody else's, ended with the context."""
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, pass_fds=pass_fds, env=os.environ | environ
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def options() -> dict[str, Any]:
    """Where Debian puts the browser that comes with WebKitGTK, and how it lets itself be driven."""
    [*_, binary] = sorted(Path("/usr/lib").glob("*/webkit2gtk-4.*/MiniBrowser"))
    return {"binary": str(binary), "args": ["--automation"], "useOverlayScrollbars": False}
