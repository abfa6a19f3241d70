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
    witness,
)

# In the order in which the help lists their commands.
NOUNS = (
    serving,
    installation,
    mail,
    statements,
    review,
    names,
    reports,
    endorsements,
    persons,
    partners,
    keys,
    retention,
    log,
    witness,
    audits,
)

__all__ = [
    "NOUNS",
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
    "witness",
]
