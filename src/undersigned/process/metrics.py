"""The figures of `/metrics`, on an address of its own: of each station its throughput, its lag and its failures.

Everything is read from the database when it is asked for, in a few bounded queries. So the figures are the same wherever they are
served, whatever the number of web workers, workers and machines, and they outlive all of them.
"""

import asyncio
import datetime as dt
from collections.abc import Callable, Iterable, Iterator

import msgspec
from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from undersigned import __version__
from undersigned.database.connection import Database, connect
from undersigned.database.queries.health import LogHealth, MailHealth, Noted
from undersigned.database.trouble import DatabaseAway
from undersigned.mail import trouble
from undersigned.process import room
from undersigned.settings import Settings, SettingsError

LOOP = "loop "
# Queues are counted up to here: how much longer one is changes nothing about what to do.
COUNTED_MAX = 10_000


class Facts(msgspec.Struct, frozen=True):
    """What the database knew at one moment."""

    noted: list[Noted]
    mail: MailHealth
    mail_is_paused: bool
    queue_length: int
    logs: list[LogHealth]
    claim_count: int
    is_refusing: bool
    free_bytes: int | None


class Figures(Collector):
    """What the database of these settings knows, as the metrics that Prometheus reads, read anew each time."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def collect(self) -> Iterator[Metric]:
        up = "Whether the database can be used."
        try:
            facts = asyncio.run(_ask(self._settings))
        except DatabaseAway:
            yield GaugeMetricFamily("undersigned_database_up", up, 0)
            return
        yield GaugeMetricFamily("undersigned_database_up", up, 1)
        yield from told(facts)


async def serve(settings: Settings) -> None:
    """Serves `/metrics` until it is cancelled. Raises SettingsError if it has no address, or can't listen there."""
    if settings.metrics_at is None:
        raise SettingsError("UNDERSIGNED_METRICS_ADDRESS is not set: it is a host and a port, such as 127.0.0.1:9464.")
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Figures(settings))
    host, port = settings.metrics_at
    try:
        server, _ = start_http_server(port, host, registry)
    except OSError as error:
        raise SettingsError(
            f"Can't listen on {settings.metrics_address} ({error.strerror}): set UNDERSIGNED_METRICS_ADDRESS."
        ) from None
    try:
        await asyncio.Event().wait()
    finally:
        server.shutdown()
        server.server_close()


async def read(db: Database, settings: Settings) -> Facts:
    q = db.q.health
    return Facts(
        await db.many(q.noted),
        await db.one(q.mail, COUNTED_MAX),
        await trouble.of_now(db) is not None,
        await db.one(q.queue_length, COUNTED_MAX),
        await db.many(q.logs),
        await db.one(q.claims, settings.pending_max or COUNTED_MAX),
        bool(await room.problems(db, settings)),
        room.free_bytes(settings),
    )


async def _ask(settings: Settings) -> Facts:
    async with connect(settings.database_url, connections_max=1) as db:
        return await read(db, settings)


def told(facts: Facts) -> Iterator[Metric]:
    """The facts as metrics, station by station; docs/operations.md has each name, and what to do about it."""
    yield _labelled(
        GaugeMetricFamily, "info", "The version that tells these figures.", ["version"], [([__version__], 1)]
    )
    yield from _of_submissions(facts)
    yield from _of_mail(facts)
    yield from _of_logs(facts)
    yield from _of_readers(facts)
    yield from _of_loops(facts)


def _of_submissions(facts: Facts) -> Iterator[Metric]:
    yield _outcomes(facts, "submissions", "Claims to endorse, by outcome.", "submission")
    claims = "Claims that wait for their confirmation, up to as many as may."
    yield GaugeMetricFamily("undersigned_pending_claims", claims, facts.claim_count)
    refused = (
        "1: new submissions are refused, for want of disk or because too many claims came or wait; 0: they are taken."
    )
    yield GaugeMetricFamily("undersigned_submissions_refused", refused, int(facts.is_refusing))
    if facts.free_bytes is not None:
        free = "Free disk where the embedded database lies."
        yield GaugeMetricFamily("undersigned_disk_free_bytes", free, facts.free_bytes)
    yield _outcomes(facts, "confirmations", "Confirmations by mailboxes' owners, by outcome.", "confirmation")
    held = [([log.statement], log.held_count or 0) for log in facts.logs]
    yield _labelled(GaugeMetricFamily, "held_claims", "Claims that wait for a look.", ["statement"], held)


