"""One import at a time: the lock, and who holds it.

The lock is PostgreSQL's, so it ends with the transaction, however that ends. Whoever takes it says
in the name of their session who and where they are, for the one who comes second.
"""

import getpass
import os
import socket
from datetime import UTC
from typing import Any

from django.db import connection

from crm_import.refusals import AnotherRun
from portal.core.models import User

# Any number will do as long as no other lock of the portal has it.
LOCK = 0x63726D5F696D706F

# The longest name of a session that PostgreSQL keeps.
_LONGEST = 63
_WORD = "crm_import"
# A lock of one 64-bit number is shown as two of 32 bits.
_HOLDER = """
SELECT a.pid, a.application_name, a.xact_start FROM pg_locks l
JOIN pg_database d ON d.oid = l.database AND d.datname = current_database()
LEFT JOIN pg_stat_activity a ON a.pid = l.pid
WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
    AND (l.classid::bigint << 32) + l.objid::bigint = %s
"""


def take(*, by: User | None) -> None:
    """Take the lock until the end of the transaction.

    Raises AnotherRun, saying who has it and since when.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('application_name', %s, true)", [_name(by)])
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            cursor.execute(_HOLDER, [LOCK])
            raise AnotherRun(
                f"Another crm_import is running{_told(cursor.fetchone())}. Nothing was written. "
                "Wait until it has finished and start again."
            )


def _name(by: User | None) -> str:
    """`crm_import PROCESS USER HOST`, the host cut where PostgreSQL would cut it."""
    user = by.get_username() if by else _account()
    words = (_WORD, str(os.getpid()), user.replace(" ", "_")[:20], socket.gethostname())
    return " ".join(words)[:_LONGEST]


def _account() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run under a number that has no name
        return str(os.getuid())


def _told(holder: Any) -> str:
    if holder is None:  # it has ended meanwhile
        return ""
    server, name, since = holder
    when = f"{since.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if since else "a moment unknown"
    match (name or "").split(" ", 3):
        case [word, process, user, host] if word == _WORD:
            who = f", started by {user} on {host} as process {process}"
        case _:
            who = ", in a session that does not say whose it is"
    return f": since {when}{who} (server process {server})"
