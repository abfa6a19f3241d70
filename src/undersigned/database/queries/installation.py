"""The installation: what must hold before anything is served."""

from undersigned.database.declaring import Noun


class Installation(Noun, frozen=True):
    establish: str
    read: str
    durability: str
    migrations: str
