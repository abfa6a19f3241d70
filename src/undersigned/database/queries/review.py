"""Review: claims that wait for a look. $1 is the endorsement id where something is written."""

from undersigned.database.declaring import Noun


class Review(Noun, frozen=True):
    held: str
    find_held: str
    reject_claim: str
