"""What embeds load: scripts, their words, and colours."""

from typing import Annotated

from litestar import Response, get
from litestar.params import FromPath, QueryParameter

from undersigned.web.embeds import scripts
from undersigned.web.exchange import assets
from undersigned.web.exchange.problems import NotFound
from undersigned.web.exchange.site import AnyRequest, AtSite
from undersigned.web.pictures.colours import contrast
from undersigned.words import languages

IMMUTABLE = "public, max-age=31536000, immutable"
CHANNEL = "public, max-age=3600, stale-while-revalidate=86400"
# For a page that left out `type="module"`. At another address, lest a browser gives the module what it keeps of this.
TO_MODULE = b"""\
console.warn(`Undersigned: please write <script type="module" src="${document.currentScript.src}"></script>`);
import(`${document.currentScript.src}?module`);
"""
# What a browser says of itself when a page asks for a script of old, which is no module (Fetch Metadata).
AS_OF_OLD = {"sec-fetch-dest": "script", "sec-fetch-mode": "no-cors"}


@get("/{release:str}/{name:str}")
async def read_script(request: AnyRequest, release: FromPath[str], name: FromPath[str]) -> Response[bytes]:
    """A script of the channel, or of a release and then for ever the same. Raises NotFound."""
    found = scripts.find(release, name)
    if found is None:
        raise NotFound
    asset, is_immutable = found
    if name.endswith(".js") and all(request.headers.get(key) == value for key, value in AS_OF_OLD.items()):
        headers = {"Cache-Control": "no-store", "Vary": assets.VARY}
        return Response(TO_MODULE, headers=headers, media_type="text/javascript")
    return assets.answer(request, asset, IMMUTABLE if is_immutable else CHANNEL)


@get("/{release:str}/words/{name:str}")
async def read_words(site: AtSite, request: AnyRequest, release: FromPath[str], name: FromPath[str]) -> Response[bytes]:
    originals = tuple(sorted({statement.locale for statement in site.statements.all()}))
    return assets.answer(request, scripts.words(_language(release, name), originals), CHANNEL)


@get("/{release:str}/countries/{name:str}")
async def read_countries(request: AnyRequest, release: FromPath[str], name: FromPath[str]) -> Response[bytes]:
    return assets.answer(request, scripts.country_names(_language(release, name)), CHANNEL)


def _language(release: str, name: str) -> str:
    """The language of `hy.json`, English for one that nobody speaks here. Only the channel has words: they are data."""
    if release != scripts.CHANNEL or not name.endswith(".json"):
        raise NotFound
    return languages.choose(name.removesuffix(".json"))


@get("/theme.css")
async def read_theme(accent: Annotated[str, QueryParameter(pattern="^[0-9a-fA-F]{6}$(?!\n)")]) -> Response[str]:
    """A partner's colour for a page in an iframe, with the better legible of black and white on it."""
    css = f":root {{ --undersigned-accent: #{accent}; --undersigned-on-accent: {_legible_on(accent)}; }}\n"
    return Response(css, headers={"Cache-Control": IMMUTABLE}, media_type="text/css")


def _legible_on(colour: str) -> str:
    """`#000` or `#fff`, whichever has the higher contrast."""
    return "#000" if contrast(f"#{colour}", "#000000") >= contrast(f"#{colour}", "#ffffff") else "#fff"


handlers = [read_words, read_countries, read_theme, read_script]
