"""Who shares a server, and when it stops."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from pathlib import Path

import pytest

from portal import embedded
from portal.embedded import users
from portal.embedded.supervisor import GRACE_SECONDS, main
from portal.embedded.tests.processes import (
    User,
    ask,
    has_stopped,
    postmaster_pid,
    processes_of,
    wait_until,
)


def test_two_processes_share_one_server_that_stops_with_the_last(data_dir: Path) -> None:
    with User(data_dir) as first, User(data_dir) as second:
        postmaster = postmaster_pid(data_dir) if first.parts() == second.parts() else None
        assert len(processes_of(data_dir)) == 2

        first.leave()
        time.sleep(GRACE_SECONDS + 0.6)
        assert postmaster_pid(data_dir) == postmaster

        second.leave()
    assert has_stopped(data_dir)
    assert "database system is shut down" in (data_dir / "postgres.log").read_text()


def test_six_processes_starting_at_once_get_one_server(scratch: Path) -> None:
    data_dir = scratch / ".data"
    with contextlib.ExitStack() as stack:
        starters = [stack.enter_context(User(data_dir)) for _ in range(6)]
        starts = {ask(user.parts(), "SELECT pg_postmaster_start_time()") for user in starters}

        assert len(starts) == 1
        assert len(processes_of(data_dir)) == 2


def test_newcomer_during_shutdown_gets_a_server_started_anew(data_dir: Path) -> None:
    with User(data_dir) as first:
        parts = first.parts()
        started = ask(parts, "SELECT pg_postmaster_start_time()")
    assert wait_until(lambda: not Path(parts["HOST"], ".s.PGSQL.5432").exists())

    with User(data_dir) as second:
        assert ask(second.parts(), "SELECT pg_postmaster_start_time()") > started


def test_lock_kept_through_exec_keeps_the_server(data_dir: Path) -> None:
    script = """
import os, pathlib, sys
from portal import embedded
embedded.connect(pathlib.Path(sys.argv[1]))
embedded.keep_through_exec()
os.execv(sys.executable, [sys.executable, "-c", "print('{}', flush=True); input()"])
"""
    with User(data_dir, script=script) as user:
        user.parts()
        time.sleep(GRACE_SECONDS + 0.6)
        assert len(processes_of(data_dir)) == 2


def test_interrupt_from_the_terminal_does_not_reach_the_server(running: User) -> None:
    sessions = {os.getsid(pid) for pid in processes_of(running.data_dir)}

    assert sessions
    assert os.getsid(running.process.pid) not in sessions


def test_joining_twice_and_releasing_within_one_process(data_dir: Path) -> None:
    parts = embedded.connect(data_dir)
    assert embedded.connect(data_dir) == parts
    assert ask(parts, "SELECT answer FROM kept") == 42

    embedded.release(data_dir)
    embedded.release(data_dir)

    assert has_stopped(data_dir)


def test_second_supervisor_leaves_at_once(data_dir: Path) -> None:
    lock = os.open(data_dir / "postgres.supervisor.lock", os.O_RDWR)
    fcntl.flock(lock, fcntl.LOCK_EX)
    mask = os.umask(0o077)
    try:
        assert main([str(data_dir)]) == 0
    finally:
        os.umask(mask)
        os.close(lock)

    assert not processes_of(data_dir)


def test_waiting_ends_with_a_message(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(users, "PATIENCE_SECONDS", 0.1)
    lock = os.open(data_dir / "postgres.users.lock", os.O_RDWR)
    fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        with pytest.raises(embedded.EmbeddedPostgresError, match="held by another process"):
            embedded.connect(data_dir)
    finally:
        os.close(lock)
