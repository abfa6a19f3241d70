"""Links to a statement that unfold elsewhere: oEmbed 1.0 (oembed.com). What its frame shows is in `frames/cards.py`.

The quotation makes WordPress load its half of the protocol that the frame speaks, and stands wherever there are no frames.
"""

import re
from typing import Annotated, Literal
from urllib.parse import parse_qs, urlsplit

import msgspec
from litestar import Response, get
from litestar.params import QueryParameter
from markupsafe import Markup

from undersigned import errors
from undersigned.statements.published import Statement
from undersigned.web.exchange.problems import FormatNotOffered, NotFound, declared
from undersigned.web.exchange.site import AtSite, Site
from undersigned.web.pictures import badge, card
from undersigned.web.pictures.wishes import language_of
from undersigned.words import languages

LINK_HEIGHT = 56
CACHE_AGE_S = 3600
PIXELS = re.compile(r"[0-9]{1,9}")
OF_STATEMENT = re.compile(r"/s/([a-z0-9-]{1,64})/?")


class OEmbed(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What to show for a link, in the words of oEmbed 1.0; sizes in pixels, `cache_age` in seconds."""

    type: Literal["rich"]
    version: Literal["1.0"]
    title: str
    provider_name: str
    provider_url: str
    cache_age: int
    html: str
    width: int
    height: int
    thumbnail_url: str | None = None
    thumbnail_width: int | None = None
    thumbnail_height: int | None = None


Size = Annotated[str, QueryParameter(description="In pixels; what is no such number is passed over")]


@get(
    "/oembed",
    tags=["Statements"],
    summary="Unfold a link (oEmbed)",
    responses=declared(NotFound, errors.StatementNotFound, FormatNotOffered),
)
async def unfold(
    site: AtSite,
    url: Annotated[str, QueryParameter(description="The address of a statement's page")],
    maxwidth: Size = "",
    maxheight: Size = "",
    format_: Annotated[str, QueryParameter(name="format", description="Only `json`")] = "json",
) -> Response[OEmbed]:
    """Both numbers and a link, for whatever shows links as more than links. Discovered from a statement's page."""
    if format_.lower() not in ("json", ""):
        raise FormatNotOffered
    statement, wish = _statement_at(site, url)
    with languages.speaking(language_of(statement, wish), asked_for=wish is not None):
        answer = _unfolded(site, statement, _pixels(maxwidth), _pixels(maxheight))
    return Response(answer, headers={"Cache-Control": f"public, max-age={CACHE_AGE_S}"})


def _pixels(wish: str) -> int | None:
    """The number in a wish; what WordPress and others send that have none, or who knows what, is none."""
    return int(wish) or None if PIXELS.fullmatch(wish) else None


def _statement_at(site: Site, url: str) -> tuple[Statement, str | None]:
    """The statement whose page has this address, and the language asked for in it. Raises NotFound or StatementNotFound."""
    home = urlsplit(site.settings.url)
    try:
        asked = urlsplit(url)
        here = asked.scheme in ("http", "https") and asked.netloc.lower() == home.netloc.lower()
        path = OF_STATEMENT.fullmatch(asked.path.removeprefix(home.path)) if here else None
        wish = parse_qs(asked.query, max_num_fields=20).get("lang", [""])[-1]
    except ValueError:
        path = None
    if path is None:
        raise NotFound
    return site.statements.get(path[1]), languages.known(wish)


def _unfolded(site: Site, statement: Statement, maxwidth: int | None, maxheight: int | None) -> OEmbed:
    url = languages.link(f"{site.settings.url}/s/{statement.slug}")
    frame = languages.link(f"{site.settings.url}/s/{statement.slug}/card")
    title = statement.title_in(languages.current())
    width = min(badge.CARD_WIDTH, maxwidth or badge.CARD_WIDTH)
    height = round(badge.card_height(title) * width / badge.CARD_WIDTH) + LINK_HEIGHT
    height = min(height, maxheight or height)
    fits = (maxwidth or card.WIDTH) >= card.WIDTH and (maxheight or card.HEIGHT) >= card.HEIGHT
    words = badge.called(statement)
    html = Markup(
        '<blockquote><a href="{url}">{words}</a></blockquote>'
        '<iframe src="{frame}" title="{title}" width="100%" height="{height}" frameborder="0"></iframe>'
    ).format(url=url, words=words, frame=frame, title=title, height=height)
    return OEmbed(
        type="rich",
        version="1.0",
        title=title,
        provider_name=site.name,
        provider_url=site.settings.url,
        cache_age=CACHE_AGE_S,
        html=str(html),
        width=width,
        height=height,
        thumbnail_url=languages.link(f"{site.settings.url}/s/{statement.slug}/card.png") if fits else None,
        thumbnail_width=card.WIDTH if fits else None,
        thumbnail_height=card.HEIGHT if fits else None,
    )
