"""`make bench`: what one machine takes at each station of the path, in figures and in ratios, within two minutes."""

import asyncio
import itertools
import os
import random
import signal
import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import uvloop

from bench import client, processes
from undersigned import settings
from undersigned.database.connection import Database, connect
from undersigned.identity.tokens import ConfirmLink, Signer
from undersigned.log import sequencer
from undersigned.process.embedded import Cluster, running
from undersigned.process.worker import make_sealer
from undersigned.settings import Settings

TIME_LIMIT_S = 120
LOAD_S = 3.0
SAMPLES = 100
PAUSE_S = (0.02, 0.18)
READERS = 4
POLL_EVERY_S = 0.01
BACKGROUND_PER_S = 200
BATCHES = ((1, 200), (100, 30), (1000, 8))
TALLY = "/v1/statements/example/tally"
SUBMIT = "/v1/statements/example/endorsements"
CONFIRM = "/v1/confirmations"

FILL = """
INSERT INTO log_queue (endorsement_id, statement, op, kind, commitment, country, partner, objectives)
SELECT gen_random_uuid(), 'example', 'add', 'individual', sha256(i::text::bytea), (ARRAY['HU', 'DE', 'GE', 'FR'])[i % 4 + 1],
       NULL, ARRAY['a', 'c']
FROM generate_series(1, $1::integer) AS i
"""


class Freshness(msgspec.Struct, frozen=True):
    """From a confirmation's answer to the first tally that includes it, as seen by several readers."""

    p50_ms: float
    p99_ms: float


def main() -> int:
    # Whoever stops us, and be it the alarm: what we started is stopped too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.signal(signal.SIGALRM, lambda *_: sys.exit(f"This takes more than {TIME_LIMIT_S} s; something hangs."))
    signal.alarm(TIME_LIMIT_S)
    begun = time.monotonic()
    signing = _signings()
    print(
        f"{os.cpu_count()} cores, shared by {processes.WEB_WORKERS} web workers, worker, database and load; fsync on; "
        f"{client.CONNECTIONS} connections\n"
    )
    with processes.served_without_database() as port:
        floor = uvloop.run(_rate(port, signing, 202))
    _row("", "a second", "ratio")
    _row("decoded and keyed, no database", f"{floor:,.0f}", "1.00")
    with processes.data_directory() as data_dir:
        with processes.served(data_dir, with_worker=True) as port:
            fresh = uvloop.run(_measure_with_worker(port, data_dir, signing, floor))
        with processes.served(data_dir, with_worker=False) as port:
            uvloop.run(_measure_without_worker(port, data_dir, signing, floor))
        with running(data_dir) as url:
            uvloop.run(_measure_sequencer(url, data_dir))
    _row("\nfrom confirmed to read, ms", "p50", "p99")
    for circumstances, measured in fresh.items():
        _row(circumstances, f"{measured.p50_ms:,.0f}", f"{measured.p99_ms:,.0f}")
    print(f"\n{time.monotonic() - begun:.0f} s")
    return 0


def _row(label: str, *cells: str) -> None:
    print(f"{label:<44}" + "".join(f"{cell:>10}" for cell in cells), flush=True)


def _signings() -> Iterator[bytes]:
    """Requests to sign, each from an address of its own."""
    body = {
        "kind": "individual",
        "name": "Խաչատուր Ավետիսյան-Nagy",
        "email": "reader.00000000@library-friends.example.net",
        "country": "HU",
        "locale": "en",
        "objectives": ["a", "b"],
        "partner": "reading-room",
        "source": {"utm_source": "newsletter", "utm_medium": "email", "referring_host": "www.example.org"},
    }
    before, after = client.post(SUBMIT, msgspec.json.encode(body)).split(b"00000000")
    return (b"%b%08d%b" % (before, number, after) for number in itertools.count())


async def _rate(port: int, requests: Iterator[bytes], status: int) -> float:
    return (await client.load(port, requests, seconds=LOAD_S)).per_second(status)


async def _measure_with_worker(
    port: int, data_dir: Path, signing: Iterator[bytes], floor: float
) -> dict[str, Freshness]:
    """The honest figures, and how fresh a tally is while nothing, something or very much else goes on."""
    fresh = {}
    async with connect(Cluster(data_dir).url, connections_max=2) as db:
        await _submit(port, signing, 2 * SAMPLES)
        await _quiet(db)
        confirmations = iter(await _confirmations(db, data_dir))
        fresh["nothing else goes on"] = await _freshness(port, confirmations)
        done = asyncio.Event()
        background = asyncio.create_task(client.drip(port, signing, per_second=BACKGROUND_PER_S, done=done))
        await asyncio.sleep(1)
        fresh[f"{BACKGROUND_PER_S} submissions a second beside it"] = await _freshness(port, confirmations)
        done.set()
        answers = await background
        assert set(answers) == {202}, answers
        await _measure_writes("submissions, with the worker", db, port, signing, floor, 202)
        confirmations = iter(await _confirmations(db, data_dir))
        waiting = await db.pool.fetchval("SELECT count(*) FROM message WHERE status = 'due'")
        fresh[f"{waiting:,} mails to be sent first"] = await _freshness(port, confirmations)
        await _measure_writes("confirmations, with the worker", db, port, confirmations, floor, 200)
    return fresh


