"""The locks in the data folder, from which everybody reads who is alive."""

from __future__ import annotations

import fcntl
import os
import time
from typing import TYPE_CHECKING

from portal.embedded.errors import EmbeddedPostgresError

if TYPE_CHECKING:
    from pathlib import Path

    from portal.embedded.places import Places


def wait_for_lock(places: Places, name: str, kind: int, deadline: float) -> int:
    """Wait for a lock until `deadline` (monotonic seconds) and return its file descriptor.

    `kind` is LOCK_SH or LOCK_EX. Raises EmbeddedPostgresError at the deadline.
    """
    while True:
        fd = open_lock(places, name)
        try:
            while not try_flock(fd, kind):
                if time.monotonic() > deadline:
                    raise EmbeddedPostgresError(
                        f"{places.lock(name)} has been held by another process for minutes. "
                        f"See the end of {places.log}."
                    )
                time.sleep(0.02)
        except BaseException:
            os.close(fd)
            raise
        if is_same_file(fd, places.lock(name)):
            return fd
        # Somebody deleted the data folder while we waited; the lock on a ghost protects nothing.
        os.close(fd)


def is_free(places: Places, name: str) -> bool:
    """True if nobody holds the lock right now."""
    fd = open_lock(places, name)
    try:
        return try_flock(fd, fcntl.LOCK_EX)
    finally:
        os.close(fd)


def open_lock(places: Places, name: str) -> int:
    """The descriptor of a lock's file, made if need be; nothing is locked yet."""
    return places.open_owned(places.lock(name), os.O_RDWR)


def try_flock(fd: int, kind: int) -> bool:
    """Take the lock without waiting; False if somebody else is in the way."""
    try:
        fcntl.flock(fd, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def is_same_file(fd: int, path: Path) -> bool:
    """True if `path` still names the opened file; False if it was deleted or made again."""
    try:
        return os.path.samestat(os.fstat(fd), path.stat())
    except FileNotFoundError:
        return False
