"""Badge, oEmbed frame and the page of lines, in a real browser: on a partner's page, in WordPress's sandbox, without scripts."""

import html
import re
from pathlib import Path

import httpx
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import Partner
from tests.process import Server

SECRET = "a1B2c3D4e5"
# What WordPress does around a frame that it put into its sandbox: it listens to whoever knows the secret, and only lets
# the reader be led to the frame's own host.
WORDPRESS = """
<script>addEventListener("message", ({ data, source }) => {
  const frame = document.querySelector("iframe");
  if (data.secret !== frame.dataset.secret || source !== frame.contentWindow) return;
  document.querySelector("blockquote").style.display = "none";
  frame.removeAttribute("style");
  if (data.message === "height") frame.height = Math.min(1000, Math.max(200, parseInt(data.value, 10)));
  const led = data.message === "link" && new URL(data.value);
  if (led && led.host === new URL(frame.src).host && document.activeElement === frame) location.href = led.href;
});</script>
"""


def as_wordpress(unfolded: str) -> str:
    """An oEmbed answer's HTML as WordPress shows that of a provider it doesn't know: a quotation and a frame, nothing else."""
    [(quotation, frame)] = re.findall(r"(<blockquote>.*?</blockquote>)?.*(<iframe.*?></iframe>)", unfolded, re.DOTALL)
    known = {"src", "width", "height", "frameborder", "marginwidth", "marginheight", "scrolling", "title"}
    assert set(re.findall(r' (\w+)="', frame)) <= known
    assert re.fullmatch(r'<blockquote><a href="[^"]+">[^<]+</a></blockquote>', quotation)
    frame = re.sub(r' src="([^"]+)"', rf' src="\1#?secret={SECRET}" data-secret="{SECRET}"', frame)
    hidden = 'sandbox="allow-scripts" style="position: absolute; visibility: hidden;"'
    return str(quotation + frame.replace("<iframe", f"<iframe {hidden}"))


def unfolded(server: Server, query: str = "") -> str:
    answer = httpx.get(f"{server.url}/oembed", params={"url": f"{server.url}/s/example{query}", "format": "json"})
    return str(answer.json()["html"])


def test_a_page_that_allows_our_images_shows_the_badge(page: Page, server: Server, partner: Partner) -> None:
    badge = f'<img src="{server.url}/v1/statements/example/badge.svg?theme=auto" alt="Endorse it">'
    page.goto(partner.show(badge, content_security_policy=f"default-src 'none'; img-src {server.url}"))
    assert page.evaluate("document.images[0].decode().then(() => document.images[0].naturalWidth)") == 420


def test_the_badge_is_dark_where_the_reader_likes_it_dark(browser: Browser, server: Server) -> None:
    looks = {}
    for scheme in ("light", "dark"):
        with browser.new_context(color_scheme=scheme) as context:
            page = context.new_page()
            page.set_content(f'<img src="{server.url}/v1/statements/example/badge.svg" alt="">')
            page.evaluate("document.images[0].decode()")
            looks[scheme] = page.locator("img").screenshot()
    assert looks["light"] != looks["dark"]