async def _measure_without_worker(port: int, data_dir: Path, signing: Iterator[bytes], floor: float) -> None:
    """What a worker on another machine would leave to the web workers here; and reading, which no worker disturbs."""
    async with connect(Cluster(data_dir).url, connections_max=2) as db:
        await _measure_writes("submissions, no worker", db, port, signing, floor, 202)
        confirmations = iter(await _confirmations(db, data_dir))
        await _measure_writes("confirmations, no worker", db, port, confirmations, floor, 200)
    read = client.get(TALLY)
    unchanged = client.get(TALLY, If_None_Match=await _etag(port))
    for label, request, status in (("tally read", read, 200), ("tally unchanged (304)", unchanged, 304)):
        rate = await _rate(port, itertools.repeat(request), status)
        _row(label, f"{rate:,.0f}", f"{rate / floor:.2f}")


async def _measure_writes(
    label: str, db: Database, port: int, requests: Iterator[bytes], floor: float, status: int
) -> None:
    sent = "SELECT count(*) FROM message WHERE status = 'sent'"
    sent_before, begun = await db.pool.fetchval(sent), time.monotonic()
    rate = await _rate(port, requests, status)
    mails = (await db.pool.fetchval(sent) - sent_before) / (time.monotonic() - begun)
    _row(label, f"{rate:,.0f}", f"{rate / floor:.2f}")
    if mails:
        _row("  mails written to disk beside it", f"{mails:,.0f}")


def _settings(data_dir: Path) -> Settings:
    """What the server works with, with the secrets that it made for itself."""
    return settings.load({"UNDERSIGNED_DATA_DIR": str(data_dir)})


async def _confirmations(db: Database, data_dir: Path) -> list[bytes]:
    """A request to confirm each claim that waits for it."""
    signer = Signer(_settings(data_dir).signing_keys)
    claims = await db.pool.fetch("SELECT endorsement_id, id FROM submission WHERE status = 'pending' ORDER BY id")
    return [
        client.post(
            CONFIRM,
            msgspec.json.encode(
                {"token": signer.confirm(ConfirmLink(row["endorsement_id"], row["id"])), "consent": True}
            ),
        )
        for row in claims
    ]


async def _etag(port: int) -> str:
    reader, writer = await asyncio.open_connection(client.HOST, port)
    writer.write(client.get(TALLY, Connection="close"))
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    writer.close()
    return next(line.partition(": ")[2] for line in head.splitlines() if line.lower().startswith("etag: "))


async def _submit(port: int, signing: Iterator[bytes], count: int) -> None:
    async with client.connected(port) as ask:
        for request in itertools.islice(signing, count):
            status, body = await ask(request)
            assert status == 202, body


async def _quiet(db: Database) -> None:
    """Waits until all mail is sent and everything is counted. Raises TimeoutError after half a minute."""
    waiting = "SELECT EXISTS (SELECT FROM message WHERE status = 'due') OR EXISTS (SELECT FROM log_queue)"
    for _ in range(300):
        if not await db.pool.fetchval(waiting):
            return await asyncio.sleep(1)
        await asyncio.sleep(0.1)
    raise TimeoutError


async def _freshness(port: int, confirmations: Iterator[bytes]) -> Freshness:
    """Confirms one after the other with random pauses, while a few readers, each with a connection, poll the tally.

    The tally's number says which of them it includes, since each was answered before the next was sent.
    """
    answered_at: list[float] = []
    waits_ms: list[float] = []
    async with client.connected(port) as ask:
        before = _individuals(await ask(client.get(TALLY)))
        readers = [asyncio.create_task(_read(port, before, answered_at, waits_ms)) for _ in range(READERS)]
        for request in itertools.islice(confirmations, SAMPLES):
            await asyncio.sleep(random.uniform(*PAUSE_S))
            status, body = await ask(request)
            answered_at.append(time.monotonic())
            assert (status, body) == (200, b'{"status":"counted"}'), body
    await asyncio.wait_for(asyncio.gather(*readers), 30)
    return Freshness(statistics.median(waits_ms), statistics.quantiles(waits_ms, n=100)[98])


async def _read(port: int, before: int, answered_at: list[float], waits_ms: list[float]) -> None:
    included = 0
    async with client.connected(port) as ask:
        while included < SAMPLES:
            number = _individuals(await ask(client.get(TALLY))) - before
            now = time.monotonic()
            # A tally may include a confirmation whose answer is still on its way to us: that one waited for nothing.
            known = max(included, len(answered_at))
            waits_ms += [1000 * (now - at) for at in answered_at[included:number]] + [0.0] * (number - known)
            included = number
            await asyncio.sleep(POLL_EVERY_S)


def _individuals(answer: tuple[int, bytes]) -> int:
    status, body = answer
    assert status == 200, body
    return int(msgspec.json.decode(body)["individuals"])


async def _measure_sequencer(url: str, data_dir: Path) -> None:
    """Direct calls, on a queue that holds as many rows as a batch is to have."""
    sealer = make_sealer(_settings(data_dir))
    async with connect(url, connections_max=2) as db:
        while await sequencer.run_once(db, sealer):
            pass
        for size, rounds in BATCHES:
            spent_s = 0.0
            for _ in range(rounds):
                await db.pool.execute(FILL, size)
                begun = time.perf_counter()
                done = await sequencer.run_once(db, sealer)
                spent_s += time.perf_counter() - begun
                assert done == size, done
            _row(f"log entries, {size:,} a batch", f"{size * rounds / spent_s:,.0f}")


if __name__ == "__main__":
    sys.exit(main())
