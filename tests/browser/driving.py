"""Three browsers behind one small surface, so that a story is written once: Chromium by Playwright, Firefox by WebDriver BiDi,
which it speaks itself, and WebKit by its WebDriver. What a story does is what a hand does: a click at a point, keys.
"""

import base64
import json
from contextlib import ExitStack
from typing import Any, Protocol

import httpx
import playwright.sync_api
from websockets.sync.client import connect

WIDTH, HEIGHT = 480, 844  # WebKit's window is never narrower than 447
Point = tuple[float, float]


class Drove(Exception):
    """The browser says why it can't do that, as while a page is being left for another."""


class Driven(Protocol):
    """A browser with one page open, of a visitor who was never here."""

    version: str

    def begin_anew(self) -> None:
        """Forgets everything; the page is blank."""

    def open(self, url: str) -> None: ...

    def ask(self, expression: str, *, framed: bool = False) -> Any:
        """The value of an expression in the page, or in the first frame of it, as JSON has it. Raises Drove."""

    def click(self, x: float, y: float, frame_at: Point | None = None) -> None:
        """At a point of the page, or of its first frame, which begins there in the page."""

    def type(self, text: str, *, framed: bool = False) -> None: ...

    def print(self) -> bytes:
        """The page on paper, as PDF. Raises Drove where this browser can't."""


class Chromium:
    """Debian's Chromium, by Playwright."""

    def __init__(self, browser: playwright.sync_api.Browser) -> None:
        self._browser = browser
        self.version = f"Chromium {browser.version}"

    def begin_anew(self) -> None:
        for context in self._browser.contexts:
            context.close()
        size = playwright.sync_api.ViewportSize(width=WIDTH, height=HEIGHT)
        self._page = self._browser.new_context(viewport=size, locale="en-GB").new_page()

    def open(self, url: str) -> None:
        self._page.goto(url)

    def ask(self, expression: str, *, framed: bool = False) -> Any:
        try:
            return (self._page.frames[1] if framed else self._page).evaluate(expression)
        except (playwright.sync_api.Error, IndexError) as error:
            raise Drove(str(error)) from None

    def click(self, x: float, y: float, frame_at: Point | None = None) -> None:
        left, top = frame_at or (0, 0)
        self._page.mouse.click(x + left, y + top)

    def type(self, text: str, *, framed: bool = False) -> None:
        self._page.keyboard.type(text)

    def print(self) -> bytes:
        return self._page.pdf(prefer_css_page_size=True, format="A4")


class Firefox:
    """Debian's Firefox, by WebDriver BiDi (W3C), which needs no driver beside it."""

    def __init__(self, address: str) -> None:
        self._leaving = ExitStack()
        self._socket = self._leaving.enter_context(connect(f"{address}/session", max_size=None))
        self._number = 0
        self._visitor = self._page = ""
        told = self._do("session.new", capabilities={})["capabilities"]
        self.version = f"Firefox {told['browserVersion']}"

    def begin_anew(self) -> None:
        if self._visitor:
            self._do("browser.removeUserContext", userContext=self._visitor)
        self._visitor = self._do("browser.createUserContext")["userContext"]
        self._page = self._do("browsingContext.create", type="tab", userContext=self._visitor)["context"]
        size = {"width": WIDTH, "height": HEIGHT}
        self._do("browsingContext.setViewport", context=self._page, viewport=size)

    def open(self, url: str) -> None:
        self._do("browsingContext.navigate", context=self._page, url=url, wait="complete")

    def ask(self, expression: str, *, framed: bool = False) -> Any:
        target = {"context": self._within(framed)}
        asked = {"expression": f"JSON.stringify({expression})", "target": target, "awaitPromise": True}
        told = self._do("script.evaluate", **asked)
        if told["type"] != "success":
            raise Drove(told["exceptionDetails"]["text"])
        return json.loads(told["result"].get("value", "null"))

    def click(self, x: float, y: float, frame_at: Point | None = None) -> None:
        self._act("pointer", pointer(x, y), framed=frame_at is not None)

    def type(self, text: str, *, framed: bool = False) -> None:
        self._act("key", keys(text), framed=framed)

    def print(self) -> bytes:
        paper = {"width": 21.0, "height": 29.7}
        return base64.b64decode(self._do("browsingContext.print", context=self._page, page=paper)["data"])

    def close(self) -> None:
        self._do("browser.close")
        self._leaving.close()

    def _within(self, framed: bool) -> str:
        """The page, or its first frame, which is one of its own where it comes from elsewhere."""
        if not framed:
            return self._page
        [tree] = self._do("browsingContext.getTree", root=self._page)["contexts"]
        if not tree["children"]:
            raise Drove("there is no frame")
        return str(tree["children"][0]["context"])

    def _act(self, kind: str, steps: list[dict[str, Any]], *, framed: bool) -> None:
        actions = [{"type": kind, "id": kind, "actions": steps}]
        self._do("input.performActions", context=self._within(framed), actions=actions)

    def _do(self, method: str, **params: Any) -> Any:
        self._number += 1
        self._socket.send(json.dumps({"id": self._number, "method": method, "params": params}))
        while True:
            told = json.loads(self._socket.recv(60))
            if told.get("id") == self._number:
                break
        if told["type"] == "error":
            raise Drove(f"{method}: {told['message']}")
        return told["result"]


