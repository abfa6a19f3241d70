"""What goes wrong between here and PostgreSQL, told apart at the moment it happens: nobody else looks at such exceptions."""

import errno
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg

from undersigned.errors import Unavailable

log = logging.getLogger(__name__)

AWAY = (
    OSError,  # the socket's: refused, reset, no route, no such file; a time-out is one too
    asyncpg.InterfaceError,
    asyncpg.TargetServerAttributeNotMatched,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.TooManyConnectionsError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.ReadOnlySQLTransactionError,
)
# asyncpg has one class for a connection that is gone and for being called wrongly, and only its words differ.
GONE = re.compile(r"\b(closed|closing|released)\b")


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

    What the database has against a statement is raised as it came, with its SQLSTATE; and so is a mistake in how it was asked.
    """
    try:
        yield
    except AWAY as error:
        if isinstance(error, asyncpg.InterfaceError) and not GONE.search(str(error)):
            raise
        raise DatabaseAway(why(error)) from error


def why(error: BaseException) -> str:
    """The kind of an error, with what the database or the system calls it, which holds no data.

    Never its message or its detail, which quote the row: of PostgreSQL's, the SQLSTATE and the constraint; of the operating
    system's, the name of the number.
    """
    names = {"SQLSTATE": getattr(error, "sqlstate", None), "constraint": getattr(error, "constraint_name", None)}
    if isinstance(error, OSError):
        names["errno"] = errno.errorcode.get(error.errno or 0)
    return ", ".join([type(error).__name__, *(f"{what} {name}" for what, name in names.items() if name)])
