"""Bring the portal up: migrate, fill an empty demonstration, serve."""

import os
import subprocess
import sys
import tempfile
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connection, transaction
from django.utils import timezone

from crm_import import importing
from crm_import.demo import write_export
from patients.models import Patient
from portal import demo, embedded
from portal.core.models import User


class Command(BaseCommand):
    help = (
        "Applies migrations and serves with gunicorn. On the embedded database, when it is empty, "
        "a demonstration legacy CRM is generated and imported first, and a worker runs beside it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--people", type=int, default=1000, help="in the demonstration")

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("migrate", verbosity=0)
        port = options["port"]
        if settings.EMBEDDED:
            self.fill(people=options["people"])
            os.environ["PORTAL_WELCOME"] = demo.welcome(port)
            os.environ["GUNICORN_BIND"] = f"127.0.0.1:{port}"
            os.environ.setdefault("GUNICORN_LOGLEVEL", "warning")
            embedded.keep_through_exec()
        os.environ["PORT"] = str(port)
        if settings.EMBEDDED:
            start_worker()
        connection.close()
        sys.stdout.flush()
        config = settings.BASE_DIR / "deploy" / "gunicorn.conf.py"
        os.chdir(settings.BASE_DIR)
        os.execv(  # noqa: S606 - gunicorn takes over this process, so Ctrl-C reaches it
            sys.executable, [sys.executable, "-m", "gunicorn", "--config", str(config)]
        )

    def fill(self, *, people: int) -> None:
        """Make the demonstration, unless the portal holds anybody already."""
        strangers = User.objects.exclude(username__in=demo.usernames())
        if Patient.objects.exists() or strangers.exists():
            return
        self.stdout.write("Generating a legacy CRM of invented people and importing it ...")
        navigators = demo.make_staff()
        with tempfile.TemporaryDirectory() as folder:
            source = Path(folder) / "crm"
            write_export(source, people=people)
            # One transaction: a demonstration without owners would be taken for a finished one.
            with transaction.atomic():
                importing.run(source=source, by=None)
                demo.share_out(navigators)
                demo.live_through(navigators, now=timezone.now())
        self.stdout.write(
            f"{Patient.objects.count()} people are there: see Home, and Migration for the import."
        )


def start_worker() -> "subprocess.Popen[bytes]":
    """Start a worker that ends with this process, whatever it becomes and however it ends.

    It reads from a pipe whose other end nobody has but this process and its forks, and stops when
    the last of them has closed it. In a session of its own, Ctrl-C does not interrupt a mail.
    """
    reader, writer = os.pipe()
    os.set_inheritable(writer, True)
    worker = subprocess.Popen(  # noqa: S603 - our own interpreter and command
        [sys.executable, str(settings.BASE_DIR / "manage.py"), "worker", "--attached"],
        stdin=reader,
        start_new_session=True,
    )
    os.close(reader)
    return worker
