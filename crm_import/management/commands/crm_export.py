"""`manage.py crm_export`: what the portal holds, as files of the legacy CRM."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from crm_import import exporting


class Command(BaseCommand):
    """Translates the command line into one call of `exporting`."""

    help = (
        "Writes a table of the legacy CRM, as the portal holds it today, as CSV with a header; or "
        "all of them into a folder that crm_import reads. It holds personal data. Changes nothing; "
        "the access log says that it was made. Exit code 2: the command line is wrong, or it "
        "cannot be written there."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare what to write, and where."""
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("table", nargs="?", choices=exporting.NAMES, help="one table")
        what.add_argument(
            "--all", type=Path, dest="folder", metavar="FOLDER", help="every table, into a folder"
        )
        parser.add_argument("--out", type=Path, metavar="FILE", help="instead of standard output")
        parser.add_argument(
            "--include-personal", action="store_true", help="show the rows on a terminal"
        )

    def handle(
        self,
        *,
        table: str | None,
        folder: Path | None,
        out: Path | None,
        include_personal: bool,
        **_options: Any,
    ) -> None:
        """Write, and say on standard error how many rows."""
        try:
            if folder is not None:
                rows = _all(folder, out)
            elif out is not None:
                rows = {str(table): exporting.export_file(str(table), out)}
            else:
                rows = {str(table): _print(str(table), include_personal)}
        except OSError as error:
            name = Path(error.filename or out or folder or "standard output").name
            message = f"{name} cannot be written ({error.strerror or 'it is not empty'})."
            raise CommandError(f"{message} Name another file or folder.", returncode=2) from None
        for name, number in rows.items():
            self.stderr.write(f"{name:<18}{number:>10,}")


def _all(folder: Path, out: Path | None) -> dict[str, int]:
    if out is not None:
        message = "--all writes into its folder. Leave out --out."
        raise CommandError(message, returncode=2)
    try:
        return exporting.export_all(folder)
    except FileExistsError:
        message = f"{folder.name} is not an empty folder. Name a new one, or empty it first."
        raise CommandError(message, returncode=2) from None


def _print(table: str, include_personal: bool) -> int:
    if sys.stdout.isatty() and not include_personal:
        message = "The rows are personal data. Name a file with --out, or add --include-personal."
        raise CommandError(message, returncode=2)
    return exporting.export(table, sys.stdout.buffer.write)
