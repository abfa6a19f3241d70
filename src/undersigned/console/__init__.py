"""What the `undersigned` command does for an operator: a file for each thing that it is about."""

from undersigned.console import (
    audits,
    endorsements,
    installation,
    keys,
    log,
    mail,
    names,
    partners,
    persons,
    reports,
    retention,
    review,
    serving,
    statements,
)

__all__ = [
    "audits",
    "endorsements",
    "installation",
    "keys",
    "log",
    "mail",
    "names",
    "partners",
    "persons",
    "reports",
    "retention",
    "review",
    "serving",
    "statements",
]
