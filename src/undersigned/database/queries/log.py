"""The log: what the sequencer does in its one transaction, in this order."""

from undersigned.database.declaring import Noun


class Log(Noun, frozen=True):
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
