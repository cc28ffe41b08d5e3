"""`manage.py crm_profile SOURCE`: what an export is and holds, before anything is imported."""

import json
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from crm_import import profiling
from crm_import.management import arguments
from crm_import.profiling import printing
from crm_import.refusals import Refused

EXIT_WARNINGS = 3
EXIT_DATABASE = 9


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
        arguments.add_source(parser)
        parser.add_argument(
            "--json",
            action="store_true",
            dest="as_json",
            help="one JSON document on standard output, progress as JSON lines on standard error",
        )
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
        verbosity: int,
        **options: Any,
    ) -> None:
        """Profile, print, and end with the exit code that fits."""
        begun = time.monotonic()

        def progress(name: str, rows: int) -> None:
            if as_json:
                seconds = round(time.monotonic() - begun, 3)
                said = {"event": "progress", "step": name, "rows": rows, "seconds": seconds}
                self.stderr.write(json.dumps(said))
            elif self.stderr.isatty() or verbosity > 1:
                self.stderr.write(f"{name:<40}{rows:>12,}")

        try:
            profile = profiling.run(
                source=source,
                choices=arguments.choices(options),
                include_personal=include_personal,
                progress=progress,
            )
        except Refused as error:
            raise CommandError(str(error), returncode=error.exit_code) from error
        except DatabaseError as error:
            # Its own text holds values of rows: names and addresses of people.
            message = (
                f"The database stopped the profile ({type(error).__name__}). Nothing was written. "
                "Start again; when it stops there again, report this line."
            )
            raise CommandError(message, returncode=EXIT_DATABASE) from None
        if as_json:
            self.stdout.write(json.dumps(profile.document, indent=1, ensure_ascii=False))
        else:
            for line in printing.lines(profile):
                self.stdout.write(line)
        if profile.has_warnings:
            raise SystemExit(EXIT_WARNINGS)
