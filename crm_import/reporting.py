"""The reconciliation of a run: what became of every row, and what the portal holds now."""

# ruff: noqa: S608  names of tables are our own; no value is put into a statement

import csv
import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from django.db import connection, models

from bookings.models import Booking
from crm_import import staging, standing
from crm_import.models import Crosswalk, ImportRun, OptionValue, Problem, RowOutcome
from crm_import.refusals import DoesNotAddUp
from crm_import.staging import Staged
from crm_import.tables import TABLES
from crm_import.transform import Written
from patients.models import (
    Hospital,
    MedicalCondition,
    Patient,
    Specialist,
    Specialization,
    Submission,
)
from referrals.models import CTReferral, EAPDossier

OUTCOMES = (
    *("read", "imported", "merged", "superseded", "exact_repeat", "quarantined", "ignored"),
    "unchanged",
)
# The keys of `created` and `totals`, with the records they count.
TARGETS: dict[str, type[models.Model]] = {
    "patients": Patient,
    "specialists": Specialist,
    "hospitals": Hospital,
    "specializations": Specialization,
    "medical_conditions": MedicalCondition,
    "bookings": Booking,
    "ct_referrals": CTReferral,
    "eap_dossiers": EAPDossier,
}
KEYS = (
    *("patients", "specialists", "hospitals", "specializations", "medical_conditions"),
    *("bookings", "clinical_trials", "ct_referrals", "eap_programs", "eap_dossiers"),
    "submissions",
)

# The keys of `updated`: what follows the CRM as long as nobody changed it here.
FOLLOWING = ("patients", "specialists", "ct_referrals", "eap_programs", "eap_dossiers")

# The cell that a problem of an option value is about, where a row is placed without it.
_CELL = """btrim(CASE p.field
            WHEN 'medical_condition' THEN (
                SELECT a.medical_condition FROM crm_import_legacycontact a WHERE a.id = p.row)
            WHEN 'eligible' THEN (
                SELECT a.eligible FROM crm_import_legacypatient a WHERE a.id = p.row)
            WHEN 'ct_outcome' THEN (
                SELECT a.ct_outcome FROM crm_import_legacypatient a WHERE a.id = p.row) END)"""
# A problem stands as long as no newer version of the row was placed, no later run took the row
# out of quarantine or left it out, the link still waits, and nobody decided what the value means;
# one of a file, as long as no later run that stands read files (but a person's corrections).
_STANDS = f"""
FROM crm_import_problem p
WHERE NOT EXISTS (
        SELECT FROM crm_import_rowoutcome o
        WHERE o.legacy_id = p.legacy_id AND o.entity = p.entity AND o.row > p.row
            AND o.outcome IN ('imported', 'merged'))
    AND (p.severity <> 'error' AND p.code <> 'specialist_proposed' OR p.row IS NULL OR NOT EXISTS (
        SELECT FROM crm_import_rowoutcome o
        WHERE o.entity = p.entity AND o.row = p.row AND o.outcome <> 'quarantined'))
    AND (p.code <> 'looks_like_test' OR NOT EXISTS (
        SELECT FROM crm_import_rowoutcome o
        WHERE o.entity = p.entity AND o.row = p.row AND o.reason = 'test_record'))
    AND (p.row IS NOT NULL OR p.code = 'rule_3' OR p.run_id = (
        SELECT f.run_id FROM crm_import_sourcefile f JOIN crm_import_importrun r
            ON r.id = f.run_id AND r.fingerprint <> ''
        WHERE {standing.stands("r.id")}
        ORDER BY f.id DESC LIMIT 1))
    AND (p.code <> 'pending_link' OR EXISTS (
        SELECT FROM crm_import_pendinglink l
        WHERE l.entity = p.entity AND l.legacy_id = p.legacy_id AND l.field = p.field))
    AND (p.code <> 'unmapped' OR NOT EXISTS (
        SELECT FROM crm_import_optionvalue v
        WHERE v.option_set = p.field AND v.state <> 'proposed' AND v.value = {_CELL}))
"""
STANDING = f"SELECT p.entity, p.record, p.legacy_id, p.code, p.severity, p.field {_STANDS}"


@dataclass(slots=True)
class Outcome:
    """Rows by table and outcome, and what was made and changed, by key."""

    tables: dict[str, dict[str, int]]
    created: dict[str, int]
    updated: dict[str, int]


def _blank() -> dict[str, dict[str, int]]:
    return {table.name: dict.fromkeys(OUTCOMES, 0) for table in TABLES}


