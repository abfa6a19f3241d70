"""A statement for its partners' sites only, as a real browser meets it: what it sends as `Origin` is the browser's to say."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Partner
from tests.memory import cleared
from tests.process import Server, serving
from undersigned.settings import ROOT

SIGN = """async (url) => {
  const answer = await fetch(url + '/v1/statements/example/endorsements', {
    method: 'POST', headers: {'Content-Type': 'application/json'},
    body: JSON.stringify({kind: 'individual', name: 'Ada Example', email: 'ada@example.org', partner: 'readers'}),
  });
  return [answer.status, await answer.json()];
}"""


@pytest.fixture(scope="module")
def restricted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose example statement may be embedded by partners only."""
    home = tmp_path_factory.mktemp("restricted")
    example = home / "statements" / "example"
    example.mkdir(parents=True)
    for file in (ROOT / "statements" / "example").glob("*.*"):
        (example / file.name).write_bytes(file.read_bytes())
    toml = (example / "statement.toml").read_text()
    (example / "statement.toml").write_text(f'embedding = "partners"\n{toml}')
    with (
        cleared(home / "var") as data_dir,
        serving(data_dir, UNDERSIGNED_STATEMENTS_DIR=str(home / "statements")) as server,
    ):
        yield server


def undersigned(server: Server, *arguments: str) -> str:
    """What the command prints, run beside the server."""
    environ = {key: value for key, value in os.environ.items() if not key.startswith("UNDERSIGNED_")}
    done = subprocess.run(
        [sys.executable, "-m", "undersigned", *arguments],
        env=environ | {"UNDERSIGNED_DATA_DIR": str(server.data_dir)},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_a_site_takes_signatures_once_it_is_a_partner_and_hears_before_where_to_send_its_visitors(
    page: Page, restricted: Server, partner: Partner
) -> None:
    page.goto(partner.show("<h1>Readers</h1>"))
    status, problem = page.evaluate(SIGN, restricted.url)
    assert (status, problem["statement_url"]) == (403, f"{restricted.url}/s/example")
    assert undersigned(restricted, "partner", "add", "readers", "--name", "Readers", "--url", f"{partner.url}/").strip()
    assert partner.url in undersigned(restricted, "partner", "list")
    for _ in range(100):
        status, answer = page.evaluate(SIGN, restricted.url)
        if status == 202:
            break
        page.wait_for_timeout(50)
    assert (status, answer) == (202, {"status": "confirmation_sent"})


def test_a_sandboxed_frame_of_a_partners_site_is_nobodys_site(page: Page, restricted: Server, partner: Partner) -> None:
    page.goto(partner.show("<iframe sandbox='allow-scripts' srcdoc='<p>A frame</p>'></iframe>"))
    status, problem = page.frames[1].evaluate(SIGN, restricted.url)
    assert (status, problem["type"]) == (403, "urn:undersigned:problem:origin_refused")


def test_the_statements_own_form_works_though_its_pages_send_no_referrer(page: Page, restricted: Server) -> None:
    page.goto(f"{restricted.url}/s/example?partner=readers")
    page.locator("#name").fill("Ada Example")
    page.locator("#email").fill("ada@example.org")
    with page.expect_request(lambda request: request.method == "POST") as posted:
        page.locator("form .button.primary").click()
    assert posted.value.all_headers()["origin"] == "null"
    page.get_by_role("heading", name="Check your mailbox").wait_for()


def test_a_strangers_form_leads_to_the_statements_own_page_with_what_was_typed(
    page: Page, restricted: Server, partner: Partner
) -> None:
    target = f"{restricted.url}/s/example"
    form = f"<form method='post' action='{target}'><input name='email' value='a@b.org'><button>Go</button></form>"
    other = partner.url.replace("localhost", "127.0.0.1")
    partner.show(form, "/form", referrer_policy="no-referrer")
    page.goto(f"{other}/form")
    with page.expect_response(target) as answered:
        page.locator("button").click()
    assert answered.value.status == 403
    page.get_by_text("This statement can be signed on its own page").wait_for()
    assert page.locator("#email").input_value() == "a@b.org"
    page.locator("#name").fill("Ada Example")
    page.locator("form .button.primary").click()
    page.get_by_role("heading", name="Check your mailbox").wait_for()
