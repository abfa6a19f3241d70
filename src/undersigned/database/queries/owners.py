"""Owners: what endorsers see of themselves, change and take back. $1 is always the endorsement id."""

from undersigned.database.declaring import Noun


class Owners(Noun, frozen=True):
    request_link: str
    read: str
    change: str
    leave: str
    entry: str