def repeated(last: ImportRun) -> Outcome:
    """The outcome of a run that was given the very files of the run before."""
    tables = _blank()
    for name, before in last.report["tables"].items():
        tables[name]["read"] = before["read"]
        tables[name]["quarantined"] = before["quarantined"]
        tables[name]["unchanged"] = before["read"] - before["quarantined"]
    return Outcome(tables, dict.fromkeys(KEYS, 0), dict.fromkeys(FOLLOWING, 0))


def nothing() -> Outcome:
    """The outcome of a run that read nothing."""
    return _outcome(_blank(), Written())


def expect_outcomes() -> None:
    """Raise DoesNotAddUp when a row of the archive that counts has no outcome."""
    missing = 0
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(
                f"SELECT count(*) FROM {table.db_table} a WHERE NOT EXISTS ("
                "SELECT FROM crm_import_rowoutcome o WHERE o.entity = %s AND o.row = a.id) "
                f"AND {staging.counts(table)}",
                [table.name],
            )
            missing += cursor.fetchone()[0]
    if missing:
        raise DoesNotAddUp(f"{missing} rows have no outcome. Nothing was written; report this.")


def count(this: ImportRun, staged: list[Staged], written: Written) -> Outcome:
    """Count what became of the rows of this run's files. Fails when they do not add up."""
    tables = _blank()
    firsts: dict[str, int] = {}
    for item in staged:
        if (name := item.ledger.entity) in tables:
            firsts.setdefault(name, item.first)
            tables[name]["read"] += item.ledger.records
            tables[name]["quarantined"] += item.ledger.unreadable
    with connection.cursor() as cursor:
        for name, first in firsts.items():
            counts = tables[name]
            cursor.execute(
                "SELECT outcome, count(*) FROM crm_import_rowoutcome "
                "WHERE run_id = %s AND entity = %s AND row >= %s GROUP BY outcome",
                [this.pk, name, first],
            )
            for outcome, rows in cursor.fetchall():
                counts[outcome] += rows
            cursor.execute(
                """
                SELECT CASE WHEN o.run_id = %s THEN o.outcome
                    WHEN o.outcome = 'quarantined' THEN 'quarantined' ELSE 'unchanged' END,
                    count(*)
                FROM crm_again a JOIN crm_import_rowoutcome o
                    ON o.entity = a.entity AND o.row = a.row_id AND NOT EXISTS (
                        SELECT FROM crm_import_rowoutcome n
                        WHERE n.entity = o.entity AND n.row = o.row AND n.id > o.id)
                WHERE a.entity = %s GROUP BY 1
                """,
                [this.pk, name],
            )
            for outcome, rows in cursor.fetchall():
                counts[outcome] += rows
            if counts["read"] != sum(counts.values()) - counts["read"]:
                raise DoesNotAddUp(
                    f"The rows of {name} do not add up. Nothing was written; report this."
                )
    return _outcome(tables, written)


def tried_again(this: ImportRun, written: Written) -> Outcome:
    """The outcome of a run without files: of the rows whose outcome it changed."""
    tables = _blank()
    changed = RowOutcome.objects.filter(run=this).values_list("entity", "outcome").order_by()
    for entity, outcome, rows in changed.annotate(rows=models.Count("pk")):
        tables[entity][outcome] += rows
        tables[entity]["read"] += rows
    return _outcome(tables, written)


def _outcome(tables: dict[str, dict[str, int]], written: Written) -> Outcome:
    return Outcome(
        tables,
        {key: written.created.get(key, 0) for key in KEYS},
        {key: written.updated.get(key, 0) for key in FOLLOWING},
    )


def undecided(this: ImportRun) -> int:
    """How many rows of this run's files have a value that was left out until somebody decides.

    They were placed: a value without which a row cannot be placed holds it in quarantine. Needs
    crm_again.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT count(DISTINCT (p.entity, p.row)) {_STANDS}
                AND p.code = 'unmapped' AND EXISTS (
                    SELECT FROM crm_import_optionvalue v
                    WHERE v.option_set = p.field AND v.state = 'proposed' AND v.value = {_CELL})
                AND (p.run_id = %s OR EXISTS (
                    SELECT FROM crm_again g WHERE g.entity = p.entity AND g.row_id = p.row))
            """,
            [this.pk],
        )
        (rows,) = cursor.fetchone()
    return int(rows)


def add_file_problems(this: ImportRun, staged: list[Staged]) -> None:
    """Problems that the rules in SQL cannot see: bad records and absent columns."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO crm_import_problem (run_id, entity, record, code, severity, field, note)
            SELECT f.run_id, f.entity, u.record, u.reason,
                CASE WHEN u.loaded THEN 'info' ELSE 'error' END, '', 'at byte ' || u.byte_offset
            FROM crm_import_unreadablerecord u JOIN crm_import_sourcefile f ON f.id = u.file_id
            WHERE f.run_id = %s ORDER BY f.id, u.record
            """,
            [this.pk],
        )
    absent = {
        (item.ledger.entity, column): None
        for item in staged
        if item.part.columns  # deletions alone have none
        for column in item.part.absent
    }
    Problem.objects.bulk_create(
        Problem(run=this, entity=entity, code="column_absent", severity="info", field=column)
        for entity, column in absent
    )


