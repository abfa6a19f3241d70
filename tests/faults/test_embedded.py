"""The embedded PostgreSQL under the accidents that happen to a process on somebody's laptop."""

import asyncio
import os
import pwd
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from tests.process import kill9, remaining
from undersigned.process.embedded import Cluster, OwnedError, running
from undersigned.process.postgres import ACCOUNT, EmbeddedError

OWNER = """
import sys, time
from pathlib import Path
from undersigned.process.embedded import Cluster
Cluster(Path(sys.argv[1])).start()
print("started", flush=True)
time.sleep(60)
"""


def ask(url: str, query: str) -> Any:
    async def fetch() -> Any:
        connection = await asyncpg.connect(url)
        try:
            return await connection.fetchval(query)
        finally:
            await connection.close()

    return asyncio.run(fetch())


def own_and_be_killed(data_dir: Path, when: Callable[[], bool]) -> None:
    """Has another process own the cluster and kills it, with no chance to clean up, once `when` says so."""
    with subprocess.Popen([sys.executable, "-c", OWNER, data_dir], stdout=subprocess.DEVNULL) as owner:
        while not when():
            assert owner.poll() is None
            time.sleep(0.005)
        owner.kill()


def postmaster(cluster: Cluster) -> int:
    return int((cluster.directory / "postmaster.pid").read_text().split()[0])


def test_a_second_start_finds_the_data_of_the_first(data_dir: Path) -> None:
    with running(data_dir) as url:
        ask(url, "CREATE TABLE kept AS SELECT 42 AS answer")
    with running(data_dir) as url:
        assert ask(url, "SELECT answer FROM kept") == 42


def test_nothing_acknowledged_may_be_lost_to_a_power_cut(data_dir: Path) -> None:
    with running(data_dir) as url:
        for name in ("fsync", "synchronous_commit", "full_page_writes", "data_checksums"):
            assert ask(url, f"SHOW {name}") == "on"


def test_the_kernel_says_who_connects_and_nobody_is_trusted(data_dir: Path) -> None:
    with running(data_dir) as url:
        rules = ask(
            url,
            "SELECT array_agg(type || ' ' || auth_method || ' ' || array_to_string(options, ',')) FROM pg_hba_file_rules",
        )
        assert rules == ["local peer map=ours"]
        known = ask(url, "SELECT array_agg(sys_name ORDER BY sys_name) FROM pg_ident_file_mappings")
        owner = pwd.getpwuid(Cluster(data_dir).directory.stat().st_uid).pw_name
        assert known == sorted({owner, pwd.getpwuid(os.geteuid()).pw_name})


def test_the_cluster_of_root_belongs_to_an_account_that_nothing_else_uses(data_dir: Path) -> None:
    owner = Cluster(data_dir).directory.stat().st_uid
    assert owner == (os.geteuid() or pwd.getpwnam(ACCOUNT).pw_uid)
    assert ACCOUNT not in ("postgres", "nobody", "www-data", "daemon")


def test_nobody_can_reach_the_server_over_a_network(data_dir: Path) -> None:
    cluster = Cluster(data_dir)
    with running(data_dir) as url:
        assert ask(url, "SHOW listen_addresses") == ""
        assert cluster.socket_dir.stat().st_mode & 0o777 == 0o700


def test_variables_for_another_postgresql_do_not_disturb(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"PGPORT": "1", "PGDATA": "/nowhere", "PGUSER": "nobody", "PGDATABASE": "other"}.items():
        monkeypatch.setenv(name, value)
    with running(data_dir) as url:
        assert ask(url, "SELECT current_user || '@' || current_database()") == "undersigned@undersigned"


def test_an_orphan_of_a_killed_owner_is_adopted_and_stopped(data_dir: Path) -> None:
    cluster = Cluster(data_dir)
    own_and_be_killed(data_dir, cluster.is_running)
    orphan = postmaster(cluster)
    with running(data_dir) as url:
        assert ask(url, "SELECT 1") == 1
        assert postmaster(cluster) == orphan
    assert not remaining([orphan])


