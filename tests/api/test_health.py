"""It knows when it isn't well: what is late is named, and every station's figures can be read."""

import asyncio
import re
import socket
import time

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.conftest import World
from tests.letters import person, representative, token_of
from tests.process import free_port
from tests.waiting import until
from undersigned import console
from undersigned.mail import trouble
from undersigned.process import metrics, readiness
from undersigned.settings import ROOT, Settings, replace
from undersigned.web.exchange.counting import is_submission, surface_of

LATE = {
    "mail": "mail is late: the oldest has been due for 1 d",
    "queue": "the log of example is late: its oldest queue row has waited for 1 d",
    "release": "the log of example has 3 entries signed and not released for 1 d",
    "recount": "the log of example was not recounted for 3 d",
    "disagreement": "the log of example disagrees with its counts in 1 points",
    "stopped": "the log of example is stopped: the key is gone",
}
MAKE = {
    "mail": "UPDATE message SET due_at = now() - interval '1 day' WHERE status = 'due'",
    "queue": "UPDATE log_queue SET queued_at = now() - interval '1 day'",
    "release": "UPDATE log_head SET size = 5, released_size = 2, checkpoint = 'x', released_checkpoint = 'x', vkey = 'x',"
    " appended_at = now() - interval '1 day' WHERE statement = 'example'",
    "recount": "INSERT INTO log_check VALUES ('example', 1, '{}', now() - interval '3 days')",
    "disagreement": "INSERT INTO log_check VALUES ('example', 1, '{sums}', now())",
    "stopped": "UPDATE log_head SET stopped_reason = 'the key is gone' WHERE statement = 'example'",
}


async def signed_but_not_counted(world: World) -> None:
    """One endorsement in the queue, its second mail due, and one claim whose first mail is due."""
    await world.submit(person())
    await world.confirm(token_of((await world.send_mail())[0]))
    await world.submit(person("grace@example.org"))


@pytest.mark.parametrize("station", list(LATE))
async def test_what_is_late_is_named(world: World, station: str) -> None:
    await signed_but_not_counted(world)
    if station in ("recount", "disagreement"):
        await world.db.pool.execute(MAKE["release"].replace("size = 5", "size = 2"))
    await world.db.pool.execute("UPDATE log_head SET appended_at = now()")
    assert (await world.client.get("/readyz")).status_code == 200
    await world.db.pool.execute(MAKE[station])
    answer = await world.client.get("/readyz")
    assert answer.status_code == 503
    assert LATE[station] in answer.json()["detail"]
    assert ";" not in answer.json()["detail"]
    assert LATE[station] in (await readiness.late(world.db))[0]


async def test_a_recount_that_never_was_is_late_by_the_time_that_the_statement_is_in_use(world: World) -> None:
    await world.db.pool.execute(MAKE["release"].replace("size = 5", "size = 2"))
    await world.db.pool.execute("UPDATE log_head SET appended_at = now()")
    assert await readiness.late(world.db) == []
    await world.db.pool.execute("UPDATE statement SET used_at = now() - interval '3 days' WHERE slug = 'example'")
    assert await readiness.late(world.db) == ["the log of example was not recounted for 3 d"]


@pytest.mark.virgin
async def test_a_memory_that_grows_old_is_named(world: World, caplog: pytest.LogCaptureFixture) -> None:
    memory = world.site.memory
    memory.renewed(time.monotonic() - 60)
    await world.refresh()
    assert (await world.client.get("/readyz")).status_code == 200
    await world.db.pool.execute("ALTER TABLE tally_breakdown RENAME TO elsewhere")
    await until(lambda: "The tally in memory can't be refreshed" in caplog.text)
    memory.renewed(time.monotonic() - 60)
    assert "the tally in memory is 1 min" in (await world.client.get("/readyz")).json()["detail"]


