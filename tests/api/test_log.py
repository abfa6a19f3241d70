"""The public log over HTTP: signed heads, tiles and entries, and nothing before it is released."""

import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import msgspec
import pytest

from tests.conftest import World
from tests.letters import person, token_of
from undersigned.log import check, cosignatures, merkle, note, sequencer
from undersigned.process import readiness
from undersigned.process.worker import make_sealer

BASE = "/log/example"
LOG_TABLES = ("log_entry", "log_tile", "log_member", "log_head", "log_queue", "tally", "tally_cell")


async def stopped(world: World) -> list[str]:
    """What readiness says of logs that are stopped."""
    return [problem for problem in await readiness.problems(world.db) if "is stopped" in problem]


async def counted(world: World, *addresses: str) -> None:
    for address in addresses:
        await world.submit(person(address))
    for mail in await world.send_mail():
        if "confirm" in mail["Subject"]:
            await world.confirm(token_of(mail))
    await world.count()


async def lose_the_last(world: World, change: Callable[[], Awaitable[None]]) -> None:
    """As if a backup of the log's tables had been restored, made before this change."""
    async with world.db.pool.acquire() as connection:
        kept = {table: [tuple(row) for row in await connection.fetch(f"SELECT * FROM {table}")] for table in LOG_TABLES}
        await change()
        async with connection.transaction():  # or the server's refresh would see a statement without a log
            for table, rows in kept.items():
                await connection.execute(f"DELETE FROM {table}")
                await connection.copy_records_to_table(table, records=rows)


async def released(world: World) -> note.Checkpoint:
    vkey = (await world.client.get(f"{BASE}/key")).text.strip()
    text = (await world.client.get(f"{BASE}/checkpoint")).text
    return note.parse_checkpoint(note.verify(text, [note.parse_vkey(vkey)]))


async def read_entries(world: World, size: int) -> list[bytes]:
    bundle = (await world.client.get(f"{BASE}/{merkle.path(merkle.TileName(None, 0, size))}")).content
    entries = []
    while bundle:
        length = int.from_bytes(bundle[:2], "big")
        entries.append(bundle[2 : 2 + length])
        bundle = bundle[2 + length :]
    return entries


async def test_the_signed_head_is_the_root_of_the_published_entries(world: World) -> None:
    assert (await world.client.get(f"{BASE}/checkpoint")).status_code == 404
    await counted(world, "ada@example.org", "bela@example.org")
    await counted(world, "cleo@example.org")
    checkpoint = await released(world)
    assert (checkpoint.origin, checkpoint.size) == ("127.0.0.1:8000/log/example", 7)
    entries = await read_entries(world, 7)
    assert [entry.split()[1] for entry in entries] == [b"open", b"sum", b"add", b"add", b"sum", b"add", b"sum"]
    assert entries[-1] == b"undersigned/v1 sum 3 0\n"
    hashes = b"".join(merkle.leaf_hash(entry) for entry in entries)
    assert merkle.root(7, {(0, 0): hashes}) == checkpoint.root
    tile = await world.client.get(f"{BASE}/tile/0/000.p/7")
    assert tile.content == hashes
    assert "immutable" in tile.headers["cache-control"]
    assert (await world.client.get(f"{BASE}/tile/0/000.p/3")).content == hashes[:96]


@pytest.mark.parametrize(
    "name", ["0/000.p/8", "0/000", "1/000.p/1", "0/001.p/1", "entries/000.p/99", "0/0", "x", "0/000.p/0"]
)
async def test_nothing_is_served_beyond_what_was_released(world: World, name: str) -> None:
    await counted(world, "ada@example.org", "bela@example.org")
    assert (await world.client.get(f"{BASE}/tile/{name}")).status_code == 404


async def test_a_head_is_signed_with_both_keys_that_are_published(world: World) -> None:
    await counted(world, "ada@example.org")
    signed = (await world.client.get(f"{BASE}/checkpoint")).text
    first, second = (await world.client.get(f"{BASE}/keys")).text.splitlines()
    assert first == (await world.client.get(f"{BASE}/key")).text.strip()
    key = cosignatures.parse_vkey(second)
    assert key.name == "127.0.0.1:8000/log/example"
    assert cosignatures.verify(signed, key) == await released(world)


async def test_a_log_of_before_is_signed_with_its_second_key_from_its_next_entries_on(world: World) -> None:
    await counted(world, "ada@example.org")
    second = (await world.client.get(f"{BASE}/keys")).text.splitlines()[1]
    file = Path(world.settings.data_dir) / "log" / "example.0"
    signed_once = re.sub(r"[^\n]*\n$", "", file.read_text())
    file.write_text(signed_once)
    await world.db.pool.execute(
        "UPDATE log_head SET checkpoint = $1, released_checkpoint = $1, ml_dsa_vkey = NULL WHERE size > 0", signed_once
    )
    assert len((await world.client.get(f"{BASE}/keys")).text.splitlines()) == 1
    assert await check.check(world.db, "example") == []
    await counted(world, "bela@example.org")
    assert (await world.client.get(f"{BASE}/keys")).text.splitlines()[1] == second
    assert (
        cosignatures.verify((await world.client.get(f"{BASE}/checkpoint")).text, cosignatures.parse_vkey(second)).size
        == 6
    )
    assert await check.check(world.db, "example") == []


