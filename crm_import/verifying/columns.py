"""Every filled cell of the rows that count: in a field here, or the reason why it is in none."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection

from crm_import.tables import CONDITION, CONTACT, DOSSIER, HOSPITAL, PATIENT, SPECIALIZATION, Table
from crm_import.verifying.found import PLACES, Equation, Place
from crm_import.verifying.placed import is_gone, is_placed, legacy_rows, rows


@dataclass(frozen=True, slots=True)
class Column:
    """Where a column's cells go.

    `field` is true when the field here is filled. `problem` is how problems name it. `form` and
    `note` say that what has no field is kept word for word there; `emptied` is true when history
    names somebody who emptied the field.
    """

    field: str
    problem: str = ""
    form: bool = False
    note: bool = False
    emptied: str = ""


def _emptied(key: str, events: str, condition: str) -> str:
    """That somebody with a name did so; not an import, and nobody behind everybody's back."""
    return (
        f"EXISTS (SELECT FROM {events} e JOIN pghistory_context u ON u.id = e.pgh_context_id "
        f"AND u.metadata ? 'user' AND NOT u.metadata ? 'run' WHERE {key} AND {condition})"
    )


def _blank(alias: str, events: str, condition: str) -> str:
    return _emptied(f"e.pgh_obj_id = {alias}.id", events, f"e.pgh_label = 'update' AND {condition}")


_PATIENT_NAME = "t.first_name || t.last_name <> ''"
_PATIENT_EMAIL = (
    "t.email <> '' OR EXISTS (SELECT FROM patients_contactpoint p WHERE p.patient_id = t.id)"
)
_PATIENT_EMAIL_EMPTIED = (
    _blank("t", "patients_patientevent", "e.email = ''")
    + " OR "
    + _emptied("e.patient_id = t.id", "patients_contactpointevent", "e.pgh_label = 'delete'")
)
_CONDITION_EMPTIED = _blank("t", "patients_patientevent", "e.medical_condition_id IS NULL")


def _of_specialist(column: str, field: str, nothing: str) -> Column:
    """`nothing` is what a blank field has in SQL; blank for NULL."""
    return Column(
        f"s.{field} <> {nothing}" if nothing else f"s.{field} IS NOT NULL",
        column,
        form=True,
        emptied=_blank("s", "patients_specialistevent", f"coalesce(e.{field}::text, '') = ''"),
    )


COLUMNS: Mapping[str, Mapping[str, Column]] = {
    CONTACT.name: {
        "firstname": Column(f"{_PATIENT_NAME} OR s.first_name || s.last_name <> ''", "name"),
        "lastname": Column(f"{_PATIENT_NAME} OR s.first_name || s.last_name <> ''", "name"),
        "email": Column(
            f"{_PATIENT_EMAIL} OR s.email <> ''",
            "email",
            emptied=f"{_PATIENT_EMAIL_EMPTIED} OR "
            + _blank("s", "patients_specialistevent", "e.email = ''"),
        ),
        "contact_type": Column("t.id IS NOT NULL OR s.contact_type <> ''", "contact_type"),
        "medical_condition": Column(
            "t.medical_condition_id IS NOT NULL", "medical_condition", emptied=_CONDITION_EMPTIED
        ),
        "booking_date": Column("b.calls > 0", "booking_date"),
        "reminder_date": Column("b.reminders > 0", "reminder_date", form=True),
        "no_show": Column("b.outcomes > 0", "no_show", form=True),
        "job_title": _of_specialist("job_title", "job_title", "''"),
        "specialization": _of_specialist("specialization", "specialization_id", ""),
        "medical_license_number": _of_specialist(
            *("medical_license_number", "medical_license_number", "''")
        ),
        "hospital": _of_specialist("hospital", "hospital_id", ""),
    },
    PATIENT.name: {
        "firstname": Column(_PATIENT_NAME, "name"),
        "lastname": Column(_PATIENT_NAME, "name"),
        "email": Column(_PATIENT_EMAIL, "email", emptied=_PATIENT_EMAIL_EMPTIED),
        "first_contact_date": Column("t.first_contact_at IS NOT NULL", "first_contact_date"),
        "initial_consult_date": Column(
            "t.initial_consult_at IS NOT NULL",
            "initial_consult_date",
            emptied=_blank("t", "patients_patientevent", "e.initial_consult_at IS NULL"),
        ),
        "medical_condition": Column(
            "t.medical_condition_id IS NOT NULL", "medical_condition", emptied=_CONDITION_EMPTIED
        ),
        "trial_id": Column("r.trials > 0", "trial_id", note=True),
        "eligible": Column("r.trials > 0", "eligible", note=True),
        "ineligible_reason": Column("r.reasons > 0", "ineligible_reason", note=True),
        "ct_referral_date": Column("r.referred > 0", "ct_referral_date", note=True),
        "eap_enrollment_date": Column(
            "EXISTS (SELECT FROM referrals_eapdossier k WHERE k.patient_id = t.id"
            " AND k.enrolled_on IS NOT NULL)",
            "eap_enrollment_date",
            note=True,
        ),
        "contact_record": Column(
            "EXISTS (SELECT FROM crm_import_crosswalk k WHERE k.entity = 'Contact'"
            " AND k.legacy_id = crm_guid(a.contact_record))",
            "contact_record",
        ),
        "physician": Column(
            "t.physician_id IS NOT NULL",
            "physician",
            emptied=_blank("t", "patients_patientevent", "e.physician_id IS NULL"),
        ),
        "ct_outcome": Column("r.trials > 0", "ct_outcome", note=True),
    },
    DOSSIER.name: {
        "eap_number": Column("d.number <> ''", "eap_number"),
        "patient": Column("d.patient_id IS NOT NULL", "patient"),
        "product": Column("g.product_id IS NOT NULL", "product"),
        "eap_enrollment_date": Column(
            "d.enrolled_on IS NOT NULL",
            "eap_enrollment_date",
            emptied=_blank("d", "referrals_eapdossierevent", "e.enrolled_on IS NULL"),
        ),
    },
    HOSPITAL.name: {
        "name": Column("h.name <> ''", "name"),
        "city": Column(
            "h.city <> ''", "city", emptied=_blank("h", "patients_hospitalevent", "e.city = ''")
        ),
    },
    CONDITION.name: {
        "name": Column("c.name <> ''", "name"),
        "abbreviation": Column(
            "c.abbreviation <> '' OR EXISTS (SELECT FROM patients_conditionname k"
            " WHERE k.condition_id = c.id AND k.name = crm_tidy(a.abbreviation))",
            "abbreviation",
        ),
    },
    SPECIALIZATION.name: {"name": Column("z.name <> ''", "name")},
}

