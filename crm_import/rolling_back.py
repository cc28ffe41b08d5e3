"""Taking a run back: what it made goes, what it changed is as before, what people did since stays.

The newest run only, because every later one builds on it. The archive keeps every row; those that
count no more are told by `TakenBack` until an export brings them again. The rollback is a run of
its own in the ledger.
"""

# ruff: noqa: S608  names of tables are our own; no value is put into a statement

from collections import Counter
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pghistory
from django.db import IntegrityError, connection
from django.utils import timezone
from django.utils.timezone import localtime

from crm_import import reporting, standing
from crm_import.importing import one_transaction
from crm_import.models import ImportRun
from crm_import.refusals import LaterRun, NoSuchRun, NotRolledBack
from crm_import.tables import TABLES
from crm_import.undoing import Blocked, Kept, Meanwhile, Undone, constraint_of, undo
from portal.core.history import unsealed
from portal.core.models import User

# What can become of a record, as the report calls it.
BUCKETS = ("undone", "restored", "kept", "blocked")


@dataclass(slots=True)
class Result:
    """What was, or would be, taken back. `report` holds counts and no id but those of runs."""

    run: ImportRun
    is_applied: bool
    report: dict[str, Any]
    kept: list[Kept]
    blocked: list[Blocked]


def roll_back(*, run_id: UUID, by: User | None, apply: bool = False) -> Result:
    """Take back the run `run_id`, or find out what that would do.

    `by` is who asked for it, None for the command line. Without `apply` everything is rolled back
    again. Raises a `Refused` (crm_import.refusals); then nothing was changed.
    """
    with one_transaction(by=by, dry_run=not apply, reason="rollback of an import"):
        run = _newest(run_id)
        this = ImportRun.objects.create(
            source=run.source, by=by, kind=ImportRun.Kind.ROLLBACK, undoes=run
        )
        with pghistory.context(run=str(this.pk)), unsealed("rollback of an import"):
            try:
                found = undo(run.pk, is_dry=not apply)
            except IntegrityError as error:
                raise NotRolledBack(
                    f"{constraint_of(error)} does not let a record go: somebody may have used it "
                    "meanwhile. Nothing was changed. Start again; report this line when it stops "
                    "there again."
                ) from None
            except Meanwhile:
                raise NotRolledBack(
                    "Somebody changed records of this run meanwhile. Nothing was changed. Start "
                    "again."
                ) from None
            ledger = _reset(run, this)
        this.report = _report(run, this, found, ledger)
        this.finished_at = timezone.now()
        this.save(update_fields=["report", "finished_at"])
    return Result(run, apply, this.report, found.kept, found.blocked)


def _newest(run_id: UUID) -> ImportRun:
    """The run, when it is the newest that stands. Raises LaterRun or NoSuchRun."""
    run = ImportRun.objects.filter(pk=run_id, kind=ImportRun.Kind.IMPORT).first()
    if run is None:
        raise NoSuchRun(f"There is no import {run_id}. Migration → Import runs names them.")
    before = ImportRun.objects.filter(undoes=run).first()
    if before is not None:
        when = f"{localtime(before.started_at):%Y-%m-%d %H:%M}"
        raise NoSuchRun(f"This run was rolled back already, on {when}.")
    later = [one for one in standing.runs().order_by("-started_at", "-id") if _is_later(one, run)]
    if later:
        ids = ", ".join(str(one.pk) for one in later)
        raise LaterRun(
            f"Later runs build on this one: roll them back first, in this order: {ids}. "
            "Nothing was changed."
        )
    return run


def _is_later(one: ImportRun, run: ImportRun) -> bool:
    return (one.started_at, one.pk) > (run.started_at, run.pk)


