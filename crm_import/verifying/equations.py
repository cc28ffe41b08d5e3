"""Rows, legacy ids and records, each counted from two sides."""

# ruff: noqa: S608  names of tables are our own; no value is put into a statement

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db import connection, models

from crm_import.models import Crosswalk, LegacyRow, RowOutcome, SourceFile, TakenBack
from crm_import.tables import FILES, TABLES, Table
from crm_import.verifying.found import PLACES, Equation, Place
from patients.models import ErasureRequest
from portal.core.history import event_models
from referrals.models import CTReferral, EAPDossier

# What became of a row, in the order in which an id with several rows is told.
_OUTCOMES = ("imported", "merged", "superseded", "exact_repeat", "quarantined", "ignored")
# Kinds of records of which every one made by an import is known by a legacy id; conditions and
# specializations may come from labels.
_KNOWN_BY_ID = (
    *("patients.patient", "patients.specialist", "patients.hospital", "bookings.booking"),
    *(CTReferral._meta.label_lower, EAPDossier._meta.label_lower),
)


def count() -> Iterator[Equation]:
    """All of them. Needs a transaction."""
    with connection.cursor() as cursor:
        erased = _erased_rows()
        for table in FILES:
            yield _files(cursor, table, erased.get(table.model._meta.label, 0))
        for table in TABLES:
            yield _rows(cursor, table)
            yield _ids(cursor, table)
        cursor.execute("SELECT DISTINCT target_model FROM crm_import_crosswalk ORDER BY 1")
        for (label,) in cursor.fetchall():
            yield _targets(cursor, apps.get_model(label))
        for label in _KNOWN_BY_ID:
            yield _made(cursor, apps.get_model(label))
        yield _enforced_references(cursor)
        yield from _own_references(cursor)


def _erased_rows() -> dict[str, int]:
    """Rows of the archive that erasures took out, by model label, as their certificates say."""
    found: dict[str, int] = {}
    for certificate in ErasureRequest.objects.values_list("certificate", flat=True):
        for label, number in certificate.get("deleted", {}).get("rows", {}).items():
            found[label] = found.get(label, 0) + number
    return found


def _files(cursor: Any, table: Table, erased: int) -> Equation:
    """What the scanner counted in the files, and what is there of it."""
    cursor.execute(
        f"""
        SELECT f.id, f.records, coalesce(a.rows, 0), f.known, coalesce(u.rows, 0),
            coalesce(e.rows, 0)
        FROM crm_import_sourcefile f
        LEFT JOIN (SELECT file_id, count(*) AS rows FROM {table.db_table} GROUP BY 1) a
            ON a.file_id = f.id
        LEFT JOIN (SELECT file_id, count(*) AS rows FROM crm_import_unreadablerecord
            WHERE NOT loaded GROUP BY 1) u ON u.file_id = f.id
        LEFT JOIN (SELECT o.run_id, count(*) AS rows FROM crm_import_rowoutcome o
            WHERE o.entity = %(entity)s AND o.outcome = 'ignored' AND o.reason = 'erased'
                AND NOT EXISTS (SELECT FROM {table.db_table} a WHERE a.id = o.row)
            GROUP BY 1) e ON e.run_id = f.run_id AND f.id = (
                SELECT min(g.id) FROM crm_import_sourcefile g
                WHERE g.run_id = f.run_id AND g.entity = f.entity)
        WHERE f.entity = %(entity)s
        """,
        {"entity": table.name},
    )
    files = cursor.fetchall()
    records, loaded, known, unreadable, passed = (
        sum(file[n] for file in files) for n in range(1, 6)
    )
    return Equation(
        key="files",
        about=table.name,
        left={"records": records},
        right={
            "loaded": loaded,
            "known": known,
            "unreadable": unreadable,
            "erased": passed + erased,
        },
        places=[Place("SourceFile", file[0]) for file in files if file[1] != sum(file[2:6])],
    )


# The newest outcome of each row of a table.
_LATEST = """
SELECT DISTINCT ON (row) row, legacy_id, outcome, reason FROM crm_import_rowoutcome
WHERE entity = %(entity)s ORDER BY row, id DESC
"""


