"""A small model of workers, heads, kept checkpoints and restores, walked through every order that there is.

Workers, each on a machine with a directory of its own, sign one log step by step: they look at what is kept, read the head, sign,
keep, release, and die in between. Once, the database is restored from a backup; once, the only machine gets an empty directory. A
history is the tuple of what was signed, and every signature is another. Without any one of the rules of `log/keeping.py` and
`log/sequencer.py`, the shortest way to what must never happen is found; with all of them there is none.
"""

from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

import pytest

History = tuple[int, ...]
SIGNED_MAX = 3
FALSE_ALARM, FORK, OVERRULED = "a false alarm", "two histories were released", "an objection was overruled"


class Rules(NamedTuple):
    """What the code does; without one of them, the model has what was there before it."""

    absence_objects: bool = True  # no checkpoint where something was released is an objection
    files_first: bool = True  # what is kept is read before the head
    looks_again: bool = True  # an absence is believed only at a second look, after the head
    swap: bool = True  # what is written takes the place of exactly what was seen
    own_stops: bool = True  # only who sees what stopped a log takes the objection back
    takes_back_late: bool = True  # and only at a look that came after it was stopped
    shared: bool = True  # the last released checkpoint is also where all workers see it
    machines: int = 2


class Worker(NamedTuple):
    """How far a worker is, and what it saw: of each of its places what is kept, and the head's history."""

    phase: str = "idle"
    seen: tuple[History | None, ...] = ()
    head: History = ()


class World(NamedTuple):
    database: History = ()
    released: int = 0
    stopped_by: int | None = None  # a place
    backup: tuple[History, int] | None = None
    # The first is the one that all see, then comes one for each worker.
    kept: tuple[History | None, ...] = (None, None, None)
    workers: tuple[Worker, ...] = (Worker(), Worker())
    public: frozenset[History] = frozenset()
    signed: int = 0
    restored: bool = False
    emptied: bool = False
    wrong: str = ""


def begins(history: History, other: History) -> bool:
    return other[: len(history)] == history


def places(rules: Rules, worker: int) -> list[int]:
    return [0, worker + 1] if rules.shared else [worker + 1]


def objection(rules: Rules, world: World, worker: int, seen: tuple[History | None, ...], head: History) -> int | None:
    """The place that speaks against signing on this head, if one does."""
    where = places(rules, worker)
    if rules.absence_objects and world.released and seen[0] is None:
        return where[0]
    for place, kept in zip(where, seen, strict=True):
        if kept is not None and not begins(kept, head):
            return place
    return None


def steps(rules: Rules, world: World) -> Iterator[tuple[str, World]]:
    """Everything that may happen next, by name."""
    for number in range(rules.machines):
        for what, after in work(rules, world, number):
            yield f"{'AB'[number]} {what}", after
    # From before the first release, beside an empty directory, it would be as if there never had been a log.
    if not world.restored and world.backup is None and world.released:
        yield "a backup is made", world._replace(backup=(world.database, world.released))
    if world.backup is not None and not world.restored and world.backup[0] != world.database:
        history, released = world.backup
        yield (
            "the backup is restored",
            world._replace(database=history, released=released, stopped_by=None, restored=True),
        )
    if rules.machines == 1 and not world.emptied and world.kept[1] is not None:
        yield "A gets an empty directory", with_kept(world, 1, None)._replace(emptied=True)


def with_kept(world: World, place: int, history: History | None) -> World:
    return world._replace(kept=tuple(history if at == place else kept for at, kept in enumerate(world.kept)))


def with_worker(world: World, number: int, worker: Worker) -> World:
    return world._replace(workers=tuple(worker if at == number else each for at, each in enumerate(world.workers)))


def work(rules: Rules, world: World, number: int) -> Iterator[tuple[str, World]]:
    """What one worker may do next, its death in between included."""
    worker = world.workers[number]
    if worker.phase.startswith("signed"):  # before that, it is as if it had not begun
        yield "dies", with_worker(world, number, Worker())
    yield from (signing if worker.phase.startswith(("may", "signed")) else looking)(rules, world, number)


def looking(rules: Rules, world: World, number: int) -> Iterator[tuple[str, World]]:
    """How a worker comes to know what is kept and the head."""
    worker, kept = world.workers[number], tuple(world.kept[place] for place in places(rules, number))
    match worker.phase:
        case "idle" if rules.files_first:
            yield "looks", with_worker(world, number, Worker("looked", kept))
        case "idle":
            yield "reads the head", with_worker(world, number, Worker("read", (), world.database))
        case "looked" if rules.looks_again and rules.absence_objects and world.released and worker.seen[0] is None:
            yield "reads the head", with_worker(world, number, Worker("doubts", worker.seen, world.database))
        case "doubts" if kept[0] is not None:
            yield "looks again and begins anew", with_worker(world, number, Worker())
        case "doubts":
            yield "looks again", judged(rules, world, number, worker.seen, worker.head)
        case "looked":
            yield "reads the head", judged(rules, world, number, worker.seen, world.database)
        case "read":
            yield "looks", judged(rules, world, number, kept, worker.head)