# Words after the sign are what Problem, RowOutcome and the transform call it.
IN_A_FIELD, TOLD, HELD = "in_a_field", "told:", "held:"


def count() -> Iterator[Equation]:
    """One equation for each column: its filled cells, and what became of them."""
    with connection.cursor() as cursor:
        for name, columns in COLUMNS.items():
            table = next(t for t in _TABLES if t.name == name)
            yield from _of_table(cursor, table, columns)


_TABLES = (CONTACT, PATIENT, DOSSIER, CONDITION, HOSPITAL, SPECIALIZATION)


def _of_table(cursor: Any, table: Table, columns: Mapping[str, Column]) -> Iterator[Equation]:
    """Rows of one pattern (what became of each cell) are counted together, which is fast."""
    fates = ",\n".join(_fate(table, name, column) for name, column in columns.items())
    cursor.execute(
        f"SELECT ARRAY[{fates}] AS fates, count(*), (array_agg(a.id))[1:{PLACES}] {rows(table)} "
        "GROUP BY 1"
    )
    patterns = cursor.fetchall()
    # The first count is of the archive alone.
    filled = ", ".join(f"count(nullif(a.{name}, ''))" for name in columns)
    cursor.execute(f"SELECT {filled} {legacy_rows(table)}")
    for place, (name, number) in enumerate(zip(columns, cursor.fetchone(), strict=True)):
        right: dict[str, int] = {}
        places: list[Place] = []
        for fates_of_row, count_of_rows, ids in patterns:
            fate = fates_of_row[place]
            if fate == "?":
                places += [Place(table.name, row) for row in ids]
            elif fate:
                right[fate] = right.get(fate, 0) + count_of_rows
        yield Equation(
            key="columns",
            about=f"{table.name}.{name}",
            left={"filled": number},
            right=dict(sorted(right.items(), key=lambda item: -item[1])),
            places=places,
        )


def _fate(table: Table, name: str, column: Column) -> str:
    """What became of a cell, as a word; blank for a blank cell, ? for nothing known."""
    cell = f"a.{name}"
    code = f"told.fields ->> '{column.problem}'"
    ways = [
        f"WHEN {cell} = '' THEN ''",
        f"WHEN n.held <> '' THEN '{HELD}' || n.held",
        f"WHEN {column.field} THEN '{IN_A_FIELD}'",
        f"WHEN {is_placed(table)} AND {is_gone(table)} THEN 'deleted_here'",
        f"WHEN {code} IS NOT NULL THEN '{TOLD}' || ({code})",
        f"WHEN crm_blank(crm_key(crm_tidy({cell}))) THEN 'placeholder'",
    ]
    if column.note:
        ways.append(
            "WHEN EXISTS (SELECT FROM patients_note k WHERE k.patient_id = t.id AND starts_with("
            "k.text, 'From the legacy CRM. Patient row ' || n.legacy_id)) THEN 'note'"
        )
    if column.form:
        ways.append(f"WHEN t.id IS NOT NULL AND {_on_the_form(name)} THEN 'form'")
    if name in ("reminder_date", "no_show"):
        # What a physician's row says of calls means nothing; the archive has it.
        ways.append("WHEN t.id IS NULL AND s.id IS NOT NULL THEN 'archive_only'")
    if column.emptied:
        ways.append(f"WHEN {column.emptied} THEN 'emptied_here'")
    ways.append("WHEN a.deleted THEN 'deleted_in_crm'")
    return f"CASE {' '.join(ways)} ELSE '?' END"


def _on_the_form(name: str) -> str:
    """Forms have the key of sql/71_submissions.sql."""
    return (
        "EXISTS (SELECT FROM patients_submission f WHERE f.source = 'legacy_crm' "
        "AND f.idempotency_key IN ('crm:' || n.legacy_id || ':' || crm_version(a.versionnumber), "
        "'crm:' || n.legacy_id || ':' || md5((to_jsonb(a) - ARRAY['id', 'file_id', 'record', "
        f"'absent', 'deleted', 'written'])::text)) AND f.payload ->> '{name}' = a.{name})"
    )
