"""The hosted pages, as a browser shows them."""

from playwright.sync_api import Page

from tests.process import Server


def test_a_page_speaks_the_language_that_is_asked_for(page: Page, server: Server) -> None:
    page.goto(f"{server.url}/s/example?lang=ar-XB")
    assert page.locator("html").get_attribute("dir") == "rtl"
    assert page.locator("html").get_attribute("lang") == "ar-XB"