def totals() -> dict[str, int]:
    """What the portal holds now that came from the CRM, by key."""
    held = dict.fromkeys(KEYS, 0)
    with connection.cursor() as cursor:
        for key, model in TARGETS.items():
            cursor.execute(
                f"SELECT count(*) FROM {model._meta.db_table} t WHERE EXISTS ("
                "SELECT FROM crm_import_crosswalk x "
                "WHERE x.target_id = t.id AND x.target_model = %s)",
                [model._meta.label_lower],
            )
            held[key] = cursor.fetchone()[0]
    approved = OptionValue.State.APPROVED
    named = OptionValue.objects.filter(option_set="medical_condition", state=approved)
    listed = _targets(MedicalCondition)
    extra = set(named.values_list("meaning", flat=True)) - listed
    held["medical_conditions"] += MedicalCondition.objects.filter(pk__in=extra).count()
    imported = CTReferral.objects.filter(pk__in=_ids(CTReferral))
    held["clinical_trials"] = imported.values("trial").distinct().count()
    dossiers = EAPDossier.objects.filter(pk__in=_ids(EAPDossier))
    held["eap_programs"] = dossiers.values("program").distinct().count()
    held["submissions"] = Submission.objects.filter(source=Submission.Source.LEGACY_CRM).count()
    return held


def _ids(model: type[models.Model]) -> Any:
    return Crosswalk.objects.filter(target_model=model._meta.label_lower).values("target_id")


def _targets(model: type[models.Model]) -> set[str]:
    return {str(row["target_id"]) for row in _ids(model)}


def standing_problems() -> dict[str, int]:
    """Problems that still stand, counted by code."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT code, count(*) FROM ({STANDING}) s GROUP BY code ORDER BY code")
        return dict(cursor.fetchall())


def report(this: ImportRun, outcome: Outcome, *, dry_run: bool) -> dict[str, Any]:
    """The reconciliation, as `--report` writes it. Ids, codes and numbers only."""
    return {
        "run": str(this.pk),
        "dry_run": dry_run,
        "tables": outcome.tables,
        "created": outcome.created,
        "totals": totals(),
        "problems": standing_problems(),
    }


def watermark(last: ImportRun | None, staged: list[Staged]) -> dict[str, dict[str, Any]]:
    """The newest of each table that counts in the archive: the highest version number (None when
    its rows have none), and the last moment at which an export wrote one ("" when none says so).

    What is newer comes in the next delta. The run before has said it for the rows until then.
    """
    before = last.report.get("watermark", {}) if last else {}
    firsts: dict[str, int] = {}
    for item in staged:
        firsts.setdefault(item.ledger.entity, item.first)
    found = {}
    with connection.cursor() as cursor:
        for table in TABLES:
            known = before.get(table.name, {"version": None, "written": ""})
            first = firsts.get(table.name) if table.name in before else 0
            if first is not None:
                numbered = "versionnumber" in table.columns
                version = "max(crm_version(versionnumber))" if numbered else "NULL::bigint"
                cursor.execute(
                    f"SELECT greatest(%s, {version}), greatest(%s, max(written)) "
                    f"FROM {table.db_table} a WHERE id >= %s AND {staging.counts(table)}",
                    [known["version"], known["written"], first],
                )
                known = dict(zip(("version", "written"), cursor.fetchone(), strict=True))
            found[table.name] = known
    return found


@contextmanager
def appearing(path: Path, *, private: bool = False) -> Iterator[TextIO]:
    """A text file to write that appears under its name when the block has ended well, and else not.

    A `private` one can be read by its owner only. Raises OSError at once when it cannot be written
    there.
    """
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path.name)
    handle, name = tempfile.mkstemp(dir=path.resolve().parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            yield file
        if not private:  # it holds codes and ids, and others may have to read it
            Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink()
        raise


def write_problems(file: TextIO) -> None:
    """Write the problems that stand as CSV."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(("table", "record", "legacy_id", "code", "severity", "field"))
    with connection.cursor() as cursor:
        cursor.execute(STANDING + " ORDER BY p.entity, p.record, p.code, p.field")
        while rows := cursor.fetchmany(1000):
            writer.writerows([[harmless(value) for value in row] for row in rows])


def harmless(value: Any) -> str:
    """A cell that no spreadsheet takes for a formula (OWASP, CSV injection)."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
