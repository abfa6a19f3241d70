"""Names: those whose owners asked to be shown are looked at, then shown or refused. Being counted never waits for it."""

from undersigned.database.declaring import Noun


class Names(Noun, frozen=True):
    queued: str
    find: str
    show: str
    refuse: str
    page: str
    initials: str
    find_shown: str
