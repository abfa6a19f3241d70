"""Endorsements: facts, counted once. $1 is always the endorsement id, and the primary key is the deduplication."""

from undersigned.database.declaring import Noun


class Endorsements(Noun, frozen=True):
    confirm: str
    withdraw: str
    reject: str
    networks_overdue: str
    forget_network: str
    outdated: str
    recommit: str
    find_by_entry: str
    rejected_overdue: str
    forget_rejected: str
