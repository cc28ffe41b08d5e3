"""The Unix socket: where it lies, how users learn of it, and whether the server answers there."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import socket
import stat
import struct
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from portal.embedded.account import account_name, server_account
from portal.embedded.errors import EmbeddedPostgresError

if TYPE_CHECKING:
    from portal.embedded.account import Runner
    from portal.embedded.places import Places

DATABASE = USER = "portal"
# With no TCP listener the port is only a part of the socket's file name.
PORT = "5432"
# sun_path: 108 bytes on Linux, 104 on macOS, each with the closing NUL.
SOCKET_PATH_LIMIT = 107 if sys.platform == "linux" else 103


def choose_socket_dir(places: Places) -> Path:
    """The socket's folder: in the data folder, or in the temp folder if that path is too long.

    Always the same for the same data folder. Raises EmbeddedPostgresError if none is short enough.
    """
    own = places.socket_dir
    # libpq takes a comma in the host for a list of hosts.
    if _fits_socket(own) and "," not in str(own):
        return own
    # The name is always the same for this folder and account, so that an adopting supervisor
    # finds it and kills leave no trail of folders. A copy has another inode, so another name.
    folder = places.data_dir.stat()
    account = server_account(places).uid
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


def _fits_socket(folder: Path) -> bool:
    return len(os.fsencode(folder / f".s.PGSQL.{PORT}")) <= SOCKET_PATH_LIMIT


def make_socket_dir(places: Places, socket_dir: Path, account: Runner) -> None:
    """Make the socket's folder, or empty the one of a killed server; private either way."""
    expected = os.geteuid() if account.uid is None else account.uid
    with contextlib.suppress(FileExistsError):
        socket_dir.mkdir(mode=0o700)
        account.own(socket_dir)
    found = socket_dir.lstat()
    if socket_dir.parent == places.data_dir:
        account.own(socket_dir)  # after a copy it may belong to whoever copied
        socket_dir.chmod(0o700)
    elif found.st_uid != expected or found.st_mode != stat.S_IFDIR | 0o700:
        # In the shared temp folder anybody may have been first.
        raise EmbeddedPostgresError(
            f"{socket_dir} is in the way, left there by "
            f"{account_name(found.st_uid)}. Delete it, or set TMPDIR to a folder of your own."
        )
    for left_over in socket_dir.iterdir():
        left_over.unlink()


def publish(lock: int, places: Places, socket_dir: Path) -> None:
    """Tell the users that the server is up, in the file of the supervisor's lock."""
    own_place = socket_dir == places.socket_dir
    text = json.dumps({"socket_dir": None if own_place else str(socket_dir)})
    os.pwrite(lock, text.encode(), 0)


def withdraw(lock: int) -> None:
    """Tell the users that the server is down."""
    os.ftruncate(lock, 0)


def published_socket_dir(places: Places) -> Path | None:
    """The folder of the socket as the supervisor published it; None while the server is not up."""
    try:
        folder = json.loads(places.lock("supervisor").read_text())["socket_dir"]
    except (OSError, ValueError):
        # Empty, or read in the middle of being written: not up yet.
        return None
    # Null stands for the data folder's own place, so that a moved checkout finds it.
    return places.socket_dir if folder is None else Path(folder)


def answers(socket_dir: Path) -> bool:
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