def test_a_killed_server_comes_back_although_its_pid_is_in_use_again(data_dir: Path) -> None:
    cluster = Cluster(data_dir)
    cluster.start()
    try:
        ask(cluster.url, "CREATE TABLE survived AS SELECT 7 AS answer")
        kill9(postmaster(cluster))
        while cluster.is_running():
            time.sleep(0.01)
        file = cluster.directory / "postmaster.pid"
        lines = file.read_text().split("\n", 1)
        file.write_text(f"{os.getpid()}\n{lines[1]}")
        cluster.start()
        assert ask(cluster.url, "SELECT answer FROM survived") == 7
    finally:
        cluster.stop()
    assert not cluster.is_running()


def test_a_cluster_that_was_interrupted_in_the_making_is_made_anew(new_data_dir: Callable[[], Path]) -> None:
    data_dir = new_data_dir()
    cluster = Cluster(data_dir)
    own_and_be_killed(data_dir, lambda: any(cluster.directory.parent.glob(f"{cluster.directory.name}.new/base")))
    assert not cluster.directory.exists()
    with running(data_dir) as url:
        assert ask(url, "SELECT 1") == 1


def test_a_second_owner_is_told_who_the_first_is(data_dir: Path) -> None:
    owner = Cluster(data_dir)
    owner.start()
    try:
        with pytest.raises(OwnedError, match=f"already running as pid {os.getpid()}"):
            Cluster(data_dir).start()
    finally:
        owner.stop()


def test_a_command_beside_the_owner_uses_its_server_and_leaves_it_running(data_dir: Path) -> None:
    owner = Cluster(data_dir)
    owner.start()
    try:
        with running(data_dir) as url:
            assert ask(url, "SELECT 1") == 1
        assert owner.is_running()
    finally:
        owner.stop()


def test_a_data_directory_that_can_not_be_made_is_named_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    data_dir = tmp_path / "file" / "data"
    with pytest.raises(EmbeddedError) as caught:
        Cluster(data_dir).start()
    assert str(data_dir) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("trap", ["a link", "open to all"])
def test_a_socket_directory_that_somebody_else_prepared_is_refused(data_dir: Path, tmp_path: Path, trap: str) -> None:
    cluster = Cluster(data_dir)
    if trap == "a link":
        cluster.socket_dir.symlink_to(tmp_path)
    else:
        cluster.socket_dir.mkdir()
        cluster.socket_dir.chmod(0o777)
    try:
        with pytest.raises(EmbeddedError, match=f"{cluster.socket_dir} is not a private directory"):
            cluster.start()
    finally:
        cluster.stop()
        if cluster.socket_dir.is_symlink():
            cluster.socket_dir.unlink()
    assert not cluster.is_running()


def test_a_server_that_can_not_start_says_why_in_one_line(new_data_dir: Callable[[], Path]) -> None:
    data_dir = new_data_dir()
    with running(data_dir):
        pass
    (Cluster(data_dir).directory / "global" / "pg_control").unlink()
    with pytest.raises(EmbeddedError, match="pg_control") as caught, running(data_dir):
        pass
    assert "\n" not in str(caught.value)


def test_no_new_cluster_takes_the_place_of_one_whose_disk_is_away(new_data_dir: Callable[[], Path]) -> None:
    cluster = Cluster(new_data_dir())
    cluster.start()
    directory = cluster.directory
    away = directory.with_name(f"{directory.name}.away")
    try:
        os.kill(postmaster(cluster), signal.SIGQUIT)
        while cluster.is_alive():
            time.sleep(0.02)
        directory.rename(away)
        with pytest.raises(EmbeddedError, match="is not there"):
            cluster.revive()
        assert not directory.exists()
        away.rename(directory)
        cluster.revive()
        while not cluster.is_running():
            assert cluster.is_alive()
            time.sleep(0.02)
    finally:
        cluster.stop()
