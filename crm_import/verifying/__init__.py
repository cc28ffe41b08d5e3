"""Counting everything a second time, from the side of the portal: the go/no-go of the migration.

`equations` counts rows, ids and records, `columns` what became of every filled cell, `deep`
compares the values themselves. Nothing is written but the result.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from crm_import import reporting
from crm_import.models import ImportRun, Verification
from crm_import.refusals import NoSuchRun
from crm_import.verifying import columns, deep, equations
from crm_import.verifying.found import Equation
from portal.core.models import User

# What nobody compared, as sentences for the reader.
NOT_COMPARED = (
    (
        "The system columns createdon, modifiedon, statecode and versionnumber: they are read, "
        "and the newest version was chosen by them."
    ),
    "Columns of the export that the portal does not know. They are kept beside the row.",
    "Cells of older versions of a row. The archive has them, and each form its own.",
)
NOT_DEEP = (
    "The values themselves. This time it was counted what is there, not compared what it says."
)


def verify(
    *, run_id: UUID | None = None, by: User | None = None, is_deep: bool = False
) -> tuple[Verification, dict[str, Any]]:
    """Count everything again and keep the result.

    `run_id` must be the newest run (which is what is counted without it): an older one cannot be
    counted again once others came. Returns the kept result, and the same with the ids of records,
    which are not kept. Raises NoSuchRun.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            if not connection.savepoint_ids:  # not inside another transaction
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            cursor.execute("DISCARD TEMP")
            cursor.execute("SET LOCAL work_mem = '128MB'")
            cursor.execute("SET LOCAL jit = off")
        run = _run(run_id)
        found = [*equations.count(), *columns.count(), *(deep.compare() if is_deep else ())]
        result = _result(run, found, is_deep=is_deep, at=timezone.now())
        kept = Verification.objects.create(
            run=run,
            by=by,
            is_deep=is_deep,
            adds_up=result["adds_up"],
            result={**result, "checks": [one.shown(with_ids=False) for one in found]},
        )
    return kept, result


def _run(run_id: UUID | None) -> ImportRun:
    newest = ImportRun.objects.order_by("-started_at", "-id").first()
    if newest is None:
        raise NoSuchRun("Nothing was imported yet. Import an export first.")
    if run_id is not None and newest.pk != run_id:
        raise NoSuchRun(
            f"{run_id} is not the newest run, which is {newest.pk}. Only what is there now can be "
            "counted; the reconciliations of earlier runs are under Migration → Reconciliations."
        )
    return newest


def _result(
    run: ImportRun, found: list[Equation], *, is_deep: bool, at: datetime
) -> dict[str, Any]:
    return {
        "format": 1,
        "run": str(run.pk),
        "source": run.source,
        "at": at.isoformat(),
        "deep": is_deep,
        "adds_up": all(one.adds_up for one in found),
        "checks": [one.shown(with_ids=True) for one in found],
        "read": {
            name: counts["read"]
            for name, counts in run.report.get("tables", {}).items()
            if counts.get("read")
        },
        "totals": reporting.totals(),
        "held": equations.held(),
        "problems": reporting.standing_problems(),
        "not_compared": [*NOT_COMPARED, *(() if is_deep else (NOT_DEEP,))],
    }
