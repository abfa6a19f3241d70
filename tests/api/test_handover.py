"""A log that hands over to the next one: who kept its key or saw its head needn't take the site's word for the past."""

from pathlib import Path

import msgspec
import pytest

from tests.api.test_generations import ended, mirror
from tests.api.test_log import counted
from tests.api.test_restart import ORIGIN, restart
from tests.conftest import World
from tests.unit.test_verify import _no_waiting
from tests.unit.test_verify import site as serving
from undersigned.errors import Refused
from undersigned.log import cosignatures, generations, note, verify
from undersigned.log.generations import GENERATION_MAX
from undersigned.process.worker import make_sealer

__all__ = ["_no_waiting"]  # a fixture


async def begun_anew(world: World, state: Path) -> tuple[dict[str, bytes], str]:
    """What a site serves after its log began anew, and the old log's key; the state is what `watch` saw of the old log."""
    await counted(world, "ada@example.org")
    with serving(await mirror(world)) as url:
        assert verify.main(["watch", f"{url}/log/example", "--state", str(state)]) == 0
    await counted(world, "bela@example.org")
    vkey = (await world.client.get("/log/example/key")).text.strip()
    await restart(world)
    await world.count()
    return await mirror(world), vkey


def signed(world: World, text: str) -> str:
    """A note of the old log's own key."""
    return note.sign(text, ORIGIN, note.derive_key(world.settings.log_seed, ORIGIN))


async def test_the_old_key_signs_which_log_follows_and_who_kept_it_can_tell(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site, old = await begun_anew(world, tmp_path / "state")
    told = await ended(world)
    new = site["/log/example/key"].decode().strip()
    last = " ".join(told["last_checkpoint"].split("\n")[:3])
    assert note.verify(told["handover"], [note.parse_vkey(old)]) == f"undersigned/v1 handover\n{last}\n{new}\n"
    second = (await world.client.get("/log/example/0/keys")).text.splitlines()[1]
    assert cosignatures.verify(told["last_checkpoint"], cosignatures.parse_vkey(second)).origin == ORIGIN
    assert second != (await world.client.get("/log/example/keys")).text.splitlines()[1]
    with pytest.raises(verify.Wrong, match="not a signed checkpoint"):
        verify.open_checkpoint(told["handover"], None)
    capsys.readouterr()
    with serving(site) as url:
        assert verify.main(["tally", f"{url}/log/example", "--previous-key", old]) == 0
        said = capsys.readouterr().out
        assert f"Its key     {old}, as you gave it" in said
        assert f"Hand-over   signed by the key of {ORIGIN}: {new} follows it" in said
        assert verify.main(["tally", f"{url}/log/example/0"]) == 0
        assert f"Hand-over   signed by the key of {ORIGIN}: {new} follows it" in capsys.readouterr().out


async def test_without_key_or_state_the_past_is_said_to_be_on_the_sites_own_word(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site, old = await begun_anew(world, tmp_path / "state")
    capsys.readouterr()
    with serving(site) as url:
        assert verify.main(["tally", f"{url}/log/example"]) == 0
    said = capsys.readouterr().out
    assert f"Its key     {old}, on the log's own word" in said
    assert "--previous-key, or a `watch` state of it with --state" in said


async def test_who_watched_the_old_log_sees_that_it_ended_as_they_saw_it(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site, old = await begun_anew(world, tmp_path / "state")
    capsys.readouterr()
    with serving(site) as url:
        assert verify.main(["tally", f"{url}/log/example", "--state", str(tmp_path / "state")]) == 0
    said = capsys.readouterr().out
    assert f"Its key     {old}, as remembered" in said
    assert "Your state  of 4 entries is how the log began that ended with 6" in said


@pytest.mark.parametrize(("size", "complaint"), [(9, "CUT OFF"), (6, "CUT OFF or changed"), (4, "FORKED")])
async def test_a_past_that_somebody_saw_otherwise_is_exit_2_with_both_notes(
    size: int, complaint: str, world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = tmp_path / "state"
    site, old = await begun_anew(world, state)
    seen = signed(world, note.Checkpoint(ORIGIN, size, bytes(range(32))).text)
    state.write_text(f"{old}\n{seen}")
    capsys.readouterr()
    with serving(site) as url:
        assert verify.main(["tally", f"{url}/log/example", "--state", str(state)]) == 2
    said = capsys.readouterr().out
    assert complaint in said
    assert seen in said
    assert "What this proves" not in said


async def test_a_handover_to_another_key_is_found(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site, _ = await begun_anew(world, tmp_path / "state")
    told = msgspec.json.decode(site["/log/example/0/ended"])
    last = " ".join(told["last_checkpoint"].split("\n")[:3])
    stranger = note.verifier_key(f"{ORIGIN}/1", note.derive_key("another long random secret", ORIGIN)).vkey
    told["handover"] = signed(world, f"undersigned/v1 handover\n{last}\n{stranger}\n")
    with serving(site | {"/log/example/0/ended": msgspec.json.encode(told)}) as url:
        for log in ("/log/example", "/log/example/0"):
            assert verify.main(["tally", f"{url}{log}"]) == 1
            assert "signed that something else follows it" in capsys.readouterr().err


async def test_another_key_than_the_one_that_signed_the_past_is_refused(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site, old = await begun_anew(world, tmp_path / "state")
    stranger = note.verifier_key(ORIGIN, note.derive_key("another long random secret", ORIGIN)).vkey
    with serving(site) as url:
        assert verify.main(["tally", f"{url}/log/example", "--previous-key", stranger]) == 1
        assert "no signature of the key" in capsys.readouterr().err
        assert verify.main(["tally", f"{url}/log/example/0", "--previous-key", old]) == 1
        assert "doesn't follow another one" in capsys.readouterr().err


async def test_a_seed_that_changed_since_hands_nothing_over_and_that_is_said(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    await counted(world, "ada@example.org")
    other = msgspec.structs.replace(world.settings, log_seed="another seed, long enough to be taken")
    await generations.restart(world.db, make_sealer(other), "example")
    assert (await ended(world))["handover"] is None
    await world.db.pool.execute("UPDATE log_head SET vkey = NULL WHERE size = 0")
    await world.count()
    with serving(await mirror(world)) as url:
        assert verify.main(["tally", f"{url}/log/example"]) == 0
    assert f"Hand-over   NOT SIGNED by the key of {ORIGIN}" in capsys.readouterr().out


async def test_a_file_of_a_generation_that_cant_be_is_refused_and_not_an_overflow(world: World) -> None:
    await counted(world, "ada@example.org")
    files = Path(world.settings.data_dir) / "log"
    (files / f"example.{GENERATION_MAX}").write_text("no note")
    with pytest.raises(Refused, match="more generations than there can be"):
        await restart(world)


@pytest.mark.parametrize("generation", [2**31 - 1, 2**31, 2**63, 2**64, 10**40, "9" * 5000, "-1", "1e3"])
async def test_a_generation_that_cant_be_is_not_found(world: World, generation: object) -> None:
    await counted(world, "ada@example.org")
    for name in ("checkpoint", "key", "ended", "tile/0/000.p/4"):
        assert (await world.client.get(f"/log/example/{generation}/{name}")).status_code == 404
