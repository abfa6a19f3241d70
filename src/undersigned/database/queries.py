"""Every SQL statement as a declared field: a query that is missing, or that nobody declared, stops the program at start."""

import re
from pathlib import Path

import msgspec

from undersigned.settings import ROOT

SQL = ROOT / "sql"
NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)


class Submissions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    submit: str
    find: str
    renew: str
    deny: str
    extend: str
    overdue: str
    purge: str
    networks_overdue: str
    forget_network: str


class Endorsements(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    confirm: str
    withdraw: str
    reject: str
    networks_overdue: str
    forget_network: str
    left_behind: str
    outdated: str
    recommit: str
    find_by_entry: str
    rejected_overdue: str
    forget_rejected: str


class Organisations(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    held: str
    find_held: str
    reject_claim: str
    counted: str
    listed: str
    find_listed: str


class Names(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    queued: str
    find: str
    show: str
    refuse: str
    page: str
    initials: str
    find_shown: str


class Reports(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    report: str
    waiting: str
    find: str
    finish: str
    overdue: str
    purge: str


class Records(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    read: str


class Messages(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    due: str
    lease: str
    postpone: str
    finish: str
    circumstances: str
    sent_to_mailboxes: str
    sent_for_networks: str
    sent_in_all: str
    suppress: str
    unsuppress: str
    is_suppressed: str
    overdue: str
    purge: str


class Statements(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    lock: str
    find_text: str
    publish: str
    keep_consent: str
    retire_translations: str
    publish_translation: str
    forget_translations: str
    open_log: str
    open_tally: str
    announce: str
    announce_all: str
    all: str
    mark_used: str


class Log(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    waiting: str
    read_head: str
    take_head: str
    queue: str
    append: str
    remember: str
    forget: str
    read_tiles: str
    write_tiles: str
    set_head: str
    release: str
    stop: str
    stopped: str
    heads: str
    entries: str
    subtracted: str
    subtracted_before: str
    all_tiles: str
    recount: str
    keep_check: str
    latest_check: str
    due_checks: str
    past: str
    end_generation: str
    open_generation: str
    catching_up: str
    show: str
    forget_all: str
    outdated: str
    drop: str
    dequeue: str
    unsettled: str
    seal: str


class Tallies(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    snapshot: str
    read: str
    add: str
    begin_anew: str
    add_cells: str
    count_held: str
    ripe: str
    cells: str
    publish_breakdown: str


class Partners(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    add: str
    change: str
    renew_key: str
    retire: str
    all: str
    publish_tallies: str
    tally: str


class Owners(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    request_link: str
    read: str
    change: str
    leave: str
    entry: str


class Successions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    offer: str
    find: str
    accept: str
    decline: str
    take_back: str
    overdue: str
    purge: str


class Persons(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    endorsements: str
    others: str
    claims: str
    drop_claim: str


class Exports(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    endorsements: str
    size: str


class Audits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    announce: str
    under_way: str
    later_size: str
    openings: str
    note_draw: str
    report: str
    published: str


class Admins(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    create_key: str
    find_key: str
    keys: str
    revoke_key: str
    leave_trail: str


class Installation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    establish: str
    read: str
    durability: str
    migrations: str


class Queries(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One field for each file in `sql/queries`, one field in it for each `-- name:`."""

    submissions: Submissions
    endorsements: Endorsements
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
    installation: Installation


def load(directory: Path = SQL / "queries") -> Queries:
    """The queries of a directory. Raises msgspec.ValidationError if a file and its fields differ."""
    return msgspec.convert({file.stem: _parse(file.read_text()) for file in directory.glob("*.sql")}, Queries)


def _parse(text: str) -> dict[str, str]:
    parts = NAME.split(text)[1:]
    return {name: body.strip().removesuffix(";") for name, body in zip(parts[::2], parts[1::2], strict=True)}
