"""Operators at their terminals: commands, other sessions, and processes that can be killed."""

import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from typing import Any
from urllib.parse import quote

import psycopg
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection

from crm_import import importing
from crm_import.tests import checksums, exports


def command(name: str, *args: Any) -> tuple[int, str]:
    """(exit code, what was printed)"""
    out = StringIO()
    try:
        call_command(name, *map(str, args), stdout=out, stderr=out)
    except SystemExit as end:
        return int(end.code or 0), out.getvalue()
    except CommandError as error:
        return error.returncode, f"{out.getvalue()}{error}"
    return 0, out.getvalue()


def other_session() -> "psycopg.Connection[Any]":
    """Another connection to the database of the test."""
    parameters = {**connection.get_connection_params(), "dbname": connection.settings_dict["NAME"]}
    for name in ("cursor_factory", "context", "server_side_binding", "pool"):
        parameters.pop(name, None)
    return psycopg.connect(**parameters)


def url_of_database() -> str:
    """The address of the database of the test."""
    database = connection.settings_dict
    host = quote(database["HOST"] or database.get("OPTIONS", {}).get("host", ""), safe="")
    user = database["USER"] + (f":{database['PASSWORD']}" if database["PASSWORD"] else "")
    port = f"&port={database['PORT']}" if database["PORT"] else ""
    return f"postgres://{user}@/{database['NAME']}?host={host}{port}"


# Forks a process for each line it reads, which begins in no time, unlike a program. It prints the
# number of each and, when it is asked to wait, how it ended and what it said.
_PROGRAM = """
import json, os, signal, sys
# A shell starts what runs in the background with interrupts ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
import django
django.setup()
from crm_import.tests import operators
from django.core.management import call_command
children = {}
for line in sys.stdin:
    words = json.loads(line)
    if words[0] == "wait":
        pid = words[1]
        _, status = os.waitpid(pid, 0)
        with os.fdopen(children.pop(pid)) as said:
            answer = [os.waitstatus_to_exitcode(status), said.read()]
    else:
        reading, writing = os.pipe()
        pid = os.fork()
        if not pid:
            os.dup2(writing, 1)
            os.close(0)
            code, said = operators.act(*words)
            os.write(1, said.encode())
            os._exit(code)
        os.close(writing)
        children[pid] = reading
        answer = pid
    print(json.dumps(answer), flush=True)
"""


def act(name: str, *args: str) -> tuple[int, str]:
    """What a forked process does: a command, or one of the looks at what is there."""
    if name in _LOOKS:
        return 0, _LOOKS[name](*args)
    return command(name, *args)


def _state() -> str:
    return hashlib.sha256(json.dumps(checksums.state(), sort_keys=True).encode()).hexdigest()


def _rehearsed(folder: str) -> str:
    """The state that an import would leave, taken before it is rolled back."""
    found: list[str] = []
    importing.run(
        source=folder, by=None, dry_run=True, ending=lambda _result: found.append(_state())
    )
    return found[0]


_LOOKS = {"state": _state, "rehearsed": _rehearsed}


class Operators:
    """Starts commands in processes of their own, on the database at `url`."""

    def __init__(self, url: str) -> None:
        unmeasured = {key: value for key, value in os.environ.items() if "COV" not in key}
        self._program = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM],
            cwd=settings.BASE_DIR,
            env={
                **unmeasured,
                "DJANGO_SETTINGS_MODULE": "portal.settings",
                "DATABASE_URL": url,
                "DATABASE_POOL_SIZE": "0",
                "SECRET_KEY": "x" * 60,
                "ALLOWED_HOSTS": "localhost",
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def start(self, name: str, *args: Any) -> int:
        """Start a command, `state` or `rehearsed FOLDER`; the number of its process."""
        return int(self._ask(name, *map(str, args)))

    def wait(self, process: int) -> tuple[int, str]:
        """(exit code, less than 0 for a signal; what it said)"""
        code, said = self._ask("wait", process)
        return code, said

    def done(self, name: str, *args: Any) -> str:
        """Start, wait, and return what was said; the command has to end well."""
        code, said = self.wait(self.start(name, *args))
        assert code in (0, 3), said
        return said

    def _ask(self, *words: Any) -> Any:
        assert self._program.stdin
        assert self._program.stdout
        self._program.stdin.write(json.dumps(words) + "\n")
        self._program.stdin.flush()
        return json.loads(self._program.stdout.readline())

    def leave(self) -> None:
        self._program.communicate()


@contextmanager
def operators(url: str) -> Iterator[Operators]:
    """Operators at work, who leave afterwards."""
    ours = Operators(url)
    try:
        yield ours
    finally:
        ours.leave()


def wait_for(question: str, answer: Any) -> None:
    """Until the database gives this answer."""
    deadline = time.monotonic() + 60
    with other_session() as other:
        other.autocommit = True
        while other.execute(question).fetchone() != (answer,):
            assert time.monotonic() < deadline, question
            time.sleep(0.02)


# How many imports hold or wait for the lock.
LOCKS = (
    "SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database "
    "WHERE l.locktype = 'advisory' AND d.datname = current_database()"
)


def family(number: int) -> dict[str, list[exports.Row]]:
    """An export with a bit of everything; another `number`, the same people a while later."""
    newer = exports.NEWER if number else {}
    return {
        "contacts": [
            *(
                exports.contact(
                    *(n, f"Name{n}", "Berg", f"n{n}@example.org"),
                    booking_date=exports.iso(exports.LATER if number else exports.SOON),
                    hospital=exports.guid(50),
                    **newer,
                )
                for n in range(1, 30)
            ),
            exports.contact(31, "Ina", f"Later{number}", "n1@example.org"),
            exports.physician(40, "Ida", "Vos", hospital=exports.guid(50)),
        ],
        "patients": [
            exports.patient(n, f"Name{n}", "Berg", of=n, trial_id="NCT01234567", **newer)
            for n in range(1, 10)
        ],
        "dossiers": [exports.dossier(1, "EAP-1", of=1)],
        "hospitals": [{"hospitalid": exports.guid(50), "name": "Clinic", "city": "Delft"}],
    }
