"""What came of a framed form comes into view: on a phone, where the frame is higher than the screen, with scripts and without."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, FrameLocator, Locator, Page, expect

from tests.browser.conftest import Partner
from tests.process import Server

ARTICLE = "<p style='height: 1500px'>An article</p>"
# Whether scripts run at all, and whether the page around has the one that measures.
WAYS = ["measured", "unmeasured", "without scripts"]
HEIGHT = 844


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def phone(browser: Browser, way: str) -> Iterator[Page]:
    context = browser.new_context(
        viewport={"width": 390, "height": HEIGHT}, java_script_enabled=way != "without scripts"
    )
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()


def framed(page: Page, server: Server, partner: Partner, way: str, around: str = "{}") -> FrameLocator:
    """The form as the line for a frame shows it, below an article."""
    frame = f'<iframe src="{server.url}/embed/example/form" title="Endorse" width="100%" height="1100" frameborder="0"></iframe>'
    grow = f'<script type="module" src="{server.url}/embed/v1/frame.js"></script>' if way == "measured" else ""
    page.goto(partner.show(around.format(ARTICLE + frame + grow + ARTICLE)))
    inside = page.frame_locator("iframe")
    expect(inside.get_by_role("button")).to_be_attached()
    if way == "measured":
        expect(page.locator("iframe")).not_to_have_attribute("height", "1100")
    return inside


def is_in_view(news: Locator) -> bool:
    """Whether it begins on the screen, with room for a line or two of it."""
    box = news.bounding_box()
    return box is not None and 0 <= box["y"] <= HEIGHT - 60


def test_what_is_wrong_comes_into_view_and_each_link_leads_to_its_field(
    phone: Page, server: Server, partner: Partner, way: str
) -> None:
    inside = framed(phone, server, partner, way)
    inside.get_by_role("button").click()
    news = inside.get_by_role("alert")
    expect(news).to_contain_text("Some things need a correction")
    phone.wait_for_timeout(300)
    assert is_in_view(news)
    if way == "measured":
        expect(news).to_be_focused()
        inside.get_by_role("link", name="Your name").click()
        expect(inside.get_by_label("Your name")).to_be_focused()
        phone.wait_for_timeout(300)
        assert is_in_view(inside.get_by_label("Your name"))


def test_that_it_was_sent_comes_into_view(phone: Page, server: Server, partner: Partner, way: str) -> None:
    inside = framed(phone, server, partner, way)
    inside.get_by_label("Your name").fill("Ada Example")
    inside.get_by_label("Your e-mail address").fill("phone@example.org")
    inside.get_by_role("button").click()
    heading = inside.get_by_role("heading", name="Check your mailbox")
    expect(heading).to_be_visible()
    phone.wait_for_timeout(300)
    assert is_in_view(heading)


@pytest.mark.parametrize("way", ["measured"])
def test_it_comes_into_view_in_a_part_of_the_page_that_scrolls_by_itself(
    phone: Page, server: Server, partner: Partner, way: str
) -> None:
    inside = framed(phone, server, partner, way, "<div style='height: 600px; overflow: auto'>{}</div>")
    inside.get_by_role("button").click()
    news = inside.get_by_role("alert")
    expect(news).to_be_focused()
    phone.wait_for_timeout(300)
    assert is_in_view(news)


@pytest.mark.parametrize("way", ["measured"])
def test_what_is_in_view_already_moves_nothing(phone: Page, server: Server, partner: Partner, way: str) -> None:
    inside = framed(phone, server, partner, way)
    inside.get_by_role("button").click()
    expect(inside.get_by_role("alert")).to_be_focused()
    phone.wait_for_timeout(300)
    before = phone.evaluate("scrollY")
    inside.locator("html").evaluate("dispatchEvent(new Event('hashchange'))")
    phone.wait_for_timeout(300)
    assert phone.evaluate("scrollY") == before


@pytest.mark.parametrize("way", ["unmeasured"])
@pytest.mark.parametrize("wrong", [True, False])
def test_it_comes_to_where_the_frame_can_be_seen(
    phone: Page, server: Server, partner: Partner, way: str, wrong: bool
) -> None:
    """Who scrolled within the frame sees its button while its end is far below the screen."""
    inside = framed(phone, server, partner, way)
    if not wrong:
        inside.get_by_label("Your name").fill("Ada Example")
        inside.get_by_label("Your e-mail address").fill("within@example.org")
    phone.evaluate("document.querySelector('iframe').height = 2400")
    phone.evaluate("scrollTo(0, document.querySelector('iframe').getBoundingClientRect().top + scrollY + 500)")
    inside.get_by_role("button").evaluate("button => button.click()")
    news = inside.get_by_role("alert") if wrong else inside.get_by_role("heading", name="Check your mailbox")
    expect(news).to_be_visible()
    phone.wait_for_timeout(800)
    assert is_in_view(news)
