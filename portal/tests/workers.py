"""Real worker processes on the test database, ready to be killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from django.conf import settings
from django.db import connection

# Has everything loaded and forks a worker for each line of arguments, so that it works at once.
NURSERY = """
import os, sys
import django
from django.conf import settings

settings.DATABASES["default"]["NAME"] = sys.argv[1]
settings.EMAIL_BACKEND = "portal.tests.counting.Counting"
settings.EMAIL_FILE_PATH = sys.argv[2]
settings.MAIL_IS_ON = True
django.setup()
from django.core.management import call_command, load_command_class
from django.template.loader import get_template
from django.urls import get_resolver
from django.utils import translation
command = load_command_class("portal", "worker")
# What else each would read and compile for its first mail.
with translation.override("nl"):
    get_resolver()._populate()
    for ending in ("txt", "html"):
        get_template("bookings/mail/call." + ending)
for line in sys.stdin:
    child = os.fork()
    if child == 0:
        call_command(command, *line.split())
        os._exit(0)
    print(child, flush=True)
    _child, status = os.waitpid(child, 0)
    print(os.waitstatus_to_exitcode(status), flush=True)
"""


class Worker:
    """One worker process."""

    def __init__(self, nursery: Nursery, *arguments: str) -> None:
        nursery.orders.write(f"{' '.join(arguments)}\n")
        nursery.orders.flush()
        self.nursery = nursery
        self.pid = int(nursery.answers.readline())

    def end(self, number: signal.Signals) -> int:
        """Send the signal and wait; the exit code, negative for a signal that killed it."""
        os.kill(self.pid, number)
        return self.exit_code()

    def exit_code(self) -> int:
        """Wait until it has ended."""
        code = int(self.nursery.answers.readline())
        self.nursery.running = None
        return code


class Nursery:
    """Where workers come from, one after the other."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self.orders: IO[str] = process.stdin
        self.answers: IO[str] = process.stdout
        self.running: Worker | None = None

    def worker(self, *arguments: str) -> Worker:
        self.running = Worker(self, *arguments)
        return self.running


@contextmanager
def nursery(mail_folder: Path) -> Iterator[Nursery]:
    """Workers on the test database that put the mails into this folder."""
    name = str(connection.settings_dict["NAME"])
    process = subprocess.Popen(
        [sys.executable, "-c", NURSERY, name, str(mail_folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=settings.BASE_DIR,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "portal.settings"},
    )
    with process:
        workers = Nursery(process)
        try:
            yield workers
        finally:
            if workers.running is not None:
                workers.running.end(signal.SIGKILL)
            workers.orders.close()
