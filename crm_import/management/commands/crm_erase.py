"""`manage.py crm_erase`: erase somebody who is in the archive of the migration alone."""

from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from crm_import import forgetting
from crm_import.management import commanding
from patients import traces

EXIT_TRACES = 3


class Command(BaseCommand):
    """Translates the command line into a call of `forgetting.forget`, and its result into text."""

    help = (
        "Erases somebody of whom the archive has rows and of whom nothing was made: their rows, "
        "unreadable records, problems and corrections. Later imports pass over them. Who is in the "
        "portal is erased on their page there. The reason, if any, is a case number. Exit code 0: "
        "done; 3: done, and the database says something of them still, the output says where. "
        "Nothing was changed: 2: there is no such row; 4: that is, or may be, somebody else; 7: an "
        "import is under way; 9: the database stopped it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare whom to erase."""
        whom = parser.add_mutually_exclusive_group(required=True)
        whom.add_argument("--id", type=UUID, dest="legacy_id", help="an id that the CRM gave")
        whom.add_argument("--email", default="", help="an address that one person alone has")
        parser.add_argument("--reason", default="", help="a case number; no name, no address")
        parser.add_argument("--dry-run", action="store_true", help="the real run, rolled back")

    def handle(
        self,
        *,
        legacy_id: UUID | None,
        email: str,
        reason: str,
        dry_run: bool,
        **_options: Any,
    ) -> None:
        """Erase, and say how much went and what is left."""
        with commanding.refusals_told(self, as_json=False):
            done = forgetting.forget(
                by=None, legacy_id=legacy_id, address=email, reason=reason, dry_run=dry_run
            )
        for label, number in done.rows.items():
            self.stdout.write(f"{label:<32}{number:>10,}")
        if not done.rows:
            self.stdout.write("The archive has no row of it. Later imports will pass over the id.")
        if done.recurring:
            self.stdout.write(
                f"{done.recurring:,} of them had no readable id: a later export brings them back. "
                "Have them removed in the CRM."
            )
        if dry_run:
            self.stdout.write("Dry run: nothing was erased.")
            return
        self.stdout.write(f"Done. The erasure is run {done.run.pk}.")
        self._search(done)

    def _search(self, done: forgetting.Forgotten) -> None:
        """Look for them in the whole database, and name each place where they still are."""
        try:
            found = traces.scan(done.values)
        except (DatabaseError, KeyboardInterrupt):
            # The text of the first holds values of rows.
            message = "They are erased, but the search for what may be left did not finish."
            raise CommandError(message, returncode=commanding.EXIT_DATABASE) from None
        self.stdout.write(f"Searched {len(found.tables):,} tables and {found.files:,} files.")
        for where, number in sorted(found.others.items()):
            self.stdout.write(f"somebody else's own  {where}, {number:,} times")
        for trace in found.traces:
            self.stdout.write(f"found  {trace.table}.{trace.column} {trace.row} ({trace.kind})")
        if found.traces:
            more = f" and {found.uncounted:,} more" if found.uncounted else ""
            self.stdout.write(f"Look at each of these places{more}: what it says may be theirs.")
            raise SystemExit(EXIT_TRACES)
