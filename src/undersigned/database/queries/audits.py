"""Audits: samples of counted entries, asked by an auditor. The frame is fixed before the seed exists."""

from undersigned.database.declaring import Noun


class Audits(Noun, frozen=True):
    announce: str
    under_way: str
    later_size: str
    openings: str
    note_draw: str
    report: str
    published: str