async def figures(world: World) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    await world.site.db.stations.write_down(world.db)
    await world.db.stations.write_down(world.db)
    found = {}
    for family in metrics.told(await metrics.read(world.db, world.settings)):
        for sample in family.samples:
            found[sample.name, frozenset(sample.labels.items())] = sample.value
    return found


def labels(**given: str) -> frozenset[tuple[str, str]]:
    return frozenset(given.items())


async def figures_of(world: World, name: str, **given: str) -> float:
    return (await figures(world)).get((name, labels(**given)), 0)


async def test_every_station_tells_its_throughput_its_lag_and_its_failures(world: World) -> None:
    await signed_but_not_counted(world)
    await world.submit(person("no address"))
    await world.client.post("/embed/example/form", data={"name": "", "email": ""})
    await world.client.get("/v1/statements/example/tally")
    await world.db.pool.execute(MAKE["mail"])
    await world.db.pool.execute(MAKE["queue"])
    seen = await figures(world)
    assert seen["undersigned_submissions_total", labels(outcome="accepted")] == 2
    assert seen["undersigned_submissions_total", labels(outcome="refused")] == 2
    assert seen["undersigned_mails_total", labels(outcome="sent")] == 1
    assert seen["undersigned_mail_due", labels()] == 2
    assert seen["undersigned_mail_due_age_seconds", labels()] >= 86400
    assert seen["undersigned_confirmations_total", labels(outcome="counted")] == 1
    assert seen["undersigned_log_queue_length", labels()] == 1
    assert seen["undersigned_log_queue_age_seconds", labels(statement="example")] >= 86400
    assert seen["undersigned_log_entries_total", labels(statement="example")] == 0
    assert seen["undersigned_requests_total", labels(surface="tally", status="2xx")] == 1
    assert seen["undersigned_requests_total", labels(surface="embed", status="4xx")] == 1
    await until(lambda: figures_of(world, "undersigned_rounds_total", loop="refresh", outcome="done"))
    await world.count()
    seen = await figures(world)
    size = await world.db.pool.fetchval("SELECT size FROM log_head WHERE statement = 'example'")
    assert seen["undersigned_log_entries_total", labels(statement="example")] == size > 0
    assert seen["undersigned_log_queue_length", labels()] == 0
    assert seen["undersigned_log_queue_age_seconds", labels(statement="example")] == 0
    assert seen["undersigned_log_unreleased_entries", labels(statement="example")] == 0


async def test_held_claims_and_repeated_confirmations_are_told_apart(world: World) -> None:
    await world.submit(representative())
    token = token_of((await world.send_mail())[0])
    await world.confirm(token)
    await world.confirm(token)
    await world.count()
    seen = await figures(world)
    assert seen["undersigned_confirmations_total", labels(outcome="held")] == 2
    assert seen["undersigned_held_claims", labels(statement="example")] == 1


async def test_no_figure_says_anything_of_a_person(world: World) -> None:
    await signed_but_not_counted(world)
    await world.count()
    said = str(await figures(world))
    for personal in ("ada", "grace", "127.0.0.1", "Example"):
        assert personal not in said


async def test_counts_of_many_processes_add_up_and_outlive_them(world: World, settings: Settings) -> None:
    for _ in range(3):
        world.db.stations.note("mail", "sent", 2)
        await world.db.stations.write_down(world.db)
    app = world.site.db
    app.stations.note("mail", "sent")
    await asyncio.gather(app.stations.write_down(app), world.db.stations.write_down(world.db))
    assert (await figures(world))["undersigned_mails_total", labels(outcome="sent")] == 7


@pytest.mark.virgin
async def test_counts_wait_for_a_database_that_refuses_them(world: World) -> None:
    world.db.stations.note("mail", "sent")
    await world.db.pool.execute("ALTER TABLE station_count RENAME TO elsewhere")
    with pytest.raises(Exception, match="station_count"):
        await world.db.stations.write_down(world.db)
    await world.db.pool.execute("ALTER TABLE elsewhere RENAME TO station_count")
    assert (await figures(world))["undersigned_mails_total", labels(outcome="sent")] == 1


