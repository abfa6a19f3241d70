"""Partners: sites that embed, their keys kept as SHA-256, and what each may know of its own."""

from undersigned.database.declaring import Noun


class Partners(Noun, frozen=True):
    add: str
    change: str
    renew_key: str
    retire: str
    all: str
    publish_tallies: str
    tally: str
