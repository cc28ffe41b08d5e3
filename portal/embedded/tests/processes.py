"""Real processes that use a server, and a look at which ones live."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

import psycopg

from portal.embedded.binaries import find_binaries

CHECKOUT = Path(__file__).resolve().parents[3]
SUPERVISOR = "portal.embedded.supervisor"
# Joins, prints what it got and waits for its standard input to close.
USER_SCRIPT = """
import json, pathlib, sys
from portal import embedded
try:
    parts = embedded.connect(pathlib.Path(sys.argv[1]))
except embedded.EmbeddedPostgresError as error:
    parts = {"error": str(error)}
print(json.dumps(parts), flush=True)
sys.stdin.read()
"""


class User:
    """A process that uses the server of a data folder."""

    def __init__(
        self,
        data_dir: Path,
        *,
        script: str = USER_SCRIPT,
        python: str = sys.executable,
        uid: int | None = None,
        **environment: str,
    ) -> None:
        self.data_dir = data_dir
        self._parts: dict[str, str] | None = None
        self.process = subprocess.Popen(
            [python, "-c", script, str(data_dir)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": import_path()} | environment,
            cwd="/",
            user=uid,
            group=uid,
            extra_groups=None if uid is None else [],
        )

    def parts(self) -> dict[str, str]:
        """What `connect` returned, or {"error": …}; waits for it."""
        if self._parts is None:
            assert self.process.stdout is not None
            self._parts = json.loads(self.process.stdout.readline())
        assert self._parts is not None
        return self._parts

    def leave(self) -> None:
        """End as a program ends."""
        self.process.communicate(timeout=30)

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate(timeout=30)

    def __enter__(self) -> User:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.process.returncode is None:
            self.leave()


def import_path() -> str:
    """PYTHONPATH for an interpreter other than the one of the virtual environment."""
    return os.pathsep.join([str(CHECKOUT), str(find_binaries().parents[2])])


def ask(parts: dict[str, str], query: str) -> Any:
    """The first column of the first row, None for a statement without rows."""
    assert "error" not in parts, parts["error"]
    with psycopg.connect(
        host=parts["HOST"], port=parts["PORT"], user=parts["USER"], dbname=parts["NAME"]
    ) as connection:
        cursor = connection.execute(query)
        row = cursor.fetchone() if cursor.description else None
    return row and row[0]


def postmaster_pid(data_dir: Path) -> int:
    return int((data_dir / "postgres" / "postmaster.pid").read_text().splitlines()[0])


def processes_of(folder: Path) -> dict[int, str]:
    """The supervisors and servers working in or below a folder: process number to program."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                program, *words = os.fsdecode((entry / "cmdline").read_bytes()).split("\0")
                serves = program.endswith(("/postgres", "/initdb")) or SUPERVISOR in words
                if serves and any(f"{word}/".startswith(f"{folder}/") for word in words):
                    found[int(entry.name)] = program
    return found


def supervisor_pids(folder: Path) -> list[int]:
    return [pid for pid, name in processes_of(folder).items() if not name.endswith("postgres")]


def wait_until(condition: Callable[[], bool], *, seconds: float = 20) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def has_stopped(folder: Path, *, seconds: float = 20) -> bool:
    """True once neither supervisor nor PostgreSQL is left in or below a folder."""
    return wait_until(lambda: not processes_of(folder), seconds=seconds)


def stop(folder: Path) -> None:
    """End the servers in or below a folder now, not after the grace they give to latecomers."""
    for pid in supervisor_pids(folder):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
    assert has_stopped(folder)
