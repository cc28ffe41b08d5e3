"""`manage.py crm_import SOURCE`: the migration from the legacy CRM."""

import json
import os
from argparse import ArgumentParser
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from crm_import import importing, planning
from crm_import.management import commanding
from crm_import.models import ImportPlan
from crm_import.reporting import OUTCOMES, appearing
from crm_import.sources import Source


class Command(BaseCommand):
    """Translates the command line into one call of `importing.run`, and its result into text."""

    help = (
        "Imports an export of the legacy CRM into the portal, in one transaction. What kind of "
        "export it is, is found out. The same export again changes nothing. Exit code 0: every "
        "row was placed; 3: some are in quarantine, or have values that nobody has decided on. "
        "Nothing was written: 2: the command line is wrong; 4: somebody has to decide; 5: the "
        "rows do not add up; 6: somebody has to look (much was deleted, rows or columns are "
        "missing, the plan is stale); 7: another run is under way; 8: the export cannot be read; "
        "9: the database stopped it; 130: interrupted."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the source and the files to write."""
        parser.add_argument("--dry-run", action="store_true", help="the real run, rolled back")
        parser.add_argument("--report", type=Path, help="write the reconciliation as JSON")
        parser.add_argument("--problems", type=Path, help="write what to look at as CSV")
        parser.add_argument(
            *("--plan",),
            type=UUID,
            metavar="ID",
            help="apply this plan of crm_plan, unless it is stale; its options are in it",
        )
        commanding.add_options(parser)

    def handle(
        self,
        *,
        source: str,
        dry_run: bool,
        report: Path | None,
        problems: Path | None,
        plan: UUID | None,
        as_json: bool,
        verbosity: int,
        **given: Any,
    ) -> None:
        """Run, print the reconciliation, and end with the exit code that fits."""
        _expect_writable(report, problems)
        planned, options = _planned(plan, commanding.options_of(given))
        # The files are opened before the load and appear after it was committed.
        with ExitStack() as files:
            written = files.enter_context(appearing(report)) if report else None
            told = files.enter_context(appearing(problems)) if problems else None
            interrupts = files.enter_context(commanding.Interrupts())
            with commanding.refusals_told(self, as_json=as_json):
                result = importing.run(
                    source=source,
                    by=None,
                    dry_run=dry_run,
                    plan=planned,
                    problems=told,
                    progress=commanding.teller(self, as_json=as_json, verbosity=verbosity),
                    ending=lambda _result: interrupts.too_late(),
                    **options.arguments(),
                )
            if written is not None:
                written.write(json.dumps(result.report, indent=1) + "\n")
        waits = result.quarantined or result.undecided
        code = commanding.EXIT_QUARANTINED if waits else 0
        if as_json:
            document = {
                "schema": commanding.SCHEMA,
                "exit_code": code,
                "undecided": result.undecided,
                **result.report,
            }
            self.stdout.write(json.dumps(document))
        elif verbosity:
            self._say_source(result.source)
            self._print(result.report, result.updated)
            if result.undecided:
                self.stdout.write("")
                self.stdout.write(
                    f"{result.undecided:,} rows have a value that nobody has decided on, and that "
                    "was left out. Decide under Migration, Value maps, or with crm_review."
                )
        if verbosity > 2:
            for name, seconds in sorted(result.seconds.items(), key=lambda item: -item[1]):
                self.stderr.write(f"{seconds:8.3f} s  {name}")
        if code:
            raise SystemExit(code)

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
        self._print_watermark(report["watermark"])
        self.stdout.write("")
        self.stdout.write(
            "Dry run: nothing of this was kept."
            if report["dry_run"]
            else f"Done. This is run {report['run']}."
        )

    def _print_watermark(self, watermark: dict[str, dict[str, Any]]) -> None:
        newest = {
            table: f"{mark['version'] or ''} {mark['written']}".strip()
            for table, mark in watermark.items()
        }
        if any(newest.values()):
            self.stdout.write("")
            self.stdout.write(f"{'newest in the archive':<28}")
            for table, mark in newest.items():
                self.stdout.write(f"{table:<28}{mark or '-':>8}")


def _planned(
    key: UUID | None, given: planning.Options
) -> tuple[ImportPlan | None, planning.Options]:
    """The plan that was named, if one was, and how to import."""
    if key is None:
        return None, given
    if replace(given, accept_deletes=0) != planning.Options():
        message = "A plan says how to import. Beside --plan only --accept-deletes can be given."
        raise CommandError(message, returncode=2)
    plan = ImportPlan.objects.filter(pk=key).first()
    if plan is None:
        message = f"There is no plan {key}. Make one with crm_plan, which prints its id."
        raise CommandError(message, returncode=2)
    return plan, planning.options_of(plan, accept_deletes=given.accept_deletes)


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