def signing(rules: Rules, world: World, number: int) -> Iterator[tuple[str, World]]:
    """How a worker that may sign does, keeps it in each of its places, and releases it."""
    worker, where = world.workers[number], places(rules, number)
    match worker.phase:
        case "may sign" if world.database == worker.head and world.stopped_by is None and world.signed < SIGNED_MAX:
            history = (*worker.head, world.signed)
            after = world._replace(database=history, signed=world.signed + 1)
            # A directory that is gone can't speak any more; one that stopped the log, and is there, must have been heard.
            unheard = [each for each in world.kept if each is not None and not begins(each, world.database)]
            if unheard and world.wrong == "" and STOPPED in world.public:
                after = after._replace(wrong=OVERRULED)
            yield "signs", with_worker(after, number, Worker("signed 0", worker.seen, history))
        case "signed 0" | "signed 1":
            at = int(worker.phase[-1])
            if at == len(where):
                yield "releases", released(world, number, worker)
                return
            there = world.kept[where[at]]
            if rules.swap and there not in (worker.seen[at], worker.head):
                yield "finds another checkpoint", with_worker(world, number, Worker())
                return
            further = not rules.swap and there is not None and len(there) >= len(worker.head)
            after = world if further else with_kept(world, where[at], worker.head)
            yield "keeps", with_worker(after, number, worker._replace(phase=f"signed {at + 1}"))
        case "signed 2":
            yield "releases", released(world, number, worker)


STOPPED: History = (-1,)


def judged(rules: Rules, world: World, number: int, seen: tuple[History | None, ...], head: History) -> World:
    """The worker has seen both: it objects, takes its objection back, or may sign."""
    found = objection(rules, world, number, seen, head)
    if found is not None:
        if rules.shared and not (world.restored or world.emptied):
            return world._replace(wrong=FALSE_ALARM)
        # For the walk alone: that a log was ever stopped is noted beside the public histories.
        by = found if world.stopped_by is None else world.stopped_by
        return with_worker(world._replace(stopped_by=by, public=world.public | {STOPPED}), number, Worker())
    if world.stopped_by is not None:
        where = places(rules, number)
        later = tuple(world.kept[place] for place in where) if rules.takes_back_late else seen
        others = rules.own_stops and world.stopped_by not in where
        if others or objection(rules, world, number, later, head) is not None:
            return with_worker(world, number, Worker())
        world = world._replace(stopped_by=None)
    if len(head) > world.released and world.database == head:
        # Somebody died between signing and releasing: that comes first.
        return with_worker(world, number, Worker("signed 0", seen, head))
    return with_worker(world, number, Worker("may sign", seen, head))


def released(world: World, number: int, worker: Worker) -> World:
    after = with_worker(world, number, Worker())
    if world.database != worker.head or world.released >= len(worker.head):
        return after
    after = after._replace(released=len(worker.head), public=world.public | {worker.head})
    shown = [history for history in after.public if history != STOPPED]
    if any(not begins(a, b) and not begins(b, a) for a in shown for b in shown):
        return after._replace(wrong=FORK)
    return after


def walk(rules: Rules, wrong: str) -> list[str]:
    """The shortest way to what must never happen; empty if no order of all that there are leads there."""
    first = World()
    ways: dict[World, tuple[World, str] | None] = {first: None}
    waiting = deque([first])
    while waiting:
        world = waiting.popleft()
        for what, after in steps(rules, world):
            if after in ways:
                continue
            ways[after] = (world, what)
            if after.wrong == wrong:
                return way_to(after, ways)
            if not after.wrong:
                waiting.append(after)
    return []


def way_to(world: World, ways: dict[World, tuple[World, str] | None]) -> list[str]:
    done: list[str] = []
    while (step := ways[world]) is not None:
        world, what = step
        done.append(what)
    return done[::-1]


ALL, ALONE, APART = Rules(), Rules(shared=False, machines=1), Rules(shared=False)


@pytest.mark.parametrize("rules", [ALL, ALONE], ids=["two machines that share a place", "one machine"])
@pytest.mark.parametrize("wrong", [FALSE_ALARM, FORK, OVERRULED])
def test_with_all_rules_nothing_goes_wrong_in_any_order(rules: Rules, wrong: str) -> None:
    assert walk(rules, wrong) == []


def test_machines_that_share_no_place_overrule_nobody_either() -> None:
    assert walk(APART, OVERRULED) == []


@pytest.mark.parametrize(
    ("rules", "wrong"),
    [
        pytest.param(ALL._replace(files_first=False), FALSE_ALARM, id="the head is read before what is kept"),
        pytest.param(ALL._replace(looks_again=False), FALSE_ALARM, id="an absence is believed at once"),
        pytest.param(ALL._replace(swap=False), FORK, id="what was kept meanwhile is taken for ours"),
        pytest.param(ALL._replace(takes_back_late=False), OVERRULED, id="what was seen before takes an objection back"),
        pytest.param(APART._replace(own_stops=False), OVERRULED, id="anybody takes an objection back"),
        pytest.param(ALONE._replace(absence_objects=False), FORK, id="an absence is no objection"),
        pytest.param(APART, FORK, id="each machine has only what it kept itself"),
    ],
)
def test_without_any_one_of_the_rules_something_does(rules: Rules, wrong: str) -> None:
    assert walk(rules, wrong)


def test_the_shortest_ways_are_those_that_were_seen() -> None:
    """A restored database beside an empty directory; and a worker that pauses between the head and the file."""
    signs = ["A looks", "A reads the head", "A signs", "A keeps", "A releases"]
    begins_again = [*signs, "A looks", "A reads the head", "a backup is made", *signs[2:]]
    restored = ["the backup is restored", "A gets an empty directory", *signs]
    assert walk(ALONE._replace(absence_objects=False), FORK) == begins_again + restored
    paused = ["A reads the head", "A looks", "B reads the head", "A signs", "A keeps", "B looks"]
    assert walk(ALL._replace(files_first=False), FALSE_ALARM) == paused
