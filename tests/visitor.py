"""Somebody with a browser and no JavaScript, at a real server: signs, reads the local mailbox, confirms, withdraws."""

import html
import re
import time
from typing import Self

import httpx

WAIT_S = 15


class Visitor:
    """Uses the pages of a server under a URL."""

    def __init__(self, url: str) -> None:
        self._browser = httpx.Client(base_url=url, headers={"Accept": "text/html"}, timeout=10, follow_redirects=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._browser.close()

    def sign(self, email: str, **fields: str) -> None:
        form = {"kind": "individual", "name": "Ada Example", "email": email} | fields
        page = self._browser.post("/s/example", data=form)
        assert page.status_code == 200, page.text

    def read_mail(self, email: str, subject: str) -> str:
        """The text of the newest mail to this address with this in its subject, as soon as it is there."""
        deadline = time.monotonic() + WAIT_S
        while time.monotonic() < deadline:
            for key in re.findall(r'href="/mailbox/([^"]+)"', self._browser.get("/mailbox").text):
                page = self._browser.get(f"/mailbox/{key}").text
                if email in page and subject in page:
                    return html.unescape(page)
            time.sleep(0.1)
        raise AssertionError(f"no mail about {subject!r} came")

    def confirm(self, mail: str) -> str:
        """Opens the link of a mail and presses the button; returns the page that follows."""
        [link] = set(re.findall(r"/c/[\w.-]+", mail))
        page = self._browser.get(link)
        [consent] = re.findall(r'name="consent" value="(\w+)"', page.text)
        [name] = re.findall(r'name="name"[^>]*value="([^"]*)"|value="([^"]*)"[^>]*name="name"', page.text)
        done = self._browser.post(link, data={"consent": consent, "name": html.unescape("".join(name))})
        assert done.status_code == 200, done.text
        return done.text

    def withdraw(self, mail: str) -> str:
        [link] = set(re.findall(r"/w/[\w.-]+", mail))
        assert self._browser.get(link).status_code == 200
        return self._browser.post(link).text

    def read(self, path: str) -> str:
        answer = self._browser.get(path)
        assert answer.status_code == 200, path
        return answer.text

    def read_receipt(self, email: str) -> str:
        """Asks for a link to manage what was endorsed, and downloads the receipt behind it."""
        assert self._browser.post("/v1/statements/example/manage-links", json={"email": email}).status_code == 202
        link = re.findall(r"/m/[\w.-]+", self.read_mail(email, "Your link"))[0]
        return self.read(f"{link}/receipt.tlog-proof")

    def tally(self) -> tuple[int, int]:
        tally = self._browser.get("/v1/statements/example/tally").json()
        return tally["individuals"], tally["organisations"]

    def see_tally(self, individuals: int, organisations: int) -> None:
        """Waits until the public tally says this."""
        deadline = time.monotonic() + WAIT_S
        while self.tally() != (individuals, organisations):
            assert time.monotonic() < deadline, self.tally()
            time.sleep(0.05)
