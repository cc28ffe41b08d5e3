"""`manage.py crm_plan SOURCE`: what an import of the legacy CRM would do."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from crm_import import planning
from crm_import.management import commanding
from crm_import.models import ImportPlan
from crm_import.refusals import DecisionNeeded
from crm_import.tables import TABLES


class Command(BaseCommand):
    """Translates the command line into one call of `planning.plan`, and the plan into text."""

    help = (
        "Says what an import of the export would do: runs it, rolls it back, and keeps the plan, "
        "which crm_import --plan applies. Exit code 0: every row would be placed; 3: some would go "
        "into quarantine, or have values that nobody has decided on; 4: somebody has to decide "
        "first. Others as of crm_import."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the source and what can be said about it."""
        commanding.add_options(parser)

    def handle(self, *, source: str, as_json: bool, verbosity: int, **given: Any) -> None:
        """Plan, print the plan, and end with the exit code that fits."""
        with commanding.refusals_told(self, as_json=as_json):
            plan = planning.plan(
                source=source,
                by=None,
                options=commanding.options_of(given),
                progress=commanding.teller(self, as_json=as_json, verbosity=verbosity),
            )
        code = _exit_code(plan)
        if as_json:
            self.stdout.write(json.dumps(_document(plan, code)))
        elif verbosity:
            self._print(plan)
        if code:
            raise SystemExit(code)

    def _print(self, plan: ImportPlan) -> None:
        write = self.stdout.write
        findings = plan.findings
        widths = [max(len(name), 8) for name in planning.COUNTS]
        pairs = list(zip(planning.COUNTS, widths, strict=True))
        write(f"{'table':<18}" + "".join(f"{name:>{width + 2}}" for name, width in pairs))
        for table in TABLES:
            counts = findings["tables"][table.name]
            cells = "".join(f"{counts[name]:>{width + 2},}" for name, width in pairs)
            write(f"{table.name:<18}{cells}")
        write("")
        for table in TABLES:
            for what in planning.NAMED:
                if ids := findings["examples"][table.name].get(what):
                    write(f"{table.name}, {what}: for example {', '.join(ids)}")
        if findings["decisions"]:
            write("\nTo decide:")
            for decision in findings["decisions"]:
                write(f"  {planning.told(decision)}")
        write(f"\nNothing was imported. This is plan {plan.pk}.")
        if plan.is_blocked:
            write("It cannot be applied until what stops it was looked at (see above).")
        else:
            write(f"To apply it: manage.py crm_import SOURCE --plan {plan.pk}")


def _exit_code(plan: ImportPlan) -> int:
    if plan.is_blocked:
        return DecisionNeeded.exit_code
    tables = plan.findings["tables"].values()
    waits = any(one["quarantine"] for one in tables) or plan.findings.get("undecided")
    return commanding.EXIT_QUARANTINED if waits else 0


def _document(plan: ImportPlan, code: int) -> dict[str, Any]:
    return {
        "schema": planning.SCHEMA,
        "exit_code": code,
        "plan": str(plan.pk),
        "made_at": plan.made_at.isoformat(),
        "is_blocked": plan.is_blocked,
        "options": plan.options,
        "fingerprint": plan.fingerprint,
        **plan.findings,
    }
