"""What a partner pastes, and what a visitor does with it."""

import httpx
from playwright.sync_api import Page

from tests.browser.conftest import Partner
from tests.process import Server

# Every allowance that a partner's policy has to make, with Trusted Types enforced.
POLICY = (
    "default-src 'none'; script-src {url}; connect-src {url}; require-trusted-types-for 'script'; trusted-types 'none'"
)


def policy(server: Server) -> str:
    return POLICY.format(url=server.url)


def script(server: Server, *, pinned: bool = False) -> str:
    if not pinned:
        return f'<script type="module" src="{server.url}/embed/v1/undersigned.js"></script>'
    file = httpx.get(f"{server.url}/embed/v1/integrity.json").json()["scripts"]["undersigned.js"]
    return (
        f'<script type="module" src="{server.url}{file["path"]}" integrity="{file["integrity"]}" '
        'crossorigin="anonymous"></script>'
    )


def element(server: Server, name: str = "form", statement: str = "example", attributes: str = "") -> str:
    return (
        f'<undersigned-{name} statement="{statement}" {attributes}>'
        f'<a href="{server.url}/s/{statement}">Endorse it there</a></undersigned-{name}>'
    )


def with_form(partner: Partner, server: Server, attributes: str = "", **headers: str) -> str:
    """Puts up a page with the form on it; returns its URL."""
    body = f"<main><h1>A partner</h1>{element(server, attributes=attributes)}</main>"
    return partner.show(body, head=script(server), **headers)


def fill_in(page: Page, email: str, name: str = "Ada Example") -> None:
    page.get_by_label("Your name").fill(name)
    page.get_by_label("Your e-mail address").fill(email)


def send(page: Page) -> None:
    page.get_by_role("button", name="Send me the confirmation mail").click()


def listen(page: Page) -> None:
    """Has the page keep every event of ours that reaches its window, as `heard`."""
    page.add_init_script(
        """window.heard = [];
        for (const what of ["ready", "submitted", "error"])
          addEventListener(`undersigned:${what}`, ({ type, detail, composed, target }) =>
            heard.push({ type, detail, composed, target: target.localName }));"""
    )