async def test_bundles_are_compressed_for_who_takes_that_and_caches_are_told(world: World) -> None:
    await counted(world, *(f"n{n}@example.org" for n in range(12)))
    size = (await released(world)).size
    at = f"{BASE}/tile/entries/000.p/{size}"
    plain = await world.client.get(at, headers={"Accept-Encoding": "identity"})
    zipped = await world.client.get(at, headers={"Accept-Encoding": "gzip"})
    assert plain.headers["vary"] == zipped.headers["vary"] == "Accept-Encoding"
    assert "content-encoding" not in plain.headers
    assert zipped.headers["content-encoding"] == "gzip"
    assert zipped.content == plain.content
    assert int(zipped.headers["content-length"]) < int(plain.headers["content-length"])
    tile = await world.client.get(f"{BASE}/tile/0/000.p/{size}", headers={"Accept-Encoding": "gzip"})
    assert not {"content-encoding", "vary"} & set(tile.headers)
    short = await world.client.get(f"{BASE}/tile/entries/000.p/1", headers={"Accept-Encoding": "gzip"})
    assert int(short.headers["content-length"]) <= len(short.content)


OTHERWISE = [
    "//log/example/{0}", "/log//example/{0}", "/log/example//{0}", "/log/example/{0}/", "/log/example/{0}//", "/log/Example/{0}",
    "/lo%67/example/{0}", "/log/ex%61mple/{0}", "/log/example%2F{0}", "/log/example/%30/{0}", "/log/example/00/{0}",
    "/log/example/+0/{0}", "/log/example/-0/{0}", "/log/example/0_0/{0}", "/log/example/%D9%A0/{0}", "/log/example/%200/{0}",
    "/log/example/0/{0}/", "/log/example/{0}%20",
]  # fmt: skip
OF_TILES = ["tile/%30/000.p/4", "tile//0/000.p/4", "tile/0/000%2Ep/4", "tile/0/000.p/04", "tile/00/000.p/4"]


async def test_each_thing_of_a_log_has_one_address(world: World) -> None:
    await counted(world, "ada@example.org")
    names = ["checkpoint", "key", "keys", "tile/entries/000.p/4", "tile/0/000.p/4"]
    for name in names:
        for log in ("/log/example", "/log/example/0"):
            assert (await world.client.get(f"{log}/{name}")).status_code == 200
    others = [path.format(name) for name in names for path in OTHERWISE]
    for path in [*others, *(f"/log/example/{name}" for name in OF_TILES), "/log/verify.py/", "/log//verify.py"]:
        assert (await ask_raw(world, path)).status_code in (400, 404), path
    assert (await world.client.get("/log/verify.py")).status_code == 200


async def ask_raw(world: World, path: str) -> httpx.Response:
    """The answer for a path that is sent as it is written."""
    url = world.client.base_url.copy_with(raw_path=path.encode())
    request = world.client.build_request("GET", url)
    assert request.url.raw_path == path.encode()
    return await world.client.send(request)


async def test_the_tally_names_the_checkpoint_that_proves_it(world: World) -> None:
    await counted(world, "ada@example.org")
    site = world.site
    await site.tallies.refresh(world.db)
    tally = (await world.client.get("/v1/statements/example/tally")).json()
    checkpoint = await released(world)
    assert tally["log_origin"] == checkpoint.origin
    assert (tally["log_size"], tally["log_root"]) == (checkpoint.size, note.encode_base64(checkpoint.root))


async def test_a_restored_database_signs_nothing_and_signing_up_goes_on(world: World) -> None:
    await counted(world, "ada@example.org")
    await lose_the_last(world, lambda: counted(world, "bela@example.org"))
    before = await world.db.pool.fetch("SELECT * FROM log_head ORDER BY statement")
    await counted(world, "cleo@example.org")
    after = await world.db.pool.fetch("SELECT * FROM log_head ORDER BY statement")
    assert [row["checkpoint"] for row in after] == [row["checkpoint"] for row in before]
    answer = await world.client.get("/readyz")
    assert answer.status_code == 503
    assert "older than the log" in answer.json()["detail"]
    assert await world.db.pool.fetchval("SELECT count(*) FROM endorsement") == 3


async def test_a_log_seed_that_changed_signs_nothing_until_the_old_one_is_back(world: World) -> None:
    await counted(world, "ada@example.org")
    await world.submit(person("bela@example.org"))
    [mail] = [mail for mail in await world.send_mail() if mail["To"] == "bela@example.org"]
    await world.confirm(token_of(mail))
    other = msgspec.structs.replace(world.settings, log_seed="another seed, long enough to be taken")
    assert await sequencer.run_once(world.db, make_sealer(other)) == 0
    assert "LOG_SEED" in (await stopped(world))[0]
    assert await world.count() == (2, 0)
    assert await stopped(world) == []


async def test_a_head_that_was_signed_and_not_released_is_released_by_whoever_comes_next(world: World) -> None:
    await counted(world, "ada@example.org")
    file = Path(world.settings.data_dir) / "log" / "example.0"
    first = file.read_text()
    await counted(world, "bela@example.org")
    second = file.read_text()
    # As if the sequencer had been killed after its commit, before the file was written.
    file.write_text(first)
    await world.db.pool.execute(
        "UPDATE log_head SET released_size = 4, released_checkpoint = $1 WHERE statement = 'example'", first
    )
    assert (await released(world)).size == 4
    await world.count()
    assert file.read_text() == second
    assert (await released(world)).size == 6


@pytest.mark.parametrize("damage", ["", "not a note", "other origin"])
async def test_a_damaged_file_stops_the_log(world: World, damage: str) -> None:
    await counted(world, "ada@example.org")
    file = Path(world.settings.data_dir) / "log" / "example.0"
    file.write_text(damage)
    await counted(world, "bela@example.org")
    assert (await released(world)).size == 4
    assert "damaged" in (await stopped(world))[0]
