"""The processes that use the database: joining the server, starting its supervisor, leaving."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import time
from pathlib import Path

from portal.embedded import log
from portal.embedded.account import check_ownership, ownership_advice
from portal.embedded.binaries import find_binaries
from portal.embedded.errors import EmbeddedPostgresError
from portal.embedded.locks import is_free, is_same_file, wait_for_lock
from portal.embedded.options import extra_settings
from portal.embedded.places import Places
from portal.embedded.sockets import DATABASE, PORT, USER, answers, published_socket_dir

# Crash recovery after a killed bulk load may take minutes; a supervisor that gives up says so
# at once, so waiting long costs nothing.
PATIENCE_SECONDS = 300.0
CHECKOUT = Path(__file__).resolve().parents[2]

# The users' locks of this process, by data folder. A fork shares them, which is right: the child
# uses the server too.
_held: dict[Path, int] = {}


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
    check_ownership(places)
    deadline = time.monotonic() + PATIENCE_SECONDS
    try:
        places.make_data_dir()
        joined_now = _join_users(places, deadline)
        try:
            # Held while looking and starting, so that six processes start one supervisor.
            start_lock = wait_for_lock(places, "start", fcntl.LOCK_EX, deadline)
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
            + ownership_advice(places)
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


def _join_users(places: Places, deadline: float) -> bool:
    """Take the users' lock unless this process has it; True if it was taken now.

    Waits while a supervisor holds it to shut the server down.
    """
    fd = _held.get(places.data_dir)
    if fd is not None:
        if is_same_file(fd, places.lock("users")):
            return False
        # The data folder was deleted and made again: that was a lock of another database.
        release(places.data_dir)
    _held[places.data_dir] = wait_for_lock(places, "users", fcntl.LOCK_SH, deadline)
    return True


def _await_server(places: Places, deadline: float) -> Path:
    """Wait until the server answers, with a supervisor started if there is none.

    Returns the folder of its socket.
    """
    log_start = log.size(places)
    started = False
    while True:
        if is_free(places, "supervisor"):
            if started:
                raise log.did_not_start(places, log_start)
            _start_supervisor(places)
            log_start = min(log_start, log.size(places))
            started = True
        socket_dir = published_socket_dir(places)
        if socket_dir is not None and answers(socket_dir):
            return socket_dir
        if time.monotonic() > deadline:
            raise log.did_not_start(places, log_start)
        time.sleep(0.02)


def _start_supervisor(places: Places) -> None:
    """Start the supervisor; it holds its lock when this returns."""
    log.put_aside_if_long(places)
    log_start = log.size(places)
    output = log.open_to_append(places)
    try:
        # The checkout comes first in the import path, as it does for manage.py. A session of its
        # own: Ctrl-C does not reach it.
        done = subprocess.run(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-m", "portal.embedded.supervisor", str(places.data_dir)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=CHECKOUT,
            start_new_session=True,
            check=False,
        )
    finally:
        os.close(output)
    if done.returncode != 0:
        raise log.did_not_start(places, log_start)
