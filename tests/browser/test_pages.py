"""The hosted pages, as a browser shows them."""

import re

from playwright.sync_api import Page, expect

from tests.process import Server
from tests.visitor import Visitor


def test_a_page_speaks_the_language_that_is_asked_for(page: Page, server: Server) -> None:
    page.goto(f"{server.url}/s/example?lang=ar-XB")
    assert page.locator("html").get_attribute("dir") == "rtl"
    assert page.locator("html").get_attribute("lang") == "ar-XB"


def test_the_page_after_confirming_waits_for_the_entry_and_has_its_receipt(page: Page, server: Server) -> None:
    with Visitor(server.url) as visitor:
        visitor.sign("receipt@example.org")
        mail = visitor.read_mail("receipt@example.org", "Please confirm")
    page.goto(server.url + re.findall(r"/c/[\w.-]+", mail)[0])
    page.get_by_role("button", name="I endorse this statement").click()
    expect(page.get_by_role("heading", name="Your endorsement counts")).to_be_visible()
    expect(page.get_by_role("status")).to_contain_text(re.compile(r"entry [\d,]+ of the public log"))
    with page.expect_download() as download:
        page.get_by_role("link", name="Keep the receipt").click()
    assert download.value.suggested_filename == "receipt.tlog-proof"
    assert download.value.path().read_text().startswith("c2sp.org/tlog-proof@v1\n")
