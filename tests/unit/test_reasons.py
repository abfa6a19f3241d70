"""Why PostgreSQL gave up is said in its own words, whatever else its log has."""

from pathlib import Path

import pytest

from undersigned.process.postgres import reason_in

FULL = 'could not write to file "pg_wal/xlogtemp.4242": No space left on device'
STARTING = "2026-11-27 12:00:01 UTC [11] FATAL:  the database system is starting up"
LOGS = {
    "a panic, and who asked meanwhile": [f"2026-11-27 12:00:00 UTC [9] PANIC:  {FULL}", STARTING, STARTING],
    "a panic, and the end that follows from it": [
        f"UTC [9] PANIC:  {FULL}",
        "UTC [1] FATAL:  could not fork",
        STARTING,
    ],
    "a start that fails": [STARTING, f"UTC [1] FATAL:  {FULL}", "UTC [1] LOG:  database system is shut down"],
    "an error of a statement before": ["UTC [9] ERROR:  too old", f"UTC [9] FATAL:  {FULL}"],
    "no more than an error": [f"UTC [9] ERROR:  {FULL}", "UTC [1] LOG:  shutting down", STARTING],
}


@pytest.mark.parametrize("case", list(LOGS))
def test_the_reason_is_what_ended_the_server_and_not_what_clients_were_told(case: str, tmp_path: Path) -> None:
    log = tmp_path / "postgres.log"
    before = "UTC [3] PANIC:  of the start before\n"
    log.write_text(before + "\n".join(LOGS[case]) + "\n")
    assert reason_in(log, len(before)) == FULL


def test_a_log_that_says_nothing_is_said_to(tmp_path: Path) -> None:
    log = tmp_path / "postgres.log"
    log.touch()
    assert reason_in(log, 0) == "it wrote no reason to its log"