def _of_mail(facts: Facts) -> Iterator[Metric]:
    yield _outcomes(facts, "mails", "Mails, by what became of them.", "mail")
    yield GaugeMetricFamily("undersigned_mail_due", f"Mails that are due, up to {COUNTED_MAX}.", facts.mail.due_count)
    paused = "1: no mail goes out, because of the relay's trouble; 0: it does."
    yield GaugeMetricFamily("undersigned_mail_paused", paused, int(facts.mail_is_paused))
    waited = _seconds(facts.mail.waited)
    yield GaugeMetricFamily("undersigned_mail_due_age_seconds", "How long the oldest due mail has been due.", waited)


def _of_logs(facts: Facts) -> Iterator[Metric]:
    length = facts.queue_length
    yield GaugeMetricFamily("undersigned_log_queue_length", f"Queue rows of all logs, up to {COUNTED_MAX}.", length)
    entries = [([log.statement], log.entry_count) for log in facts.logs]
    yield _labelled(CounterMetricFamily, "log_entries", "Entries appended.", ["statement"], entries)
    for name, what, value in OF_EACH_LOG:
        samples = [([log.statement], value(log)) for log in facts.logs]
        yield _labelled(GaugeMetricFamily, name, what, ["statement"], samples)


def _of_readers(facts: Facts) -> Iterator[Metric]:
    requests = [(each.outcome.split(), each.count) for each in facts.noted if each.station == "reader"]
    what = "Answers, by what was asked for and the class of their status."
    yield _labelled(CounterMetricFamily, "requests", what, ["surface", "status"], requests)


def _of_loops(facts: Facts) -> Iterator[Metric]:
    loops = [each for each in facts.noted if each.station.startswith(LOOP)]
    rounds = [([each.station.removeprefix(LOOP), each.outcome], each.count) for each in loops]
    what = "Rounds of what the processes do again and again, by outcome."
    yield _labelled(CounterMetricFamily, "rounds", what, ["loop", "outcome"], rounds)


def _outcomes(facts: Facts, name: str, what: str, station: str) -> Metric:
    samples = [([each.outcome], each.count) for each in facts.noted if each.station == station]
    return _labelled(CounterMetricFamily, name, what, ["outcome"], samples)


def _labelled(
    family: type[GaugeMetricFamily | CounterMetricFamily],
    name: str,
    what: str,
    labels: list[str],
    samples: Iterable[tuple[list[str], float]],
) -> Metric:
    metric = family(f"undersigned_{name}", what, labels=labels)
    for values, value in samples:
        metric.add_metric(values, value)
    return metric


def _seconds(time: dt.timedelta | None) -> float:
    """How long, and nothing where nothing waits."""
    return time.total_seconds() if time else 0.0


OF_EACH_LOG: tuple[tuple[str, str, Callable[[LogHealth], float]], ...] = (
    ("log_queue_age_seconds", "How long the oldest queue row has waited.", lambda log: _seconds(log.queue_waited)),
    ("log_unreleased_entries", "Entries signed and not released.", lambda log: log.unreleased_count),
    (
        "log_unreleased_age_seconds",
        "How long the newest head has been signed and not released.",
        lambda log: _seconds(log.unreleased_for),
    ),
    ("log_stopped", "Whether nothing is signed at the moment.", lambda log: log.stopped_reason is not None),
    ("log_recount_age_seconds", "How long ago the last recount was.", lambda log: _seconds(log.unchecked_for)),
    ("log_disagreements", "What the last recount found wrong.", lambda log: log.disagreement_count),
    ("tally_age_seconds", "How long the tally has not moved.", lambda log: _seconds(log.tally_unmoved_for)),
)
