"""Statements: loaded from their directories, immutable once used."""

from undersigned.database.declaring import Command, Noun


class Statements(Noun, frozen=True):
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
    announce_all: Command
    all: str
    mark_used: str
