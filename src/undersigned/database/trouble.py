"""What goes wrong between here and PostgreSQL, told apart at the moment it happens: nobody else looks at such exceptions."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg

from undersigned.errors import Unavailable

log = logging.getLogger(__name__)

AWAY = (
    OSError,  # the socket's: refused, reset, no route, no such file; a time-out is one too
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.TooManyConnectionsError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.ReadOnlySQLTransactionError,
)


class DatabaseAway(Unavailable):
    """This can't be done at the moment. Please try again in a few seconds; nothing that was confirmed is lost."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class TooBusy(Unavailable):
    """This can't be done at the moment. Please try again in a few seconds; nothing that was confirmed is lost."""


@contextmanager
def told_apart() -> Iterator[None]:
    """Around every call of asyncpg, and nothing else: raises DatabaseAway where the database can't be used at the moment.

    What the database has against a statement is raised as it came, with its SQLSTATE.
    """
    try:
        yield
    except AWAY as error:
        if isinstance(error, ValueError):  # an argument that no statement takes is no sign of the database being away
            raise
        raise DatabaseAway(why(error)) from error


def why(error: BaseException) -> str:
    """The kind of an error, with its SQLSTATE if it has one; never its message, which may quote a row."""
    sqlstate = getattr(error, "sqlstate", None)
    return f"{type(error).__name__}, SQLSTATE {sqlstate}" if sqlstate else type(error).__name__
