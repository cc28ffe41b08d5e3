"""`manage.py crm_demo`: write a demonstration export of the legacy CRM."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from crm_import.demo import write_export


class Command(BaseCommand):
    """Translates the command line into one call of `write_export`."""

    help = (
        "Writes an invented export of the legacy CRM (headed CSV files) into a new or empty "
        "folder, with calls booked around today. Changes nothing in the database."
    )
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the folder and what should be in it."""
        parser.add_argument("folder", type=Path, help="where to write; made when it is missing")
        parser.add_argument("--people", type=int, default=1000, help="how many (default 1000)")
        parser.add_argument("--seed", type=int, default=1, help="another seed, other people")
        parser.add_argument("--clean", action="store_true", help="leave out the odd rows")

    def handle(self, *, folder: Path, people: int, seed: int, clean: bool, **_options: Any) -> None:
        """Write the export and print the rows per table."""
        try:
            rows = write_export(folder, people=people, seed=seed, nasty=not clean)
        except FileExistsError as error:
            message = f"{folder} is not an empty folder. Name a new one, or empty it first."
            raise CommandError(message) from error
        except ValueError as error:
            message = f"{error} Pass --people 1 or more."
            raise CommandError(message, returncode=2) from error
        for table, count in rows.items():
            self.stdout.write(f"{table:<18}{count:>10,}")
        self.stdout.write(f"Written to {folder}. Import it with: manage.py crm_import {folder}")
