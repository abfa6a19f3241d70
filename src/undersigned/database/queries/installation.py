"""The installation: what must hold before anything is served."""

import msgspec

from undersigned.database.queries.declaring import Command, Noun, Query


class Established(msgspec.Struct, frozen=True):
    """What this database was filled with."""

    pepper_check: bytes
    identity_rules: str


class ServerSetting(msgspec.Struct, frozen=True):
    """A setting of PostgreSQL, as it says it."""

    name: str
    setting: str


class Installation(Noun, frozen=True):
    establish: Command
    read: Query[Established]
    durability: Query[ServerSetting]
    has_migrations: Query[bool]
    migrations: Query[str]