async def test_the_metrics_are_served_on_an_address_of_their_own(world: World) -> None:
    await world.submit(person())
    await figures(world)
    address = f"127.0.0.1:{free_port()}"
    serving = asyncio.create_task(metrics.serve(replace(world.settings, metrics_address=address)))

    async def answer() -> str:
        try:
            async with httpx.AsyncClient() as client:
                return (await client.get(f"http://{address}/metrics")).text
        except httpx.TransportError:
            return ""

    text = await until(answer)
    names = {family.name for family in text_string_to_metric_families(text)}
    assert {"undersigned_database_up", "undersigned_submissions", "undersigned_tally_age_seconds"} <= names
    documented = (ROOT / "docs" / "operations.md").read_text()
    assert [name for name in names if f"`{name}`" not in documented and f"`{name}_total`" not in documented] == []
    serving.cancel()
    await asyncio.wait([serving])
    with socket.socket() as free:
        free.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        free.bind(("127.0.0.1", int(address.rpartition(":")[2])))


async def test_without_its_database_the_metrics_say_so() -> None:
    away = metrics.Figures(Settings(database_url=f"postgresql://undersigned@127.0.0.1:{free_port()}/undersigned"))
    [up] = await asyncio.to_thread(lambda: list(away.collect()))
    assert (up.name, up.samples[0].value) == ("undersigned_database_up", 0)


async def test_the_workers_health_can_be_asked_where_no_http_runs(
    world: World, settings: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in replace(settings, port=str(free_port())).to_environ().items():
        monkeypatch.setenv(name, value)
    await signed_but_not_counted(world)
    assert await console.installation.live("worker") == 0
    assert capsys.readouterr().out == "✓ well\n"
    await world.db.pool.execute(MAKE["mail"])
    assert await console.installation.live("worker") == 1
    assert capsys.readouterr().out.startswith("✗ mail is late: the oldest has been due for 1 d")
    # A web server's own health says nothing of the workers, who are started after it.
    assert await console.installation.live("web") == 1
    assert capsys.readouterr().out.startswith("✗ no answer on port")


@pytest.mark.parametrize(
    ("path", "surface"),
    [
        ("/", "page"),
        ("/s/example", "page"),
        ("/s/example/card.png", "picture"),
        ("/v1/statements/example/badge.svg", "picture"),
        ("/v1/statements/example/tally", "tally"),
        ("/v1/partners/readers/statements/example/tally", "tally"),
        ("/v1/statements/example", "api"),
        ("/v1/admin/statements/example/endorsements", "admin"),
        ("/log/example/checkpoint", "log"),
        ("/embed/example/form", "embed"),
        ("/readyz", "health"),
    ],
)
def test_what_is_asked_for_is_one_of_a_few_words(path: str, surface: str) -> None:
    assert surface_of(path) == surface


def test_submissions_are_what_three_addresses_take() -> None:
    for path in ("/v1/statements/example/endorsements", "/embed/example/form", "/s/example"):
        assert is_submission("POST", path)
        assert not is_submission("GET", path)
    for path in ("/v1/confirmations", "/s/example/report", "/c/token", "/"):
        assert not is_submission("POST", path)


async def test_mail_that_waits_for_the_relay_is_said_with_its_reason(world: World) -> None:
    await trouble.pause(world.db, "554 Relay access denied")
    answer = await world.client.get("/readyz")
    assert answer.status_code == 503
    assert re.search(r"no mail goes out since [0-9 :-]+ UTC: 554 Relay access denied", answer.json()["detail"])
    assert (await metrics.read(world.db, world.settings)).mail_is_paused
    await trouble.resume(world.db)
    assert (await world.client.get("/readyz")).status_code == 200
    assert not (await metrics.read(world.db, world.settings)).mail_is_paused
