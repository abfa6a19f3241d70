"""What a person sees on a screen and does there, in any of the browsers: looked for by name, until it is there."""

import json
import time
from typing import Any

from tests.browser.driving import Driven, Drove, Point

PATIENCE_S = 60
# Finds what is seen by what it is and what it is called, also within open shadow roots.
EYES = """(() => {
  const below = (each) => (each.shadowRoot ? [each, ...all(each.shadowRoot)] : [each]);
  const all = (root) => [...root.querySelectorAll("*")].flatMap(below);
  const seen = (each) => each.checkVisibility({ visibilityProperty: true }) && each.getClientRects().length > 0;
  const said = (each) => (each?.innerText ?? each?.textContent ?? "").replace(/\\s+/g, " ").trim();
  const called = (each) => each.getAttribute("aria-label") ?? said(each.labels?.[0] ?? each);
  const kinds = { field: "input, select, textarea", button: "button", link: "a[href]", heading: "h1, h2, h3" };
  const find = (kind, name) =>
    all(document).find((each) => each.matches(kinds[kind]) && seen(each.labels?.[0] ?? each) && called(each).startsWith(name));
  const deepest = (root) => (root.activeElement?.shadowRoot ? deepest(root.activeElement.shadowRoot) : root.activeElement);
  const where = (each) => {
    each.scrollIntoView({ block: "center", behavior: "instant" });
    const box = each.getBoundingClientRect();
    return [box.x + Math.min(box.width / 2, 40), box.y + box.height / 2];
  };
  return """


class Missed(AssertionError):
    """What was looked for didn't come into sight."""


class Screen:
    """A person before a browser; `framed` while they work within the first frame of a page."""

    def __init__(self, driven: Driven) -> None:
        self.driven = driven
        self.framed = False
        driven.begin_anew()

    def open(self, url: str) -> None:
        self.framed = False
        self.driven.open(url)

    def look(self, expression: str) -> Any:
        """What an expression says of the page or frame, in which `find`, `said`, `called`, `deepest` and `all` are known."""
        return self.driven.ask(f"{EYES}{expression} }})()", framed=self.framed)

    def sees(self, *words: str) -> None:
        """Waits until all of these are to be read. Raises Missed."""
        self.waits_for(f"{json.dumps(words)}.every((each) => [document.body, ...all(document).flatMap((one) =>"
                    f" [...(one.shadowRoot?.children ?? [])])].some((one) => said(one).includes(each)))", words)  # fmt: skip

    def finds(self, kind: str, name: str) -> None:
        """Waits for a `field`, `button`, `link` or `heading` whose name begins so. Raises Missed."""
        self.waits_for(f"Boolean(find({json.dumps(kind)}, {json.dumps(name)}))", (kind, name))

    def presses(self, kind: str, name: str) -> None:
        """Clicks on it, wherever it has to scroll to."""
        self.finds(kind, name)
        sought = f"find({json.dumps(kind)}, {json.dumps(name)})"
        place, before = self.look(f"where({sought}.labels?.[0] ?? {sought})"), None
        while place != before:  # a page may still be on its way to where an address of a part of it leads
            time.sleep(0.05)
            place, before = self.look(f"where({sought}.labels?.[0] ?? {sought})"), place
        x, y = place
        self.driven.click(x, y, self._frame_with(y) if self.framed else None)

    def follows(self, kind: str, name: str) -> None:
        """Clicks on it, and waits for the page that comes in the place of this one."""
        self.finds(kind, name)
        self.look("(document.left = true)")
        self.presses(kind, name)
        self.waits_for("!document.left && document.readyState === 'complete'", f"what {name!r} leads to")

    def reloads(self) -> None:
        self.look("(document.left = true)")
        self.look("setTimeout(() => location.reload()) ?? null")
        self.waits_for("!document.left && document.readyState === 'complete'", "the same page again")

    def writes(self, text: str, into: str) -> None:
        """Types into the field of this name, in the place of what it holds."""
        self.presses("field", into)
        self.waits_for(f"deepest(document) === find('field', {json.dumps(into)})", into)
        self.look("deepest(document).select() ?? null")
        self.driven.type(text, framed=self.framed)
        self.waits_for(f"deepest(document)?.value === {json.dumps(text)}", (into, text))

    def holds(self, field: str) -> str:
        """What stands in a field."""
        self.finds("field", field)
        return str(self.look(f"find('field', {json.dumps(field)}).value"))

    def has_in_view(self, selector: str) -> None:
        """Waits until the beginning of it is on the screen. Raises Missed."""
        box = f"document.querySelector({json.dumps(selector)})?.getBoundingClientRect()"
        self.waits_for(f"(({{ y }}) => y >= -1 && y < innerHeight - 40)({box} ?? {{ y: -999 }})", selector)

    def has_focus_on(self, selector: str) -> None:
        """Waits until the focus is on it, or on what stands in a shadow root and matches. Raises Missed."""
        self.waits_for(f"Boolean(deepest(document)?.matches({json.dumps(selector)}))", selector)

    def _frame_with(self, y: float) -> Point:
        """Where the frame begins, once the page was scrolled so that this height of it is in the middle of the screen."""
        box = "document.querySelector('iframe').getBoundingClientRect()"
        x, top = self.driven.ask(f"(scrollBy(0, {box}.y + {y} - innerHeight / 2), [{box}.x, {box}.y])")
        return x, top

    def waits_for(self, holds: str, what: object) -> None:
        """Waits until an expression is true of what is seen; `what` says what was waited for. Raises Missed."""
        deadline, last = time.monotonic() + PATIENCE_S, ""
        while time.monotonic() < deadline:
            try:
                if self.look(holds):
                    return
            except Drove as error:  # one page is left for the next
                last = str(error)
            time.sleep(0.05)
        raise Missed(f"{what} in {self.driven.version}, which shows: {self._shown()} {last}")

    def _shown(self) -> str:
        try:
            focus = "deepest(document)?.outerHTML?.slice(0, 200)"
            return str(self.look(f"location.href + ' ' + {focus} + ' ' + said(document.body).slice(0, 600)"))
        except Drove as error:
            return str(error)
