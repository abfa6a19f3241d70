"""Tallies: written by the sequencer, read by everyone from memory."""

from undersigned.database.declaring import Noun


class Tallies(Noun, frozen=True):
    snapshot: str
    read: str
    add: str
    begin_anew: str
    add_cells: str
    count_held: str
    ripe: str
    cells: str
    publish_breakdown: str
