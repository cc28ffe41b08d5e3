"""`manage.py crm_rollback RUN`: take a run of the migration back."""

from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand

from crm_import.management import commanding
from crm_import.rolling_back import BUCKETS, Result, roll_back

_WHY_KEPT = {
    "changed": "changed here since",
    "decided": "somebody has said what it means",
    "referenced": "something that stays points at it",
    "part": "belongs to a patient who stays",
    "gone": "merged or deleted here since",
    "unknown": "its history does not say what it was before",
}


class Command(BaseCommand):
    """Translates the command line into one call of `roll_back`, and its result into text."""

    help = (
        "Takes a run back: records that it made and nobody touched go, fields that it changed are "
        "as before, and what people changed or built upon since stays and is listed. Without "
        "--apply nothing is changed. Only the newest run can be taken back; 4: a later one is in "
        "the way. The archive keeps its rows; importing the same export again brings it all back."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the run."""
        parser.add_argument("run", type=UUID, help="the run's id (Migration → Import runs)")
        parser.add_argument("--apply", action="store_true", help="do it, instead of saying what")

    def handle(self, *, run: UUID, apply: bool, verbosity: int, **_options: Any) -> None:
        """Take it back, or find out, and print the four buckets."""
        with commanding.refusals_told(self, as_json=False):
            result = roll_back(run_id=run, by=None, apply=apply)
        if verbosity:
            self._print(result)

    def _print(self, result: Result) -> None:
        buckets = result.report["rollback"]
        labels = sorted({label for name in BUCKETS for label in buckets[name]})
        self.stdout.write(f"{'':<32}" + "".join(f"{name:>12}" for name in BUCKETS))
        for label in labels:
            cells = "".join(f"{buckets[name].get(label, 0):>12,}" for name in BUCKETS)
            self.stdout.write(f"{label:<32}{cells}")
        for kept in result.kept:
            of = f" ({', '.join(kept.fields)})" if kept.fields else ""
            self.stdout.write(f"kept     {kept.label} {kept.id}: {_WHY_KEPT[kept.because]}{of}")
        for blocked in result.blocked:
            self.stdout.write(f"blocked  {blocked.label} {blocked.id}: {blocked.constraint}")
        self.stdout.write("")
        self.stdout.write(
            f"Done. The rollback is run {result.report['run']}."
            if result.is_applied
            else "Nothing was changed. Say --apply to do it."
        )
