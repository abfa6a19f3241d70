"""Messages: the outbox. Claimed by compare-and-swap on due_at, sent outside any transaction, then marked."""

from undersigned.database.declaring import Noun


class Messages(Noun, frozen=True):
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
