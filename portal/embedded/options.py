"""The server's settings, and those an operator may add."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING

from portal.embedded.errors import EmbeddedPostgresError
from portal.embedded.sockets import PORT

if TYPE_CHECKING:
    from pathlib import Path

# Docker gives 64 MB of /dev/shm, which one parallel index build exceeds.
SMALL_SHM_BYTES = 512 * 1024 * 1024


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


def server_settings(socket_dir: Path) -> list[str]:
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
