"""Successions: a representative offers their place, and whoever owns the named mailbox takes it. $1 is always the
endorsement id.
"""

from undersigned.database.declaring import Noun


class Successions(Noun, frozen=True):
    offer: str
    find: str
    accept: str
    decline: str
    take_back: str
    overdue: str
    purge: str
