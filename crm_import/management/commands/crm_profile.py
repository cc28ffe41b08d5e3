"""`manage.py crm_profile SOURCE`: what an export is and holds, before anything is imported."""

import json
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from crm_import import profiling
from crm_import.management import commanding
from crm_import.profiling import printing
from crm_import.progress import Event
from crm_import.sources import Choices

EXIT_WARNINGS = 3


class Command(BaseCommand):
    """Translates the command line into one call of `profiling.run`, and its result into text."""

    help = (
        "Looks at an export of the legacy CRM and writes nothing: its kind, tables, columns, "
        "option values, dates, ids and look-ups, and what to look at before importing it. Values "
        "of personal columns are masked. Exit code 0: nothing odd; 3: there is something to look "
        "at; 2: the command line is wrong; 4: somebody has to decide; 8: the export cannot be "
        "read; 9: the database stopped it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the source and the form of the result."""
        commanding.add_source(parser)
        parser.add_argument(
            "--include-personal",
            action="store_true",
            help="show the most frequent values of personal columns as they are",
        )

    def handle(
        self,
        *,
        source: str,
        as_json: bool,
        include_personal: bool,
        dates: list[tuple[str, str]] | None,
        accept_row_limit: bool,
        verbosity: int,
        **_options: Any,
    ) -> None:
        """Profile, print, and end with the exit code that fits."""
        begun = last = time.monotonic()
        tell = commanding.teller(self, as_json=as_json, verbosity=verbosity)

        def progress(phase: str, rows: int) -> None:
            nonlocal last
            now = time.monotonic()
            tell(Event(phase, rows, now - last, now - begun, left=None, is_over=True))
            last = now

        with commanding.refusals_told(self, as_json=as_json):
            profile = profiling.run(
                source=source,
                choices=Choices(dict(dates or ()), accept_row_limit),
                include_personal=include_personal,
                progress=progress,
            )
        if as_json:
            self.stdout.write(json.dumps(profile.document, indent=1, ensure_ascii=False))
        else:
            for line in printing.lines(profile):
                self.stdout.write(line)
        if profile.has_warnings:
            raise SystemExit(EXIT_WARNINGS)
