"""The numbers as pictures: the badge for anybody's page, and the card that a shared link shows."""

from typing import Annotated

from litestar import Response, get
from litestar.params import FromPath, FromQuery, QueryParameter

from undersigned import errors
from undersigned.web.exchange.caching import TALLY_CACHE, answer
from undersigned.web.exchange.problems import declared
from undersigned.web.exchange.site import AnyRequest, AtSite
from undersigned.web.pictures import badge
from undersigned.web.pictures.card import Content
from undersigned.web.pictures.colours import known_accent
from undersigned.web.pictures.wishes import known_theme, language_of
from undersigned.words import languages

CARD_CACHE = "public, max-age=60, stale-while-revalidate=600, stale-if-error=86400"
# Styles within the picture, for its themes, and nothing else whatsoever; and any page may show it.
PICTURE = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    "Cross-Origin-Resource-Policy": "cross-origin",
}


@get(
    "/v1/statements/{slug:str}/badge.svg",
    tags=["Statements"],
    summary="Show the numbers as a badge",
    media_type="image/svg+xml",
    responses=declared(errors.StatementNotFound),
)
async def show_badge(
    site: AtSite,
    request: AnyRequest,
    slug: FromPath[str],
    lang: Annotated[str | None, QueryParameter(description="The language of the words and numbers")] = None,
    theme: Annotated[str | None, QueryParameter(description="`light`, `dark` or `auto`, as the reader prefers")] = None,
    accent: Annotated[str | None, QueryParameter(description="The colour of the line, as `RRGGBB`")] = None,
    style: Annotated[str | None, QueryParameter(description="`card`, or `line` for one line of text")] = None,
) -> Response[bytes]:
    """A picture in SVG. A picture always shows, so a wish that can't be met is passed over in silence."""
    statement = site.statements.get(slug)
    with languages.speaking(language_of(statement, lang)):
        tally = site.tallies.get(slug).tally(languages.current())
        chosen, colour = known_theme(theme), known_accent(accent)
        if style == "line":
            laid_out = badge.line(statement, tally, chosen, colour)
        else:
            laid_out = badge.card(statement, tally, site.name, chosen, colour)
    body = request.app.template_engine.get_template("badge.svg").render(badge=laid_out)  # type: ignore[union-attr]
    return answer(request, body.encode(), "image/svg+xml", PICTURE | {"Cache-Control": TALLY_CACHE})


@get("/s/{slug:str}/card.png", include_in_schema=False)
async def show_card(
    site: AtSite, request: AnyRequest, slug: FromPath[str], lang: FromQuery[str | None] = None
) -> Response[bytes]:
    """The picture for `og:image`, 1200 × 630."""
    statement = site.statements.get(slug)
    with languages.speaking(language_of(statement, lang)):
        language = languages.current()
        told = badge.shown(statement, site.tallies.get(slug).tally(language))
        content = Content(statement.title_in(language), told, badge.invitation(statement, site.name), site.name)
    drawn = await site.cards.get(slug, language, content)
    return answer(request, drawn.png, "image/png", PICTURE | {"Cache-Control": CARD_CACHE})
