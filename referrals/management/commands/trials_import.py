"""`manage.py trials_import PATH`: the catalogue from what ClinicalTrials.gov publishes."""

import json
import os
from argparse import ArgumentParser
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psycopg
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from referrals.registry import importing

EXIT_USAGE = 2
EXIT_SET_ASIDE = 3
EXIT_RUNNING = 7
EXIT_UNREADABLE = 8
EXIT_DATABASE = 9
# How many of a long list are printed; the report has all of them.
SHOWN = 25


class Command(BaseCommand):
    """Translates the command line into one call of `importing.run`, and its result into text."""

    help = (
        "Brings the catalogue of trials and expanded access programs into line with records of "
        "ClinicalTrials.gov as they were downloaded: API v2 JSON, JSON Lines, CSV or the older "
        "XML, also .zip and .gz, or a folder of them. One transaction; the same records again "
        "change nothing. Exit code 0: every record was used; 3: some were set aside. Nothing was "
        "written: 2: the command line is wrong; 7: another import is under way; 8: there is no "
        "record in it; 9: the database stopped it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare what is read and what is written."""
        parser.add_argument("path", type=Path, help="a file, a folder or an archive")
        parser.add_argument("--dry-run", action="store_true", help="the real run, rolled back")
        parser.add_argument("--report", type=Path, help="write the counts as JSON")

    def handle(
        self, *, path: Path, dry_run: bool, report: Path | None, verbosity: int, **_options: Any
    ) -> None:
        """Run, print the counts, and end with the exit code that fits."""
        _expect_writable(report)
        try:
            result = importing.run(path=path, by=None, dry_run=dry_run)
        except FileNotFoundError as error:
            message = (
                f"{path} does not exist. Give the path of a file (.json, .jsonl, .csv, .xml, .zip, "
                ".gz) downloaded from ClinicalTrials.gov, or of a folder with such files."
            )
            raise CommandError(message, returncode=EXIT_UNREADABLE) from error
        except OSError as error:
            message = f"{path} cannot be opened: {error.strerror}. Name a file or folder."
            raise CommandError(message, returncode=EXIT_UNREADABLE) from error
        except importing.Unreadable as error:
            raise CommandError(error.message, returncode=EXIT_UNREADABLE) from error
        except importing.Running as error:
            raise CommandError(error.message, returncode=EXIT_RUNNING) from error
        except DatabaseError as error:
            # Its own text holds values of rows, among them names of people.
            raise CommandError(_refusal(error), returncode=EXIT_DATABASE) from None
        told = {"source": path.name, "dry_run": dry_run, **result.report}
        if report is not None:
            report.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n")
        if verbosity:
            self._print(told)
        if result.set_aside:
            raise SystemExit(EXIT_SET_ASIDE)

    def _print(self, told: Mapping[str, Any]) -> None:
        self._table("records", told["outcomes"])
        self._table("made", told["made"])
        self._table("status", told["status"])
        self._table("type", told["type"])
        self._table("country", told["country"])
        self._table("condition to place", told["unresolved_conditions"])
        for name, held in told["unknown_values"].items():
            self._table(f"unknown {name}", held)
        if told["kept_as_changed_here"]:
            kept = {f"{n}: {', '.join(f)}": len(f) for n, f in told["kept_as_changed_here"].items()}
            self._table("kept as changed here", kept)
        self._table("set aside", {_place(one): 1 for one in told["set_aside"]})
        flagged = told["referrals_no_longer_recruiting"]
        if flagged:
            self.stdout.write(f"{flagged:,} open referrals are to trials that stopped recruiting.")
        if told["dry_run"]:
            self.stdout.write("Dry run: nothing of this was kept.")

    def _table(self, title: str, counts: Mapping[str, int]) -> None:
        if not counts:
            return
        self.stdout.write(f"{title} ({len(counts):,})" if len(counts) > SHOWN else title)
        for name, count in list(counts.items())[:SHOWN]:
            self.stdout.write(f"  {name:<60} {count:>9,}")
        if len(counts) > SHOWN:
            self.stdout.write(f"  … and {len(counts) - SHOWN:,} more; --report has all of them")
        self.stdout.write("")


def _place(one: Mapping[str, str]) -> str:
    where = " ".join(filter(None, (one["source"], one["place"], one["number"])))
    return f"{where}: {' '.join(filter(None, (one['reason'], one['detail'])))}"


def _expect_writable(report: Path | None) -> None:
    """Refuse at once a file that could not be written after the run."""
    if report is None:
        return
    folder = report.resolve().parent
    if not folder.is_dir() or report.is_dir() or not os.access(folder, os.W_OK):
        message = f"{report.name} cannot be written there. Name a file in a folder of yours."
        raise CommandError(message, returncode=EXIT_USAGE)


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
