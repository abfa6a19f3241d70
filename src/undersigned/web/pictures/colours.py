"""The house's colours for pictures, which can't read the style sheet, with somebody else's accent kept visible."""

import re

import msgspec

VISIBLE = 3.0  # WCAG 2.2, 1.4.11: what a graphic needs against what it lies on
HEX = re.compile(r"#?([0-9a-fA-F]{6})")


class Palette(msgspec.Struct, frozen=True):
    """As in undersigned.css, each `#rrggbb`."""

    sheet: str
    ink: str
    quiet: str
    line: str
    accent: str


LIGHT = Palette("#ffffff", "#211d28", "#5c5666", "#d8d4d2", "#4a2f85")
DARK = Palette("#1e1c24", "#ebe8f0", "#aca6b8", "#393542", "#c5b4f5")


def known_accent(wish: str | None) -> str | None:
    """`rrggbb` in lower case, of `RRGGBB` or `#RRGGBB`; or None if that is no colour."""
    found = HEX.fullmatch(wish or "")
    return found[1].lower() if found else None


def with_accent(palette: Palette, accent: str | None) -> Palette:
    """The palette with this accent (`rrggbb`), mixed with ink until it can be seen on the sheet."""
    if accent is None:
        return palette
    mixed = next(
        colour
        for step in range(21)
        if contrast(colour := _mixed(f"#{accent}", palette.ink, step / 20), palette.sheet) >= VISIBLE
    )
    return msgspec.structs.replace(palette, accent=mixed)


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, from 1 to 21 (WCAG 2.2)."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def channels(colour: str) -> tuple[int, int, int]:
    red, green, blue = bytes.fromhex(colour[1:])
    return red, green, blue


def _mixed(one: str, other: str, share: float) -> str:
    pairs = zip(channels(one), channels(other), strict=True)
    return "#" + bytes(round(a + (b - a) * share) for a, b in pairs).hex()


def _luminance(colour: str) -> float:
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (n / 255 for n in channels(colour))]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