def test_a_link_unfolds_in_the_sandbox_of_wordpress_and_can_be_followed(
    page: Page, server: Server, partner: Partner
) -> None:
    page.goto(partner.show(as_wordpress(unfolded(server, "?lang=hy")) + WORDPRESS))
    frame = page.frame_locator("iframe")
    expect(page.locator("iframe")).to_be_visible()
    expect(page.locator("blockquote")).to_be_hidden()
    expect(frame.locator("img")).to_be_visible()
    assert frame.locator("img").evaluate("image => image.decode().then(() => image.naturalWidth)") == 420
    expect(frame.locator("p a")).to_have_text(f"{server.url}/s/example?lang=hy")
    inner = frame.locator("html").evaluate("page => page.getBoundingClientRect().height")
    expect(page.locator("iframe")).to_have_attribute("height", str(-int(-inner // 1)))
    frame.locator("img").click()
    page.wait_for_url(f"{server.url}/s/example?lang=hy")


def test_a_page_that_begins_to_listen_late_shows_the_frame_too(page: Page, server: Server, partner: Partner) -> None:
    page.goto(partner.show(as_wordpress(unfolded(server))))
    page.wait_for_load_state("networkidle")
    listening = WORDPRESS.replace("<script>", "").replace(";</script>", "")
    page.evaluate(f"() => {{ {listening} }}")
    assert page.locator("iframe").get_attribute("style")
    page.evaluate(
        f"document.querySelector('iframe').contentWindow.postMessage({{ message: 'ready', secret: '{SECRET}' }}, '*')"
    )
    expect(page.locator("iframe")).not_to_have_attribute("style", re.compile("hidden"))
    expect(page.frame_locator("iframe").locator("img")).to_be_visible()


def test_in_a_sandbox_that_listens_to_nobody_the_numbers_and_the_address_can_still_be_read(
    page: Page, server: Server, partner: Partner
) -> None:
    shown = re.sub(r' style="[^"]*"', "", as_wordpress(unfolded(server)))
    page.goto(partner.show(shown))
    frame = page.frame_locator("iframe")
    expect(frame.locator("img")).to_be_visible()
    expect(frame.locator("p a")).to_have_text(f"{server.url}/s/example")
    box = frame.locator("p").bounding_box()
    outer = page.locator("iframe").bounding_box()
    assert box is not None
    assert outer is not None
    assert box["y"] + box["height"] <= outer["y"] + outer["height"]
    page.locator("blockquote a").click()
    page.wait_for_url(f"{server.url}/s/example")


def test_outside_a_sandbox_the_frame_opens_the_page_in_a_tab_of_its_own(
    page: Page, context: BrowserContext, server: Server, partner: Partner
) -> None:
    page.goto(partner.show(unfolded(server)))
    with context.expect_page() as opened:
        page.frame_locator("iframe").locator("img").click()
    assert opened.value.url == f"{server.url}/s/example"


def test_a_choice_renews_the_lines_and_a_button_copies_one(page: Page, context: BrowserContext, server: Server) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=server.url)
    page.goto(f"{server.url}/s/example/embed")
    expect(page.get_by_role("button", name="Show me")).to_be_hidden()
    page.get_by_role("combobox", name="Language").select_option("hy")
    expect(page.get_by_role("textbox", name="The line for a badge")).to_have_value(re.compile("lang=hy"))
    page.get_by_label("What it shows").select_option("tally")
    expect(page.get_by_role("textbox", name="The line for a script")).to_have_value(re.compile("<undersigned-tally "))
    expect(page.get_by_role("status")).to_have_text("The lines below have changed")
    assert "language=hy" in page.url
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.get_by_role("button", name="Copy the line for a frame").click()
    expect(page.get_by_role("status")).to_have_text("Copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == page.get_by_role("textbox", name="The line for a frame").input_value()
    assert copied.startswith("<div><iframe src=")


def test_without_javascript_the_form_shows_the_chosen_lines(browser: Browser, server: Server) -> None:
    with browser.new_context(java_script_enabled=False, locale="en-GB") as context:
        page = context.new_page()
        page.goto(f"{server.url}/s/example/embed")
        expect(page.get_by_role("button", name=re.compile("Copy"))).to_have_count(0)
        page.get_by_role("combobox", name="Language").select_option("ru")
        page.get_by_label("Light or dark").select_option("dark")
        page.get_by_role("button", name="Show me").click()
        line = page.get_by_role("textbox", name="The line for a badge").input_value()
        assert "lang=ru&amp;theme=dark" in line
        source = html.unescape(re.findall(r'src="([^"]+)"', line)[0])
        assert httpx.get(source).headers["content-type"] == "image/svg+xml"


def test_every_line_works_in_a_file_that_was_opened_from_a_disk(page: Page, server: Server, tmp_path: Path) -> None:
    page.goto(f"{server.url}/s/example/embed")
    frame, line, pinned, badge = (box.input_value() for box in page.locator("textarea").all()[:4])
    file = tmp_path / "page.html"
    for number, code in enumerate((frame, line, pinned)):
        file.write_text(f"<!doctype html><title>A page</title>{code}")
        page.goto(file.as_uri())
        form = page.frame_locator("iframe") if code == frame else page
        form.get_by_label("Your name").fill("Ada Example")
        form.get_by_label("Your e-mail address").fill(f"file{number}@example.org")
        form.get_by_role("button", name="Send me the confirmation mail").click()
        expect(form.get_by_role("heading", name="Check your mailbox")).to_be_visible()
    file.write_text(f"<!doctype html><title>A page</title>{badge}")
    page.goto(file.as_uri())
    assert page.locator("img").evaluate("async image => (await image.decode(), image.naturalWidth)") > 100
