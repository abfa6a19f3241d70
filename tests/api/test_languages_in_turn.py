"""Whoever asks first decides nothing: every page and every mail is the same in a language, whichever was spoken before."""

import itertools
import quopri
import re
from typing import get_args

import jinja2
import pytest

from tests.api.test_public_names import show
from tests.api.test_succession import FORMER, approve, manage, offer
from tests.conftest import World
from tests.letters import links_of, person, token_of
from tests.mail.test_letters import TEMPLATES, head_and_text
from undersigned.database.queries.messages import Template
from undersigned.mail import messages
from undersigned.words import languages

ORDERS = (("hy", "ru"), ("ru", "hy"))
# What is included only where somebody audited or was counted just now, and all that it says.
PARTS: dict[str, list[dict[str, object]]] = {
    "entry.html": [{"index": 1234, "away": False, "token": "t"}, {"index": None, "away": True, "token": "t"}],
    "audit-secret.html": [{"audit": {"caveat": True}}, {"audit": {"caveat": False}}],
}
POSTED = {"/s/example": "sent.html", "/s/example/manage": "link-sent.html", "/embed/example/form": "embed/sent.html"}


async def addresses(world: World) -> dict[str, str]:
    """Where every page is, in a state that somebody made by using the server."""
    await show(world, "Ada Example")
    counted = await approve(world, FORMER)
    link = await manage(world, FORMER)
    offered = await offer(world, link)
    await world.submit(person("waiting@example.org"))
    [mail] = await world.send_mail()
    report = re.search(r'href="(/s/example/report[^"]+)"', (await world.client.get("/s/example/organisations")).text)
    assert report
    paths = ("", "/privacy", "/how-we-count", "/embed", "/manage", "/names", "/organisations", "/reported", "/card")
    return {path.lstrip("/") or "statement": f"/s/example{path}" for path in paths} | {
        "index": "/",
        "find": "/s/example/manage",
        "report": report[1],
        "confirm": f"/c/{token_of(mail)}",
        "stop": next(each for each in links_of(mail) if each.startswith("/n/")),
        "withdraw": f"/w/{token_of(counted, 'w')}",
        "manage": link,
        "leave": f"{link}/leave",
        "offer": offered,
        "broken": "/c/cut-off",
        "nothing": "/nothing",
        "mailbox": "/mailbox",
        "reference": "/reference",
        "framed form": "/embed/example/form",
        "framed tally": "/embed/example/tally",
        "framed organisations": "/embed/example/organisations",
        "badge": "/v1/statements/example/badge.svg",
    }


async def test_every_page_is_the_same_whichever_language_was_asked_for_first(world: World) -> None:
    known = await addresses(world)
    await world.count()
    await world.refresh()
    mail = re.search(r'href="(/mailbox/[^"]+)"', (await world.client.get("/mailbox")).text)
    assert mail
    paths = [*known.values(), mail[1]]
    environment: jinja2.Environment = world.app.template_engine.engine  # type: ignore[union-attr]
    assert environment.cache is not None
    said: list[dict[tuple[str, str], str]] = []
    for order in ORDERS:
        environment.cache.clear()
        world.begin_anew(pages=type(world.site.pages)())
        said.append({})
        for path, language in itertools.product(paths, order):
            address = f"{path}{'&' if '?' in path else '?'}lang={language}"
            answer = await world.client.get(address, headers={"Accept": "text/html"})
            said[-1][path, language] = lasting(answer.text)
        for path, language in itertools.product(POSTED, order):
            answer = await world.client.post(f"{path}?lang={language}", data={"name": "A", "email": "a@example.org"})
            assert answer.status_code == 200
            said[-1][path, language] = answer.text
        for name, language in itertools.product(PARTS, order):
            with languages.speaking(language, asked_for=True):
                template = environment.get_template(name)
                said[-1][name, language] = "".join(template.render(context) for context in PARTS[name])
    for each in said[0]:
        assert said[0][each] == said[1][each], each
    used = {name for _, name in environment.cache.keys()}  # noqa: SIM118 -- it is no mapping
    assert set(environment.list_templates()) - used == set()
    assert all("lang=ru" not in text.partition('class="masthead"')[2].partition("</header>")[0]
               for (_, language), text in said[0].items() if language == "hy")  # fmt: skip


@pytest.mark.parametrize("template", TEMPLATES)
def test_every_mail_is_the_same_whichever_language_was_written_first(template: str) -> None:
    assert set(get_args(Template)) <= set(TEMPLATES)
    written: list[dict[str, str]] = []
    for order in ORDERS:
        for environment in (messages.TEXT, messages.HTML):
            assert environment.cache is not None
            environment.cache.clear()
        written.append({language: lasting(head_and_text(template, language)[1]) for language in order})
    assert written[0] == written[1]


def lasting(text: str) -> str:
    """What isn't made of the moment: neither the date nor the token of a link that says when it was made."""
    return re.sub(
        r"(?m)^Date: .*|/(?:c|h|m|n|w|stop)/[\w.-]+", "", quopri.decodestring(text).decode() if "\r\n" in text else text
    )
