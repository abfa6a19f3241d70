"""The small page that a frame shows where a link to a statement unfolds (oEmbed).

WordPress shows frames of providers that it doesn't know in `sandbox="allow-scripts"`: no forms, no pop-ups, no navigation.
By its own protocol, which card.js speaks, the page around sets the height and follows a link.
"""

from urllib.parse import urlencode

from litestar import get
from litestar.params import FromPath, FromQuery
from litestar.response import Template

from undersigned.web.exchange.site import AtSite
from undersigned.web.pictures import badge
from undersigned.web.pictures.wishes import known_theme
from undersigned.words import languages

# Any page may frame it. Nothing of it may go anywhere but here.
FRAMED = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'"


@get("/s/{slug:str}/card", include_in_schema=False)
async def show_card(site: AtSite, slug: FromPath[str], theme: FromQuery[str | None] = None) -> Template:
    """What an oEmbed frame shows: the badge, and a link that can also be read and copied."""
    statement = site.statements.get(slug)
    title = statement.title_in(languages.current())
    told = badge.shown(statement, site.tallies.get(slug).tally(languages.current()))
    wishes = urlencode({"lang": languages.current(), "theme": known_theme(theme)})
    return Template(
        "card.html",
        headers={"Cache-Control": "public, max-age=60", "Content-Security-Policy": FRAMED},
        context={
            "title": title,
            "told": told,
            "url": languages.link(f"{site.settings.url}/s/{slug}"),
            "picture": f"/v1/statements/{slug}/badge.svg?{wishes}",
            "size": (badge.CARD_WIDTH, badge.card_height(title)),
        },
    )
