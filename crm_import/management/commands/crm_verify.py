"""`manage.py crm_verify`: count the migration a second time, from the side of the portal."""

import json
from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand

from crm_import.management import commanding
from crm_import.verifying import verify

EXIT_DOES_NOT_ADD_UP = 5


class Command(BaseCommand):
    """Translates the command line into one call of `verify`, and its result into text."""

    help = (
        "Counts everything that was imported a second time, from the side of the portal, and keeps "
        "the result (Migration → Reconciliations), where it can be signed. Changes nothing else. "
        "Exit code 0: it adds up; 5: it does not, and the output says where."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare what is counted and how it is said."""
        parser.add_argument("--deep", action="store_true", help="compare every field, too")
        parser.add_argument(
            *("--json",), action="store_true", dest="as_json", help="write one JSON document"
        )
        parser.add_argument("--run", type=UUID, help="refuse unless this is the newest run")

    def handle(
        self, *, deep: bool, as_json: bool, run: UUID | None, verbosity: int, **_options: Any
    ) -> None:
        """Count, print, and end with the exit code that fits."""
        with commanding.refusals_told(self, as_json=as_json):
            kept, result = verify(run_id=run, is_deep=deep)
        if as_json:
            self.stdout.write(json.dumps(result, indent=1))
        elif verbosity:
            self._print(result)
            self.stdout.write(f"Kept as {kept.pk}: read and sign it in the portal.")
        if not result["adds_up"]:
            raise SystemExit(EXIT_DOES_NOT_ADD_UP)

    def _print(self, result: dict[str, Any]) -> None:
        for check in result["checks"]:
            left, right = (sum(check[side].values()) for side in ("left", "right"))
            mark = "ok" if check["adds_up"] else "NOT"
            self.stdout.write(
                f"{mark:<4}{check['key']:<9}{check['about']:<56}{left:>12,}{right:>12,}"
            )
            if not check["adds_up"]:
                terms = ", ".join(f"{name} {number:,}" for name, number in check["right"].items())
                self.stdout.write(f"    of which {terms or 'nothing'}; stray {check['stray']:,}")
                for place in check["places"]:
                    where = place["number"] if "number" in place else place["id"]
                    self.stdout.write(f"    at {place['table']} {where}")
        wrong = sum(not check["adds_up"] for check in result["checks"])
        self.stdout.write("")
        self.stdout.write(
            f"{wrong} of {len(result['checks'])} equations do not add up."
            if wrong
            else f"All {len(result['checks'])} equations add up."
        )
