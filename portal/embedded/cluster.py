"""The database's files in `postgres/`: made with initdb, checked, mended before a start."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from portal.embedded.account import with_access
from portal.embedded.binaries import MAJOR
from portal.embedded.errors import EmbeddedPostgresError
from portal.embedded.sockets import DATABASE, USER

if TYPE_CHECKING:
    from portal.embedded.account import Runner
    from portal.embedded.places import Places


def has_database(places: Places) -> bool:
    """True if the data folder has a database this version can open; raises if it cannot."""
    try:
        major = (places.pgdata / "PG_VERSION").read_text().strip()
    except FileNotFoundError:
        if places.pgdata.is_dir() and any(places.pgdata.iterdir()):
            raise EmbeddedPostgresError(
                f"{places.pgdata} is not empty and not a PostgreSQL data folder. Move it away."
            ) from None
        return False
    if major != MAJOR:
        raise EmbeddedPostgresError(
            f"{places.pgdata} was made by PostgreSQL {major}, the embedded server is {MAJOR}. "
            "Dump it with the old version, move the folder away and restore into the new one."
        )
    return True


def initialise(places: Places, account: Runner, binaries: Path, *, keep: int) -> None:
    """Make the database. It gets its final name last, so a killed attempt leaves none behind.

    `keep` is the server's lock: a left-over initdb holds it, so nobody works beside it.
    """
    draft = places.data_dir / "postgres.new"
    if draft.exists():
        shutil.rmtree(draft)
    draft.mkdir(mode=0o700)
    account.own(draft)
    runner = with_access(account, binaries, [draft])
    # One locale everywhere, from PostgreSQL itself: sorting does not depend on the machine.
    initdb = runner.popen(
        [
            binaries / "initdb",
            *("-D", draft, "-U", USER, "-A", "trust", "--no-instructions"),
            *("--encoding=UTF8", "--locale=C", "--locale-provider=builtin"),
            "--builtin-locale=C.UTF-8",
        ],
        keep=[keep],
        output=subprocess.PIPE,
    )
    output, _ = initdb.communicate()
    if initdb.returncode != 0:
        raise EmbeddedPostgresError(f"initdb failed:\n{output.decode(errors='replace')}")
    # The socket's folder is private to this account, so whoever reaches it may come in.
    (draft / "pg_hba.conf").write_text("local all all trust\n")
    _create_database(runner, binaries, draft, keep=keep)
    draft.rename(places.pgdata)


def _create_database(runner: Runner, binaries: Path, pgdata: Path, *, keep: int) -> None:
    """Create the portal's database with the server in single-user mode."""
    process = runner.popen(
        # Without exit_on_error this mode reports success whatever happened.
        [binaries / "postgres", "--single", "-D", pgdata, "-c", "exit_on_error=on", "postgres"],
        keep=[keep],
        stdin=subprocess.PIPE,
        output=subprocess.PIPE,
    )
    output, _ = process.communicate(f"CREATE DATABASE {DATABASE};\n".encode())
    if process.returncode != 0:
        raise EmbeddedPostgresError(
            f"creating the database failed:\n{output.decode(errors='replace')}"
        )


def make_startable(places: Places, account: Runner) -> None:
    """Make the data folder startable. The server's lock is held: no process of it lives."""
    # A copy made by root belongs to root, and a plain copy has lost the private mode.
    if account.uid is not None and places.pgdata.stat().st_uid != account.uid:
        for folder, folders, files in os.walk(places.pgdata):
            for name in (*folders, *files):
                account.own(Path(folder) / name)
        account.own(places.pgdata)  # last: it tells that all below is done
    places.pgdata.chmod(0o700)
    # Its process number may belong to somebody else by now, which would block the start.
    (places.pgdata / "postmaster.pid").unlink(missing_ok=True)