def _rows(cursor: Any, table: Table) -> Equation:
    """Every row of the archive has one outcome, and every outcome a row."""
    cursor.execute(
        f"""
        SELECT CASE WHEN a.id IS NULL THEN 'stray' WHEN o.row IS NOT NULL THEN o.outcome
                WHEN b.row IS NOT NULL THEN 'taken_back' ELSE 'nowhere' END AS became,
            count(*), (array_agg(coalesce(a.id, o.row)))[1:{PLACES}]
        FROM (SELECT id FROM {table.db_table}) a
        FULL JOIN (SELECT * FROM ({_LATEST}) o WHERE (outcome, reason) <> ('ignored', 'erased')
            OR EXISTS (SELECT FROM {table.db_table} x WHERE x.id = o.row)) o ON o.row = a.id
        LEFT JOIN crm_import_takenback b ON b.entity = %(entity)s AND b.row = a.id
        GROUP BY 1
        """,
        {"entity": table.name},
    )
    became = {name: (number, rows) for name, number, rows in cursor.fetchall()}
    counts = {name: number for name, (number, _rows) in became.items()}
    wrong = [row for name in ("nowhere", "stray") for row in became.get(name, (0, []))[1]]
    return Equation(
        key="rows",
        about=table.name,
        left={"loaded": sum(n for name, n in counts.items() if name != "stray")},
        right={name: counts[name] for name in (*_OUTCOMES, "taken_back") if name in counts},
        stray=counts.get("stray", 0),
        places=[Place(table.name, row) for row in wrong],
    )


def _ids(cursor: Any, table: Table) -> Equation:
    """Every legacy id in the archive became something, or the ledger says why it did not."""
    cursor.execute(
        f"""
        SELECT CASE WHEN a.legacy_id IS NULL THEN 'stray' WHEN x.legacy_id IS NOT NULL THEN 'placed'
                WHEN o.held THEN 'quarantined' WHEN o.ignored THEN 'ignored'
                WHEN o.parked THEN 'parked' WHEN a.gone THEN 'taken_back' ELSE 'nowhere' END,
            count(*), (array_agg(a.row))[1:{PLACES}]
        FROM (
            SELECT crm_guid(r.{table.id}) AS legacy_id, max(r.id) AS row,
                bool_and(b.row IS NOT NULL) AS gone
            FROM {table.db_table} r
            LEFT JOIN crm_import_takenback b ON b.entity = %(entity)s AND b.row = r.id
            WHERE crm_guid(r.{table.id}) IS NOT NULL GROUP BY 1
        ) a
        FULL JOIN (SELECT DISTINCT legacy_id FROM crm_import_crosswalk WHERE entity = %(entity)s) x
            USING (legacy_id)
        LEFT JOIN (
            SELECT legacy_id, bool_or(outcome = 'quarantined') AS held,
                bool_or(outcome = 'ignored') AS ignored, bool_or(reason = 'parked') AS parked
            FROM ({_LATEST}) o WHERE legacy_id IS NOT NULL GROUP BY 1
        ) o ON o.legacy_id = a.legacy_id
        GROUP BY 1
        """,
        {"entity": table.name},
    )
    became = {name: (number, rows) for name, number, rows in cursor.fetchall()}
    counts = {name: number for name, (number, _rows) in became.items()}
    kept = ("placed", "quarantined", "ignored", "parked", "taken_back")
    return Equation(
        key="ids",
        about=table.name,
        left={"ids": sum(n for name, n in counts.items() if name != "stray")},
        right={name: counts[name] for name in kept if name in counts},
        stray=counts.get("stray", 0),
        places=[Place(table.name, row) for row in became.get("nowhere", (0, []))[1]],
    )


def _events_of(model: type[models.Model]) -> str:
    return next(
        events._meta.db_table
        for events in event_models()
        if events.pgh_tracked_model is model  # type: ignore[attr-defined]
    )


def _targets(cursor: Any, model: type[models.Model]) -> Equation:
    """The records that legacy ids became: in the crosswalk, and in the portal.

    Somebody here may have merged or deleted one; without a name in history nobody did.
    """
    cursor.execute(
        f"""
        SELECT CASE WHEN t.id IS NOT NULL THEN 'there' WHEN m.old_id IS NOT NULL THEN 'merged_here'
                WHEN EXISTS (
                    SELECT FROM {_events_of(model)} h JOIN pghistory_context c
                        ON c.id = h.pgh_context_id
                    WHERE h.pgh_obj_id = x.target_id AND h.pgh_label = 'delete'
                        AND c.metadata ? 'user') THEN 'deleted_here'
                ELSE 'nowhere' END, count(*), (array_agg(x.id))[1:{PLACES}]
        FROM (SELECT target_id, min(id) AS id FROM crm_import_crosswalk
            WHERE target_model = %s GROUP BY 1) x
        LEFT JOIN {model._meta.db_table} t ON t.id = x.target_id
        LEFT JOIN patients_mergedpatient m ON m.old_id = x.target_id
        GROUP BY 1
        """,
        [model._meta.label_lower],
    )
    became = {name: (number, rows) for name, number, rows in cursor.fetchall()}
    counts = {name: number for name, (number, _rows) in became.items()}
    # The second count begins with the records.
    cursor.execute(
        f"SELECT count(*) FROM {model._meta.db_table} t WHERE t.id IN ("
        "SELECT target_id FROM crm_import_crosswalk WHERE target_model = %s)",
        [model._meta.label_lower],
    )
    (there,) = cursor.fetchone()
    gone = {name: counts[name] for name in ("merged_here", "deleted_here") if name in counts}
    return Equation(
        key="targets",
        about=model._meta.label,
        left={"in_crosswalk": sum(counts.values())},
        right={"there": there, **gone},
        places=[Place("Crosswalk", row) for row in became.get("nowhere", (0, []))[1]],
    )


