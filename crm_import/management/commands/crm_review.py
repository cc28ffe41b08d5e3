"""`manage.py crm_review export|import FILE`: the open decisions of the migration as CSV."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from crm_import import refusals, review_files
from crm_import.reporting import appearing
from portal.core.errors import Refused
from portal.core.models import User

EXIT_USAGE = 2
EXIT_DATABASE = 9


class Command(BaseCommand):
    """Translates the command line into one call of `review_files`, and its result into text."""

    help = (
        "Writes what waits for a decision (possible duplicates, values nobody has decided on, rows "
        "in quarantine) as CSV, or carries out the decisions of such a file, all or none. Exit "
        "code 2: a line is wrong, nothing was written; 7: an import is under way; 9: the database "
        "stopped it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare what to do, and the file."""
        parser.add_argument("what", choices=("export", "import"))
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--include-personal",
            action="store_true",
            help="export: names, addresses and cells too",
        )
        parser.add_argument("--as", dest="username", help="import: log-in name of who decided")
        parser.add_argument("--dry-run", action="store_true", help="import: look, and undo it all")

    def handle(self, *, what: str, file: Path, **options: Any) -> None:
        """Do it, and end with the exit code that fits."""
        try:
            if what == "export":
                self._export(file, include_personal=options["include_personal"])
            else:
                self._import(file, options["username"], dry_run=options["dry_run"])
        except OSError as error:
            message = f"{file.name}: {error.strerror}. Name another file."
            raise CommandError(message, returncode=EXIT_USAGE) from error

    def _export(self, file: Path, *, include_personal: bool) -> None:
        with appearing(file) as written:
            number = review_files.export(written, include_personal=include_personal)
        self.stdout.write(
            f"{number:,} decisions wait. Fill in the column “decision” of {file.name}."
        )

    def _import(self, file: Path, username: str | None, *, dry_run: bool) -> None:
        by = User.objects.filter(username=username or "", is_active=True).first()
        if by is None:
            message = "Say with --as whose decisions these are: the log-in name of somebody here."
            raise CommandError(message, returncode=EXIT_USAGE)
        if not by.has_perm("crm_import.change_heldrow"):
            message = f"{by.username} may not decide about the migration. Data stewards may."
            raise CommandError(message, returncode=EXIT_USAGE)
        try:
            with file.open(encoding="utf-8-sig", newline="") as said:
                done = review_files.carry_out(said, by=by, dry_run=dry_run)
        except review_files.Wrong as wrong:
            lines = "\n".join(wrong.lines)
            message = f"{lines}\nNothing was written."
            raise CommandError(message, returncode=EXIT_USAGE) from None
        except Refused as refused:
            cause = refused.__cause__
            code = cause.exit_code if isinstance(cause, refusals.Refused) else EXIT_USAGE
            message = f"{refused.message} Nothing was written."
            raise CommandError(message, returncode=code) from None
        except DatabaseError as error:
            # Its own text holds values of rows.
            state = getattr(error.__cause__, "sqlstate", None) or "no connection"
            message = f"The database stopped it (SQLSTATE {state}). Nothing was written."
            raise CommandError(message, returncode=EXIT_DATABASE) from None
        stood = f", {done.stood:,} stood already" if done.stood else ""
        self.stdout.write(f"{done.carried_out:,} decisions carried out{stood}.")
        if dry_run:
            self.stdout.write("Dry run: nothing of this was kept.")
        elif done.run:
            self.stdout.write(f"Run {done.run} (Migration → Import runs).")
