"""The log that the supervisor and PostgreSQL share: `postgres.log` in the data folder."""

from __future__ import annotations

import contextlib
import os
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from portal.embedded.errors import EmbeddedPostgresError

if TYPE_CHECKING:
    from portal.embedded.places import Places

LIMIT_BYTES = 5_000_000


def size(places: Places) -> int:
    """The log's length in bytes, 0 without one."""
    try:
        return places.log.stat().st_size
    except FileNotFoundError:
        return 0


def put_aside_if_long(places: Places) -> None:
    """Move a long log out of the way, over the one that was put aside before."""
    if size(places) > LIMIT_BYTES:
        places.log.replace(places.log.with_suffix(".log.1"))


def open_to_append(places: Places) -> int:
    """The descriptor of the log, to write at its end."""
    return places.open_owned(places.log, os.O_WRONLY | os.O_APPEND)


def say(text: str) -> None:
    """One line from the supervisor, whose standard error is the log."""
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    sys.stderr.write(f"{now} [supervisor {os.getpid()}] {text}\n")
    sys.stderr.flush()


def did_not_start(places: Places, log_start: int) -> EmbeddedPostgresError:
    """The error to raise, with the end of what was logged after the first `log_start` bytes."""
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
