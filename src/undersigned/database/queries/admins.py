"""Admins: their keys, kept as SHA-256, and the trail of what they did."""

from undersigned.database.declaring import Noun


class Admins(Noun, frozen=True):
    create_key: str
    find_key: str
    keys: str
    revoke_key: str
    leave_trail: str