def _made(cursor: Any, model: type[models.Model]) -> Equation:
    """The records that history says imports made: each is known by a legacy id, or went again."""
    cursor.execute(
        f"""
        SELECT CASE WHEN x.target_id IS NOT NULL THEN 'known' WHEN t.id IS NULL THEN 'gone'
                ELSE 'nowhere' END, count(*), (array_agg(h.pgh_obj_id))[1:{PLACES}]
        FROM {_events_of(model)} h
        JOIN pghistory_context c ON c.id = h.pgh_context_id AND c.metadata ? 'run'
        LEFT JOIN (SELECT DISTINCT target_id FROM crm_import_crosswalk WHERE target_model = %s) x
            ON x.target_id = h.pgh_obj_id
        LEFT JOIN {model._meta.db_table} t ON t.id = h.pgh_obj_id
        WHERE h.pgh_label = 'insert' GROUP BY 1
        """,
        [model._meta.label_lower],
    )
    became = {name: (number, rows) for name, number, rows in cursor.fetchall()}
    counts = {name: number for name, (number, _rows) in became.items()}
    return Equation(
        key="made",
        about=model._meta.label,
        left={"made": sum(counts.values())},
        right={name: counts[name] for name in ("known", "gone") if name in counts},
        places=[Place(model._meta.label, id=str(key)) for key in became.get("nowhere", (0, []))[1]],
    )


def _enforced_references(cursor: Any) -> Equation:
    """The links between records that the database itself holds true."""
    labels = Crosswalk.objects.values_list("target_model", flat=True).distinct()
    wanted = {
        (model._meta.db_table, field.column)
        for model in map(apps.get_model, labels.order_by("target_model"))
        for field in model._meta.concrete_fields
        if field.is_relation and getattr(field, "db_constraint", False)
    }
    cursor.execute(
        """
        SELECT k.conrelid::regclass::text, a.attname FROM pg_constraint k
        JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1]
        WHERE k.contype = 'f' AND k.convalidated AND cardinality(k.conkey) = 1
        """
    )
    held = wanted & set(cursor.fetchall())
    return Equation(
        key="links",
        about="portal",
        left={"links": len(wanted)},
        right={"enforced": len(held)},
        places=[Place(f"{table}.{column}", id="") for table, column in sorted(wanted - held)],
    )


def _own_references(cursor: Any) -> Iterator[Equation]:
    """The links of the ledger, which the database is not asked to check row by row."""
    archive: list[type[LegacyRow]] = [table.model for table in FILES]
    pairs: list[tuple[type[models.Model], str, type[models.Model]]] = [
        *((model, "file", SourceFile) for model in archive),
        *((model, "run", SourceFile.run.field.related_model) for model in _LEDGER),
    ]
    for model, name, target in pairs:
        table, column = model._meta.db_table, f"{name}_id"
        cursor.execute(
            f"SELECT count(*), count(t.id) FROM {table} r "
            f"LEFT JOIN {target._meta.db_table} t ON t.id = r.{column}"
        )
        rows, held = cursor.fetchone()
        yield Equation(
            key="links",
            about=f"{model._meta.label}.{name}",
            left={"links": rows},
            right={"held": held},
        )


_LEDGER: tuple[type[models.Model], ...] = (RowOutcome, Crosswalk, TakenBack)


def held() -> dict[str, dict[str, int]]:
    """What is in quarantine now, by table and reason."""
    found: dict[str, dict[str, int]] = {}
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(
                f"SELECT reason, count(*) FROM ({_LATEST}) o WHERE outcome = 'quarantined' "
                "GROUP BY 1 ORDER BY 1",
                {"entity": table.name},
            )
            if counts := dict(cursor.fetchall()):
                found[table.name] = counts
    return found
