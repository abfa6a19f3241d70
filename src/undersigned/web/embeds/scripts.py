"""What partners' pages load: the embeds' modules, joined into one file each, because the hash of a script covers no imports."""

import base64
import hashlib
import re
from functools import cache
from pathlib import Path

import msgspec

from undersigned.web.embeds import wording
from undersigned.web.exchange.assets import Asset, asset
from undersigned.web.exchange.site import HERE, VERSION
from undersigned.words import countries

CHANNEL = "v1"
SOURCES = HERE / "embeds"
# What is served, and the modules in it, in the order in which they need each other.
SCRIPTS = {
    "undersigned.js": ("keys.js", "base.js", "tally.js", "organisations.js", "fields.js", "form.js"),
    "tally.js": ("keys.js", "base.js", "tally.js"),
    "proof.js": ("address.js", "proof.js"),
    "frame.js": ("frame.js",),
    "framed.js": ("framed.js",),
}
KEYS = re.compile(r"KEYS = \((.*?)\)\.split", re.DOTALL)
WORD = re.compile(r"\bwords\.(\w+)")
STYLE_IMPORT = re.compile(r'^import (\w+) from "\./(\w+\.css)" with .*$', re.MULTILINE)
PINNED_IMPORT = re.compile(r'^import (\w+) from "\./(\w+\.js)" with \{ type: "pinned" \};$', re.MULTILINE)
MODULE_LINES = re.compile(r"^import .*\n|^export (?=\w)", re.MULTILINE)
# Comments, and space between lines: not for readers of what is served, who have the sources.
SCRIPT_SLACK = re.compile(r"^\s*(?://.*|/\*\*.*\*/)\n|^[ \t]+|^\n|(?<=[(\[{,;])\n", re.MULTILINE)
# What makes code longer and no different. Strings and templates are left as they are, and no template holds another.
LITERAL = re.compile(r'("(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`)')
CODE_SLACK = (
    (re.compile(r" *([=?:{}(),;&|<>]+|\+=?(?! *\+)|-(?! *-)) *"), r"\1"),
    (re.compile(r"\bconst "), "let "),
    (re.compile(r";(?=\})|(?<=\})\n|,(?=[)\]}])"), ""),
    (re.compile(r"(?<!\w)\((\w+)\)=>"), r"\1=>"),
)
STYLE_SLACK = re.compile(r"/\*.*?\*/\s*|(?<=[{};,>])\s+|\s+(?=[{}!>])|(?<=[a-z]:) |;\s*(?=})", re.DOTALL)


def joined(names: tuple[str, ...]) -> str:
    """One module out of several. Its sources have imports of one line each, and no name twice."""
    source = "\n".join((SOURCES / name).read_text() for name in names)
    source = STYLE_IMPORT.sub(lambda found: _sheet(found[1], found[2]), source)
    source = PINNED_IMPORT.sub(lambda found: _pinned(found[1], found[2]), source)
    pieces = LITERAL.split(SCRIPT_SLACK.sub("", MODULE_LINES.sub("", _placed(source))))
    return "".join(piece if place % 2 else _shortened(piece) for place, piece in enumerate(pieces))


def _placed(source: str) -> str:
    """Where the code writes a sentence's name out, the sentence's place; the names that are looked up stay in KEYS."""
    found = KEYS.search(source)
    if found is None:
        return source
    names = "".join(re.findall(r'"(.*?)"', found[1])).split()
    places = {name: place for place, name in enumerate(names) if name in WORD.findall(source)}
    kept = " ".join("" if name in places else name for name in names).rstrip()
    source = WORD.sub(lambda word: f"words[{places[word[1]]}]" if word[1] in places else word[0], source)
    return KEYS.sub(f'KEYS = ("{kept}").split', source)


def _shortened(code: str) -> str:
    for slack, left in CODE_SLACK:
        code = slack.sub(left, code)
    return code


def _sheet(constant: str, name: str) -> str:
    css = STYLE_SLACK.sub("", (SOURCES / name).read_text())
    return f"const {constant} = new CSSStyleSheet();\n{constant}.replaceSync(`{css}`);"


def _pinned(constant: str, name: str) -> str:
    """Where a script finds another of its own version, and the hash that it must have."""
    digest = hashlib.sha256(joined(SCRIPTS[name]).encode()).digest()
    integrity = f"sha256-{base64.b64encode(digest).decode()}"
    return f'const {constant} = {{ href: HOME + "embed/v{VERSION}/{name}", integrity: "{integrity}" }};'


@cache
def current() -> dict[str, Asset]:
    """This version's scripts by name, and their style sheets."""
    scripts = {name: asset("text/javascript", joined(parts).encode()) for name, parts in SCRIPTS.items()}
    sheets = {name: asset("text/css", (SOURCES / name).read_bytes()) for name in ("look.css", "names.css")}
    return scripts | sheets


@cache
def released(directory: Path = SOURCES / "released") -> dict[str, dict[str, Asset]]:
    """The scripts of older releases by version, such as `v0.1.0`: they stay as they were, because partners pin their hashes."""
    return {
        home.name: {file.name: asset("text/javascript", file.read_bytes()) for file in home.glob("*.js")}
        for home in directory.glob("v*/")
    }


def find(release: str, name: str) -> tuple[Asset, bool] | None:
    """A file of the channel or of a release, and whether it never changes; None if there is no such file."""
    homes = released() | {CHANNEL: current() | {"integrity.json": integrity()}, f"v{VERSION}": current()}
    found = homes.get(release, {}).get(name)
    return (found, release != CHANNEL) if found else None


@cache
def words(language: str, originals: tuple[str, ...]) -> Asset:
    """What embeds say in a language, where these are the languages of the statements; in the order of `keys.js`."""
    said = wording.words(language, originals)
    return asset("application/json", _json(said | {"sentences": list(said["sentences"].values())}))


@cache
def country_names(language: str) -> Asset:
    """All countries of a language as pairs of code and name, in the order in which its readers look for them."""
    return asset("application/json", _json(list(countries.names(language).items())))


@cache
def integrity() -> Asset:
    """For each script of this version its immutable path and its hash."""
    pinned = {name: {"path": f"/embed/v{VERSION}/{name}", "integrity": current()[name].integrity} for name in SCRIPTS}
    return asset("application/json", _json({"version": VERSION, "scripts": pinned}))


def _json(value: object) -> bytes:
    return msgspec.json.encode(value)
