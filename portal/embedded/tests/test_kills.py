"""Any process may be killed, and the next user finds the data."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

from portal.embedded.tests.processes import (
    User,
    ask,
    has_stopped,
    postmaster_pid,
    processes_of,
    supervisor_pids,
    wait_until,
)


def test_killed_users_count_as_gone(data_dir: Path) -> None:
    with User(data_dir) as first, User(data_dir) as second:
        first.parts()
        parts = second.parts()

        first.kill()
        assert ask(parts, "SELECT answer FROM kept") == 42

        second.kill()
    assert has_stopped(data_dir)


def test_killed_supervisor_is_replaced_by_the_next_user(data_dir: Path) -> None:
    with User(data_dir) as first:
        started = ask(first.parts(), "SELECT pg_postmaster_start_time()")
        (supervisor,) = supervisor_pids(data_dir)
        os.kill(supervisor, signal.SIGKILL)
        assert wait_until(lambda: not supervisor_pids(data_dir))

        with User(data_dir) as second:
            assert ask(second.parts(), "SELECT pg_postmaster_start_time()") == started
            assert len(supervisor_pids(data_dir)) == 1
            first.leave()
    assert has_stopped(data_dir)


def test_server_left_alone_by_kills_is_stopped_by_the_next_user(data_dir: Path) -> None:
    with User(data_dir) as user:
        user.parts()
        for pid in supervisor_pids(data_dir):
            os.kill(pid, signal.SIGKILL)
        user.kill()
    time.sleep(0.3)
    assert processes_of(data_dir)

    with User(data_dir) as user:
        assert ask(user.parts(), "SELECT answer FROM kept") == 42
    assert has_stopped(data_dir)


def test_killed_postgres_comes_back_for_its_users_with_the_same_data(data_dir: Path) -> None:
    with User(data_dir) as user:
        parts = user.parts()
        ask(parts, "INSERT INTO kept VALUES (43)")
        killed = postmaster_pid(data_dir)
        os.kill(killed, signal.SIGKILL)

        with User(data_dir) as newcomer:
            assert ask(newcomer.parts(), "SELECT sum(answer) FROM kept") == 85
            assert ask(parts, "SELECT sum(answer) FROM kept") == 85
            assert postmaster_pid(data_dir) != killed


def test_everything_killed_starts_again_although_the_process_number_is_reused(
    data_dir: Path,
) -> None:
    with User(data_dir) as user:
        ask(user.parts(), "INSERT INTO kept VALUES (43)")
        for pid in [*supervisor_pids(data_dir), postmaster_pid(data_dir)]:
            os.kill(pid, signal.SIGKILL)
        user.kill()
    assert has_stopped(data_dir)
    # A foreign process of the server's own account, under the number PostgreSQL left behind:
    # on its own PostgreSQL refuses to start then.
    account = (data_dir / "postgres").stat()
    with subprocess.Popen(
        ["sleep", "60"], user=account.st_uid if os.geteuid() == 0 else None
    ) as foreign:
        for name in ("postgres/postmaster.pid", "postgres.socket/.s.PGSQL.5432.lock"):
            path = data_dir / name
            _, *rest = path.read_text().splitlines(keepends=True)
            path.write_text("".join([f"{foreign.pid}\n", *rest]))

        with User(data_dir) as user:
            assert ask(user.parts(), "SELECT sum(answer) FROM kept") == 85
        foreign.kill()


def test_killed_during_the_first_start_leaves_nothing_in_the_way(scratch: Path) -> None:
    data_dir = scratch / ".data"
    with User(data_dir) as user:
        assert wait_until(lambda: (data_dir / "postgres.new" / "PG_VERSION").exists())
        for pid in supervisor_pids(data_dir):
            os.kill(pid, signal.SIGKILL)
        user.kill()

    with User(data_dir) as user:
        assert ask(user.parts(), "SELECT 1") == 1
    assert not (data_dir / "postgres.new").exists()


def test_supervisor_told_to_end_stops_the_server_and_the_next_user_starts_it(
    data_dir: Path,
) -> None:
    with User(data_dir) as user:
        user.parts()
        (supervisor,) = supervisor_pids(data_dir)
        os.kill(supervisor, signal.SIGTERM)
        assert has_stopped(data_dir)

        with User(data_dir) as newcomer:
            assert ask(newcomer.parts(), "SELECT answer FROM kept") == 42
