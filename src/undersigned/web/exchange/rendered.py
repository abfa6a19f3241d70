"""The pages of statements as they were rendered last, each kept for exactly as long as nothing that it shows has changed."""

from collections import OrderedDict

from undersigned.words import languages
from undersigned.words.languages import Speaking

KEPT_MAX = 64


class Pages:
    """In this web worker's memory: the pages that were asked for last, one for each statement and way of speaking."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, Speaking], tuple[tuple[object, ...], str]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, slug: str, shown: tuple[object, ...]) -> str | None:
        """The page in the language in use, if it was made of these very parts; else None."""
        key = (slug, languages.in_use())
        made_of, html = self._kept.get(key, ((), ""))
        if made_of != shown:
            return None
        self._kept.move_to_end(key)
        return html

    def keep(self, slug: str, shown: tuple[object, ...], html: str) -> None:
        """Keeps a page and the parts it was made of, which are all that it depends on besides the language."""
        self._kept[slug, languages.in_use()] = (shown, html)
        if len(self._kept) > KEPT_MAX:
            self._kept.popitem(last=False)
