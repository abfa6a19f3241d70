"""Every SQL statement as a declared field, with the shape of its rows beside it.

A query that is missing, or that nobody declared, stops the program at start; a test holds every shape against what PostgreSQL
says of the statement's rows.
"""

from functools import lru_cache
from pathlib import Path
from typing import get_type_hints

import msgspec

from undersigned.database.queries.admins import Admins
from undersigned.database.queries.audits import Audits
from undersigned.database.queries.declaring import parse
from undersigned.database.queries.endorsements import Endorsements
from undersigned.database.queries.exports import Exports
from undersigned.database.queries.health import Health
from undersigned.database.queries.identities import Identities
from undersigned.database.queries.installation import Installation
from undersigned.database.queries.limits import Limits
from undersigned.database.queries.log import Log
from undersigned.database.queries.messages import Messages
from undersigned.database.queries.names import Names
from undersigned.database.queries.organisations import Organisations
from undersigned.database.queries.owners import Owners
from undersigned.database.queries.partners import Partners
from undersigned.database.queries.persons import Persons
from undersigned.database.queries.records import Records
from undersigned.database.queries.reports import Reports
from undersigned.database.queries.review import Review
from undersigned.database.queries.statements import Statements
from undersigned.database.queries.submissions import Submissions
from undersigned.database.queries.successions import Successions
from undersigned.database.queries.tallies import Tallies
from undersigned.database.queries.vacuum import Vacuum
from undersigned.database.queries.witnesses import Witnesses
from undersigned.settings import ROOT

SQL = ROOT / "sql"


class Queries(msgspec.Struct, frozen=True):
    """One field for each file in `sql/queries`, one field in it for each `-- name:`."""

    submissions: Submissions
    endorsements: Endorsements
    review: Review
    organisations: Organisations
    names: Names
    reports: Reports
    records: Records
    messages: Messages
    statements: Statements
    log: Log
    tallies: Tallies
    partners: Partners
    owners: Owners
    successions: Successions
    persons: Persons
    exports: Exports
    audits: Audits
    admins: Admins
    identities: Identities
    installation: Installation
    health: Health
    vacuum: Vacuum
    limits: Limits
    witnesses: Witnesses


@lru_cache
def load(directory: Path = SQL / "queries") -> Queries:
    """The queries of a directory. Raises QueriesDiffer if a file and its fields, or the files and the nouns, differ."""
    return parse(directory, Queries, get_type_hints(Queries))
