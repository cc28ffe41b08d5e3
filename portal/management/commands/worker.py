"""The worker: sends what is due in the outbox."""

import os
import signal
import sys
import threading
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.contrib.django.django_connector import DjangoConnector

from patients import outgoing, sending


class Command(BaseCommand):
    help = (
        "Sends messages to patients as they become due, until it is told to stop (SIGTERM or "
        "SIGINT; what is being sent is finished first). Any number may run at once."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--once",
            action="store_true",
            help="send what is due now and end: for a schedule where nothing can stay running",
        )
        parser.add_argument(
            "--attached",
            action="store_true",
            help="also stop when standard input closes, as it does when who started it ends",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        # Until the queue listens to signals itself.
        before = signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(0))
        try:
            if options["attached"]:
                threading.Thread(target=_stop_at_end_of_input, daemon=True).start()
            _work(once=options["once"])
        finally:
            signal.signal(signal.SIGTERM, before)


def _work(*, once: bool) -> None:
    # What a worker left behind that died; from now on the sweep runs once a minute.
    sending.sweep(now=timezone.now())
    with app.replace_connector(DjangoConnector().get_worker_connector()):
        app.run_worker(
            queues=[outgoing.QUEUE],
            wait=not once,
            listen_notify=not once,
            # The outbox is the record of what became of a message.
            delete_jobs="always",
        )


def _stop_at_end_of_input() -> None:
    # Not through sys.stdin, whose lock a thread would hold when the interpreter ends.
    while os.read(sys.stdin.fileno(), 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