class WebKit:
    """Debian's WebKitGTK, by WebDriver (W3C), on a screen that nobody sees."""

    def __init__(self, client: httpx.Client, options: dict[str, Any]) -> None:
        self._client, self._options = client, options
        self._session = ""
        self.version = ""

    def begin_anew(self) -> None:
        self.close()
        wanted = {"alwaysMatch": {"browserName": "MiniBrowser", "webkitgtk:browserOptions": self._options}}
        made = self._send("POST", "/session", {"capabilities": wanted})
        self._session = f"/session/{made['sessionId']}"
        self.version = f"WebKitGTK {made['capabilities']['browserVersion']}"
        self._do("window/rect", width=WIDTH, height=HEIGHT)

    def open(self, url: str) -> None:
        self._do("url", url=url)

    def ask(self, expression: str, *, framed: bool = False) -> Any:
        if framed:
            self._do("frame", id=self._do("element", using="css selector", value="iframe"))
        try:
            return self._do("execute/sync", script=f"return {expression}", args=[])
        finally:
            if framed:
                self._do("frame", id=None)

    def click(self, x: float, y: float, frame_at: Point | None = None) -> None:
        left, top = frame_at or (0, 0)
        self._act("pointer", pointer(x + left, y + top))

    def type(self, text: str, *, framed: bool = False) -> None:
        self._act("key", keys(text))

    def print(self) -> bytes:
        raise Drove("WebKit's driver doesn't print")

    def close(self) -> None:
        if self._session:
            self._send("DELETE", self._session, None)
        self._session = ""

    def _act(self, kind: str, steps: list[dict[str, Any]]) -> None:
        self._do("actions", actions=[{"type": kind, "id": kind, "actions": steps}])

    def _do(self, command: str, **body: Any) -> Any:
        return self._send("POST", f"{self._session}/{command}", body)

    def _send(self, method: str, path: str, body: dict[str, Any] | None) -> Any:
        told = self._client.request(method, path, json=body).json()["value"]
        if isinstance(told, dict) and "error" in told:
            raise Drove(f"{path.rpartition('/')[2]}: {told['error']}: {told.get('message', '')}")
        return told


def pointer(x: float, y: float) -> list[dict[str, Any]]:
    """A click with the first button at a point of the viewport."""
    move = {"type": "pointerMove", "x": round(x), "y": round(y), "duration": 0}
    return [move, {"type": "pointerDown", "button": 0}, {"type": "pointerUp", "button": 0}]


def keys(text: str) -> list[dict[str, Any]]:
    """Each key down and up."""
    return [{"type": way, "value": each} for each in text for way in ("keyDown", "keyUp")]