# Legacy ids of which something stays: they keep their outcomes, problems and further records.
_STAYING = """
CREATE TEMP TABLE crm_staying ON COMMIT DROP AS
SELECT DISTINCT x.entity, x.legacy_id FROM crm_import_crosswalk x
JOIN crm_stays s ON s.model = x.target_model AND s.id = x.target_id;
ANALYZE crm_staying;
"""
_STAYS = (
    "EXISTS (SELECT FROM crm_staying s WHERE s.entity = {0}.entity AND s.legacy_id = {0}.legacy_id)"
)
# What the rows say that do not count any more.
_GONE_CELLS = " UNION ALL ".join(
    f"SELECT '{column}' AS option_set, btrim(a.{column}) AS value, count(*) AS gone "
    f"FROM crm_import_takenback b JOIN {table.db_table} a ON a.id = b.row "
    f"WHERE b.run_id = %(this)s AND b.entity = '{table.name}' GROUP BY 2"
    for table in TABLES
    for column in table.options
)
# The run is %(run)s, the rollback %(this)s.
_STATEMENTS = {
    "legacy ids of records that went": """
        DELETE FROM crm_import_crosswalk x USING crm_undone u
        WHERE u.model = x.target_model AND u.id = x.target_id
    """,
    "legacy ids of records that were there": f"""
        DELETE FROM crm_import_crosswalk x WHERE x.run_id = %(run)s AND NOT {_STAYS.format("x")}
    """,
    "problems": f"""
        DELETE FROM crm_import_problem p WHERE p.run_id = %(run)s AND NOT {_STAYS.format("p")}
    """,
    # A row keeps an outcome that an earlier run wrote, and then counts as it did before. Rows of
    # people who were erased are gone, and the counts of their file need the line.
    "rows": f"""
        WITH gone AS (
            DELETE FROM crm_import_rowoutcome o
            WHERE o.run_id = %(run)s AND (o.outcome, o.reason) <> ('ignored', 'erased')
                AND NOT {_STAYS.format("o")}
            RETURNING o.entity, o.row, o.legacy_id, o.outcome, o.reason
        )
        INSERT INTO crm_import_takenback (run_id, entity, row, legacy_id, outcome, reason)
        SELECT %(this)s, g.entity, g.row, g.legacy_id, g.outcome, g.reason FROM gone g
        WHERE NOT EXISTS (
            SELECT FROM crm_import_rowoutcome o WHERE o.entity = g.entity AND o.row = g.row
                AND o.run_id <> %(run)s)
        ORDER BY g.row
    """,
    "labels": """
        INSERT INTO crm_import_takenback (run_id, entity, row, outcome, reason)
        SELECT %(this)s, 'OptionSets', o.id, '', '' FROM crm_import_legacyoption o
        JOIN crm_import_sourcefile f ON f.id = o.file_id WHERE f.run_id = %(run)s
    """,
    # What somebody said that a value means is in force no more, and stays as the proposal. Values
    # that nobody said anything about are learnt again.
    "option values": """
        UPDATE crm_import_optionvalue v SET state = 'proposed', decided_at = NULL,
            decided_by_id = NULL, meaning = coalesce(nullif(e.meaning, ''), v.meaning)
        FROM (
            SELECT DISTINCT ON (pgh_obj_id) pgh_obj_id, meaning FROM crm_import_optionvalueevent
            WHERE decided_at IS NOT NULL AND pgh_context_id IN (SELECT id FROM crm_context)
            ORDER BY pgh_obj_id, pgh_id DESC
        ) e
        WHERE e.pgh_obj_id = v.id AND (v.state = 'proposed' OR v.run_id = %(run)s)
    """,
    "rows of option values": f"""
        UPDATE crm_import_optionvalue v SET seen = v.seen - c.gone FROM ({_GONE_CELLS}) c
        WHERE c.option_set = v.option_set AND c.value = v.value
    """,
    # Links that the run made wait again: the problem that was told then says for what.
    "pending links": """
        DELETE FROM crm_import_pendinglink l WHERE l.run_id = %(run)s;
        INSERT INTO crm_import_pendinglink (entity, legacy_id, field, missing_id, run_id)
        SELECT DISTINCT ON (p.entity, p.legacy_id, p.field) p.entity, p.legacy_id, p.field,
            substr(p.note, 9)::uuid, p.run_id
        FROM crm_import_problem p
        WHERE p.code = 'pending_link' AND p.note LIKE 'missing %%' AND p.legacy_id IS NOT NULL
            AND NOT EXISTS (SELECT FROM crm_import_crosswalk x
                WHERE x.legacy_id = substr(p.note, 9)::uuid)
        ORDER BY p.entity, p.legacy_id, p.field, p.id DESC
        ON CONFLICT (entity, legacy_id, field) DO UPDATE SET missing_id = EXCLUDED.missing_id
    """,
}


def _reset(run: ImportRun, this: ImportRun) -> dict[str, int]:
    """Take back what the run wrote about legacy rows, so that they are new when they come again.

    Returns the number of lines, by kind.
    """
    counts = {}
    with connection.cursor() as cursor:
        cursor.execute(_STAYING)
        for name, statement in _STATEMENTS.items():
            cursor.execute(statement, {"run": run.pk, "this": this.pk})
            counts[name] = max(cursor.rowcount, 0)
    return counts


def _report(
    run: ImportRun, this: ImportRun, found: Undone, ledger: dict[str, int]
) -> dict[str, Any]:
    """The shape of an import's report, with what was taken back beside it."""
    report = reporting.report(this, reporting.nothing(), dry_run=False)
    report["rollback"] = {
        "of": str(run.pk),
        "undone": found.undone,
        "restored": found.restored,
        "kept": _counted(found.kept),
        "blocked": _counted(found.blocked),
        "ledger": ledger,
    }
    return report


def _counted(found: list[Any]) -> dict[str, int]:
    return dict(sorted(Counter(one.label for one in found).items()))
