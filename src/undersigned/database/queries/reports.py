"""Reports: what readers say is wrong with a shown name or a counted organisation. $1 is the endorsement id."""

from undersigned.database.declaring import Noun


class Reports(Noun, frozen=True):
    report: str
    waiting: str
    find: str
    finish: str
    overdue: str
    purge: str
