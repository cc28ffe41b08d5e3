"""What an import of an export would do: the real one, rolled back, and a plan of it that is kept.

The plan holds counts, legacy ids as examples, and what somebody has to decide. `importing.run`
applies it as long as what it was made from is still there (crm_import.freshness).
"""

# ruff: noqa: S608  names of tables are our own; no value is put into a statement

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from django.db import connection

from crm_import import importing, reporting, sources
from crm_import.meanings import INVENTED
from crm_import.models import ImportPlan, OptionValue
from crm_import.progress import Tell, silent
from crm_import.tables import TABLES, Table
from patients.models import PossibleDuplicate
from portal.core.models import User

# The version of what `crm_plan --json` prints.
SCHEMA = 1
# So many legacy ids of a kind are named.
EXAMPLES = 5

# Columns of the counts of a plan. `read` is the sum of the others but the last, `waiting`: rows of
# earlier exports that could not be placed until now.
COUNTS = (
    *("read", "create", "update", "merge", "quarantine", "ignored", "older", "unchanged"),
    "waiting",
)
# Of which of them legacy ids are named.
NAMED = ("create", "update", "merge", "quarantine", "ignored")

# What each row of the run means to somebody who reads the plan.
_ROWS = """
SELECT CASE
        WHEN o.outcome IN ('imported', 'merged') AND EXISTS (
            SELECT FROM crm_import_crosswalk w WHERE w.legacy_id = o.legacy_id
                AND w.entity = o.entity AND w.run_id <> o.run_id) THEN 'update'
        WHEN o.outcome = 'imported' THEN 'create'
        WHEN o.outcome = 'merged' THEN 'merge'
        WHEN o.outcome = 'quarantined' THEN 'quarantine'
        ELSE o.outcome END AS what,
    o.row, o.legacy_id, f.run_id = o.run_id OR EXISTS (
        SELECT FROM crm_again g WHERE g.entity = o.entity AND g.row_id = o.row) AS is_here
FROM crm_import_rowoutcome o
JOIN {archive} a ON a.id = o.row JOIN crm_import_sourcefile f ON f.id = a.file_id
WHERE o.run_id = %s AND o.entity = %s
"""


@dataclass(frozen=True, slots=True)
class Options:
    """How a plan is asked for: all that decides what the import does, but for the export."""

    dates: dict[str, str] = field(default_factory=dict)
    accept_row_limit: bool = False
    is_delta: bool = False
    is_complete: bool = False
    accept_deletes: int = 0
    accept_columns: bool = False

    def arguments(self) -> dict[str, Any]:
        """The same as arguments of `importing.run`."""
        return {
            "choices": sources.Choices(self.dates, self.accept_row_limit, self.is_delta),
            "is_complete": self.is_complete,
            "accept_deletes": self.accept_deletes,
            "accept_columns": self.accept_columns,
        }


def plan(
    *, source: Path | str, by: User | None, options: Options, progress: Tell = silent
) -> ImportPlan:
    """Make and keep the plan of an import of the export at `source`.

    It is blocked when the import would stop until somebody has had a look. Raises a `Refused` when
    nobody can say what the import would do; then no plan is kept.
    """
    findings: dict[str, Any] = {}

    def look(result: importing.Result) -> None:
        findings.update(_findings(result))

    result = importing.run(
        source=source,
        by=by,
        dry_run=True,
        is_planning=True,
        progress=progress,
        ending=look,
        **options.arguments(),
    )
    return ImportPlan.objects.create(
        source=result.run.source,
        by=by,
        fingerprint=result.fingerprint,
        options=asdict(options),
        findings=findings,
        is_blocked=bool(result.brakes),
    )


def options_of(plan: ImportPlan, *, accept_deletes: int = 0) -> Options:
    """How the plan was asked for. Somebody may have looked at more deleted rows since."""
    kept = Options(**plan.options)
    return Options(**{**plan.options, "accept_deletes": max(kept.accept_deletes, accept_deletes)})


