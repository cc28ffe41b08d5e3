"""Where the data may lie, and what is found in the folder."""

from __future__ import annotations

import shutil
from pathlib import Path

import psycopg
import pytest

from portal.embedded.log import LIMIT_BYTES
from portal.embedded.tests.processes import (
    User,
    ask,
    has_stopped,
    stop,
)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("Größe né 患者", id="non-ascii-and-spaces"),
        pytest.param("a, \"b\" 'c' $d", id="comma-and-quotes"),
        pytest.param("/".join(["long" * 10] * 4), id="longer-than-a-socket-path"),
    ],
)
def test_any_path_serves(data_dir: Path, scratch: Path, name: str) -> None:
    moved = scratch / name / ".data"
    moved.parent.mkdir(parents=True)
    data_dir.rename(moved)

    with User(moved) as user:
        parts = user.parts()
        assert ask(parts, "SELECT answer FROM kept") == 42
        assert Path(parts["HOST"]).stat().st_mode & 0o777 == 0o700
    stop(moved)
    assert (Path(parts["HOST"]) == moved / "postgres.socket") or not Path(parts["HOST"]).exists()


def test_copy_of_a_running_folder_does_not_lead_to_the_original(
    data_dir: Path, scratch: Path
) -> None:
    with User(data_dir) as user_of_original:
        original = user_of_original.parts()
        started = ask(original, "SELECT pg_postmaster_start_time()")
        copy = scratch / "copy"
        shutil.copytree(data_dir, copy, ignore=shutil.ignore_patterns(".s.PGSQL*"))
        copy.chmod(0o711)
        (copy / "postgres").chmod(0o755)

        with User(copy) as user:
            assert ask(user.parts(), "SELECT pg_postmaster_start_time()") != started
            assert ask(original, "SELECT answer FROM kept") == 42


def test_deleted_data_folder_is_made_again_while_the_old_server_runs(data_dir: Path) -> None:
    with User(data_dir) as old:
        old.parts()
        shutil.rmtree(data_dir)

        with User(data_dir) as new:
            assert ask(new.parts(), "SELECT to_regclass('kept')") is None
    assert has_stopped(data_dir)


def test_data_of_another_major_version_are_refused(data_dir: Path) -> None:
    (data_dir / "postgres" / "PG_VERSION").write_text("16\n")

    with User(data_dir) as user:
        assert "was made by PostgreSQL 16" in user.parts()["error"]


def test_foreign_files_in_place_of_the_database_are_left_alone(scratch: Path) -> None:
    (scratch / "postgres").mkdir()
    (scratch / "postgres" / "thesis.odt").touch()

    with User(scratch) as user:
        assert "not a PostgreSQL data folder. Move it away." in user.parts()["error"]
    assert (scratch / "postgres" / "thesis.odt").exists()


def test_long_log_is_put_aside_at_a_start(data_dir: Path) -> None:
    (data_dir / "postgres.log").write_bytes(b"x" * (LIMIT_BYTES + 1))

    with User(data_dir) as user:
        assert ask(user.parts(), "SELECT 1") == 1

    assert (data_dir / "postgres.log.1").stat().st_size == LIMIT_BYTES + 1
    assert (data_dir / "postgres.log").stat().st_size < 10_000


def test_log_holds_no_values_of_failed_statements(running: User) -> None:
    with pytest.raises(psycopg.errors.InvalidTextRepresentation):
        ask(running.parts(), "SELECT 'Erika Mustermann'::int")

    assert "Mustermann" not in (running.data_dir / "postgres.log").read_text()
