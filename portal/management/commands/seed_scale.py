"""`manage.py seed_scale`: fill a database with invented people, to measure with."""

import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from patients.models import Patient
from portal import scale


class Command(BaseCommand):
    """Translates the command line into one call of `scale.fill`."""

    help = (
        "Fills the database with invented patients, specialists, bookings, trials, referrals and "
        "dossiers (a million patients take some minutes and about 4 GB). The rows have no history "
        "unless --history is given. Not for a portal that people work in."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare how much, and the two permissions that are asked for."""
        size = scale.Size()
        parser.add_argument("--patients", type=int, default=size.patients)
        parser.add_argument("--bookings", type=int, help="default: two for each patient")
        parser.add_argument("--referrals", type=int, help="default: 0.3 for each patient")
        parser.add_argument("--dossiers", type=int, help="default: 0.05 for each patient")
        parser.add_argument("--specialists", type=int, default=size.specialists)
        parser.add_argument("--navigators", type=int, default=size.navigators)
        parser.add_argument(
            "--history", action="store_true", help="record history too: twice the time and space"
        )
        parser.add_argument("--add", action="store_true", help="although there are patients")
        parser.add_argument(
            "--yes-fill-this-database",
            action="store_true",
            help="needed unless the database is the embedded one",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Ask, fill, and print the rows per table; the steps with --verbosity 2."""
        self.refuse(add=options["add"], yes=options["yes_fill_this_database"])
        started = time.monotonic()
        try:
            rows = scale.fill(
                self.size(options),
                history=options["history"],
                tell=self.stdout.write if options["verbosity"] > 1 else lambda _line: None,
            )
        except scale.NotAllowed as error:
            raise CommandError(
                "This database account may not switch triggers off. Use a superuser, or --history."
            ) from error
        scale.settle()
        if options["verbosity"]:
            for table, count in rows.items():
                self.stdout.write(f"{table:<34}{count:>12,}")
            self.stdout.write(f"Filled in {time.monotonic() - started:.0f} s.")

    def refuse(self, *, add: bool, yes: bool) -> None:
        """Stop before anything is written where it looks like a mistake."""
        if not settings.EMBEDDED and not yes:
            raise CommandError(
                "DATABASE_URL is set: this may be a portal that people work in. If it is yours to "
                "fill with invented people, pass --yes-fill-this-database."
            )
        if not add and Patient.objects.exists():
            raise CommandError("There are patients already. Pass --add to put more beside them.")

    def size(self, options: dict[str, Any]) -> scale.Size:
        """The sizes wanted; what is not given follows from the number of patients."""
        patients = options["patients"]
        if patients < 1:
            raise CommandError("Pass --patients 1 or more.")

        def wanted(name: str, default: int) -> int:
            return default if options[name] is None else int(options[name])

        return scale.Size(
            patients=patients,
            bookings=wanted("bookings", patients * 2),
            referrals=wanted("referrals", patients * 3 // 10),
            dossiers=wanted("dossiers", patients // 20),
            specialists=options["specialists"],
            navigators=options["navigators"],
        )
