"""The page that gives away the lines to paste into somebody else's page, each with what it will look like."""

from typing import Literal, cast, get_args
from urllib.parse import urlencode

import msgspec
from litestar import get
from litestar.params import FromPath
from litestar.response import Template
from markupsafe import Markup

from undersigned.readers.partners import SLUG
from undersigned.statements.published import Statement
from undersigned.web.embeds import scripts
from undersigned.web.exchange.site import VERSION, AnyRequest, AtSite
from undersigned.web.pictures import badge
from undersigned.web.pictures.badge import Theme
from undersigned.web.pictures.colours import LIGHT, known_accent
from undersigned.web.pictures.wishes import known_theme
from undersigned.words import languages
from undersigned.words.languages import NAMES

Show = Literal["form", "tally", "organisations"]
HEIGHTS: dict[Show, int] = {"form": 1100, "tally": 90, "organisations": 480}


class Choice(msgspec.Struct, frozen=True):
    """What to show and how; `accent` as `rrggbb`, None for the house's own."""

    show: Show = "form"
    language: str = "en"
    theme: Theme = "auto"
    accent: str | None = None
    partner: str | None = None

    def attributes(self) -> dict[str, str]:
        """The attributes of an element; all but `statement`."""
        return ({"partner": self.partner} if self.partner else {}) | {"lang": self.language, "theme": self.theme}

    def query(self) -> str:
        """The parameters of a frame or a picture: the attributes, and the accent."""
        return urlencode(self.attributes() | ({"accent": self.accent} if self.accent else {}))


class Lines(msgspec.Struct, frozen=True):
    """What to paste, in the order of ease."""

    frame: str
    script: str
    pinned: str
    badge: str


@get("/s/{slug:str}/embed", include_in_schema=False)
async def show_lines(site: AtSite, request: AnyRequest, slug: FromPath[str]) -> Template:
    """Choices in the query: `show`, `language`, `theme`, `accent`, `partner`; a bad one is passed over."""
    statement = site.statements.get(slug)
    choice = chosen(dict(request.query_params))
    return Template(
        "share.html",
        context={
            "statement": statement,
            "choice": choice,
            "accent": f"#{choice.accent}" if choice.accent else LIGHT.accent,
            "lines": lines(site.settings.url, statement, choice),
            "url": f"{site.settings.url}/s/{slug}",
            "frame": f"/embed/{slug}/{choice.show}?{choice.query()}",
            "frame_height": HEIGHTS[choice.show],
            "picture": f"/v1/statements/{slug}/badge.svg?{choice.query()}",
            "picture_size": (badge.CARD_WIDTH, badge.card_height(statement.title_in(choice.language))),
            "carried": languages.known(request.query_params.get("lang")),
        },
    )


def chosen(wishes: dict[str, str]) -> Choice:
    """The choice that these wishes make; what can't be met is as if it weren't there."""
    language = languages.known(wishes.get("language"))
    accent = known_accent(wishes.get("accent"))
    partner = wishes.get("partner", "").strip()
    return Choice(
        cast("Show", wishes["show"]) if wishes.get("show") in get_args(Show) else "form",
        language if language in NAMES else languages.current() if languages.current() in NAMES else "en",
        known_theme(wishes.get("theme")),
        accent if f"#{accent}" != LIGHT.accent else None,
        partner if SLUG.fullmatch(partner) else None,
    )


def lines(url: str, statement: Statement, choice: Choice) -> Lines:
    """The lines for a page anywhere; `url` is this installation's address."""
    title = statement.title_in(choice.language)
    with languages.speaking(choice.language):
        words = badge.called(statement)
    slug, height = statement.slug, badge.card_height(title)
    page = Markup('<a href="{}">{}</a>').format(f"{url}/s/{slug}?lang={choice.language}", words)
    # WordPress takes the iframe from authors, and leaves what is in it.
    frame = _tag(
        "iframe",
        page,
        src=f"{url}/embed/{slug}/{choice.show}?{choice.query()}",
        title=words if choice.show == "form" else title,
        width="100%",
        height=str(HEIGHTS[choice.show]),
        loading="lazy",
        frameborder="0",
    )
    grow = Markup('<script type="module" src="{}"></script>').format(f"{url}/embed/v1/frame.js")
    load = Markup('<script type="module" src="{}"></script>').format(f"{url}/embed/v1/undersigned.js")
    pinned = Markup('<script type="module" src="{}" integrity="{}" crossorigin="anonymous"></script>').format(
        f"{url}/embed/v{VERSION}/undersigned.js", scripts.current()["undersigned.js"].integrity
    )
    style = {"style": f"--undersigned-accent:#{choice.accent}"} if choice.accent else {}
    element = _tag(f"undersigned-{choice.show}", page, statement=slug, **choice.attributes(), **style)
    image = Markup('<img src="{}" alt="{}" width="{}" height="{}" style="max-width:100%;height:auto">').format(
        f"{url}/v1/statements/{slug}/badge.svg?{choice.query()}", words, badge.CARD_WIDTH, height
    )
    linked = _tag("a", image, href=f"{url}/s/{slug}?lang={choice.language}")
    # In a block each: block themes centre blocks, and nothing within a line.
    return Lines(*(str(_tag("div", line)) for line in (frame + grow, load + element, pinned + element, linked)))


def _tag(name: str, inside: Markup | str = "", **attributes: str) -> Markup:
    """A tag with its attributes escaped."""
    given = Markup("").join(Markup(' {}="{}"').format(key, value) for key, value in attributes.items())
    return Markup("<{0}{1}>{2}</{0}>").format(name, given, inside)
