"""Vacuum: what was deleted leaves the tables too, where PostgreSQL would keep it as dead rows until many have gathered."""

from undersigned.database.queries.declaring import Command, Noun, Query


class Vacuum(Noun, frozen=True):
    is_due: Query[bool]
    gently: Command
    tables: Command
    samples: Command
