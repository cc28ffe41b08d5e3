"""`manage.py crm_import SOURCE`: the migration from the legacy CRM."""

import json
import os
from argparse import ArgumentParser, ArgumentTypeError
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from crm_import import importing
from crm_import.refusals import Refused
from crm_import.reporting import OUTCOMES, appearing
from crm_import.sources import Choices, Source

EXIT_QUARANTINED = 3
EXIT_DATABASE = 9


class Command(BaseCommand):
    """Translates the command line into one call of `importing.run`, and its result into text."""

    help = (
        "Imports an export of the legacy CRM into the portal, in one transaction. What kind of "
        "export it is, is found out. The same export again changes nothing. Exit code 0: every "
        "row was placed; 3: some are in quarantine. Nothing was written: 2: the command line is "
        "wrong; 4: somebody has to decide; 5: the rows do not add up; 6: too much was deleted; 7: "
        "another run is under way; 8: the export cannot be read; 9: the database stopped it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the source and the files to write."""
        parser.add_argument("source", help="a folder, a .zip, or postgres://… of a database")
        parser.add_argument("--dry-run", action="store_true", help="the real run, rolled back")
        parser.add_argument("--report", type=Path, help="write the reconciliation as JSON")
        parser.add_argument("--problems", type=Path, help="write what to look at as CSV")
        parser.add_argument(
            *("--dates",),
            type=_order,
            action="append",
            default=[],
            metavar="COLUMN=dmy|mdy",
            help="the order of day and month in a column of a spreadsheet",
        )
        parser.add_argument(
            "--accept-row-limit",
            action="store_true",
            help="a sheet of exactly 100,000 rows is whole",
        )
        parser.add_argument(
            *("--accept-deletes",),
            type=int,
            default=0,
            metavar="N",
            help="so many deleted rows of a table are right",
        )

    def handle(
        self,
        *,
        source: str,
        dry_run: bool,
        report: Path | None,
        problems: Path | None,
        dates: list[tuple[str, str]],
        accept_row_limit: bool,
        accept_deletes: int,
        verbosity: int,
        **_options: Any,
    ) -> None:
        """Run, print the reconciliation, and end with the exit code that fits."""
        _expect_writable(report, problems)

        def progress(name: str, rows: int) -> None:
            if self.stderr.isatty() or verbosity > 1:
                self.stderr.write(f"{name:<40}{rows:>12,}")

        # The files are opened before the load and appear after it was committed.
        with ExitStack() as files:
            written = files.enter_context(appearing(report)) if report else None
            told = files.enter_context(appearing(problems)) if problems else None
            try:
                result = importing.run(
                    source=source,
                    by=None,
                    dry_run=dry_run,
                    choices=Choices(dict(dates), accept_row_limit),
                    accept_deletes=accept_deletes,
                    problems=told,
                    progress=progress,
                )
            except Refused as error:
                raise CommandError(str(error), returncode=error.exit_code) from error
            except DatabaseError as error:
                # Its own text holds values of rows: names and addresses of people.
                raise CommandError(_refusal(error), returncode=EXIT_DATABASE) from None
            if written is not None:
                written.write(json.dumps(result.report, indent=1) + "\n")
        if verbosity:
            self._say_source(result.source)
            self._print(result.report, result.updated)
        if verbosity > 2:
            for name, seconds in sorted(result.seconds.items(), key=lambda item: -item[1]):
                self.stderr.write(f"{seconds:8.3f} s  {name}")
        if result.quarantined:
            raise SystemExit(EXIT_QUARANTINED)

    def _say_source(self, source: Source) -> None:
        self.stdout.write(f"{source.kind}: {source.why}.")
        if source.ignored:
            self.stdout.write(f"Not read: {', '.join(sorted(source.ignored))}.")
        self.stdout.write("")

    def _print(self, report: dict[str, Any], updated: dict[str, int]) -> None:
        widths = [max(len(name), 9) for name in OUTCOMES]
        head = "".join(f"{name:>{width + 2}}" for name, width in zip(OUTCOMES, widths, strict=True))
        self.stdout.write(f"{'table':<18}{head}")
        for table, counts in report["tables"].items():
            cells = "".join(
                f"{counts[name]:>{width + 2},}"
                for name, width in zip(OUTCOMES, widths, strict=True)
            )
            self.stdout.write(f"{table:<18}{cells}")
        self.stdout.write("")
        self.stdout.write(f"{'':<20}{'created':>12}{'in the portal':>16}")
        for key, made in report["created"].items():
            self.stdout.write(f"{key:<20}{made:>12,}{report['totals'][key]:>16,}")
        if any(updated.values()):
            self.stdout.write("")
            self.stdout.write(f"{'':<20}{'updated':>12}")
            for key, rows in updated.items():
                self.stdout.write(f"{key:<20}{rows:>12,}")
        if report["problems"]:
            self.stdout.write("")
            self.stdout.write(f"{'problem':<28}{'rows':>8}")
            for code, count in report["problems"].items():
                self.stdout.write(f"{code:<28}{count:>8,}")
        if report["dry_run"]:
            self.stdout.write("")
            self.stdout.write("Dry run: nothing of this was kept.")


def _order(text: str) -> tuple[str, str]:
    column, _equals, order = text.partition("=")
    if not column or order not in ("dmy", "mdy"):
        message = f"{text} is no COLUMN=dmy or COLUMN=mdy"
        raise ArgumentTypeError(message)
    return column.strip().lower(), order


def _expect_writable(*paths: Path | None) -> None:
    """Refuse at once a file that could not be written after a long run."""
    for path in filter(None, paths):
        folder = path.resolve().parent
        if not folder.is_dir():
            message = f"There is no folder for {path.name}. Make it, or name another file."
            raise CommandError(message, returncode=2)
        if path.is_dir() or not os.access(folder, os.W_OK):
            message = f"{path.name} cannot be written there. Name a file in a folder of yours."
            raise CommandError(message, returncode=2)


def _refusal(error: DatabaseError) -> str:
    """What the database objected to: codes and names of ours, no value of any row."""
    diag = error.__cause__.diag if isinstance(error.__cause__, psycopg.Error) else None
    said = {
        "SQLSTATE": diag and diag.sqlstate,
        "table": diag and diag.table_name,
        "constraint": diag and diag.constraint_name,
    }
    details = ", ".join(f"{name} {value}" for name, value in said.items() if value)
    return (
        f"The database stopped the import ({details or 'no connection'}). Nothing was written. "
        "Start again; when it stops there again, report this line."
    )