def _findings(result: importing.Result) -> dict[str, Any]:
    report = result.report
    tables: dict[str, dict[str, int]] = {}
    examples: dict[str, dict[str, list[str]]] = {}
    for table in TABLES:
        counts = report["tables"][table.name]
        found, waiting = ([], 0) if result.is_repeated else _rows(table, result)
        done = {what: rows for what, rows, _examples in found}
        create, update = done.get("create", 0), done.get("update", 0)
        tables[table.name] = {
            "read": counts["read"],
            "create": create,
            "update": update,
            "merge": counts["imported"] + counts["merged"] - create - update,
            "quarantine": counts["quarantined"],
            "ignored": counts["ignored"],
            "older": counts["superseded"] + counts["exact_repeat"],
            "unchanged": counts["unchanged"],
            "waiting": waiting,
        }
        examples[table.name] = {what: ids for what, _rows, ids in found if ids and what in NAMED}
    return {
        "tables": tables,
        "examples": examples,
        "decisions": _decisions(result),
        "undecided": result.undecided,
        "created": report["created"],
        "problems": report["problems"],
        "scope": report["scope"],
        "watermark": report["watermark"],
    }


def _rows(table: Table, result: importing.Result) -> tuple[list[tuple[str, int, list[str]]], int]:
    """What becomes of the table's rows in the export: (what, rows, examples of legacy ids).

    And how many rows of earlier exports, which waited until now, are placed.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH rows AS ({_ROWS.format(archive=table.db_table)}), numbered AS (
                SELECT *, row_number() OVER (PARTITION BY is_here, what ORDER BY row) AS place
                FROM rows
            )
            SELECT is_here, what, count(*), array_agg(legacy_id::text ORDER BY row)
                FILTER (WHERE place <= %s AND legacy_id IS NOT NULL)
            FROM numbered GROUP BY is_here, what ORDER BY what
            """,
            [result.run.pk, table.name, EXAMPLES],
        )
        rows = cursor.fetchall()
    waiting = sum(number for is_here, _what, number, _ids in rows if not is_here)
    return [(what, number, ids or []) for is_here, what, number, ids in rows if is_here], waiting


def _decisions(result: importing.Result) -> list[dict[str, Any]]:
    """What somebody has to decide: before the import (brakes), and after it (the rest)."""
    decisions: list[dict[str, Any]] = [{"kind": "brake", "text": text} for text in result.brakes]
    with connection.cursor() as cursor:
        decisions += [
            {"kind": "option_value", "option_set": each.option_set, "value": each.value}
            | {"labels": each.labels}
            for each in OptionValue.objects.waiting().order_by("option_set", "value")
        ]
        cursor.execute(
            f"""
            SELECT entity, code, field, count(*),
                (array_agg(legacy_id::text ORDER BY record) FILTER (WHERE place <= %s))
            FROM (
                SELECT *, row_number() OVER (PARTITION BY entity, code, field ORDER BY record)
                    AS place
                FROM ({reporting.STANDING}) s WHERE severity = 'error'
            ) s GROUP BY entity, code, field ORDER BY entity, code, field
            """,
            [EXAMPLES],
        )
        decisions += [
            {
                "kind": "problem",
                "table": table,
                "code": code,
                "field": column,
                "rows": rows,
                "examples": [one for one in ids or () if one],
            }
            for table, code, column, rows, ids in cursor.fetchall()
        ]
    if pairs := PossibleDuplicate.objects.filter(state=PossibleDuplicate.State.OPEN).count():
        decisions.append({"kind": "pairs", "rows": pairs})
    return decisions


def told(decision: dict[str, Any]) -> str:
    """A decision in a line."""
    match decision["kind"]:
        case "brake":
            return str(decision["text"])
        case "option_value" if decision["option_set"] == INVENTED:
            return f"Are rows of the name “{decision['value']}” test records, to be left out?"
        case "option_value":
            labels = ", ".join(decision["labels"]) or "no label"
            return f"What does {decision['option_set']} {decision['value']} mean ({labels})?"
        case "problem":
            where = f"{decision['table']} {decision['field']}".strip()
            return f"{where}: {decision['code']}, {_counted(decision['rows'], 'row')}"
        case _:
            return f"{_counted(decision['rows'], 'pair')} of records that may be one person"


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
