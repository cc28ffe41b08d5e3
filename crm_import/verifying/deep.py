"""Field by field: what each legacy row says, and what the record that it became says.

Per column both sides have a checksum that does not depend on the order of rows; where they differ,
each difference is explained by history, by a problem that was told, by another row of the same
record, or not at all.
"""

# ruff: noqa: S608  names of tables and columns are our own; no value is put into a statement

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection

from crm_import.tables import (
    CONDITION,
    CONTACT,
    DOSSIER,
    HOSPITAL,
    PATIENT,
    SPECIALIZATION,
    TABLES,
)
from crm_import.verifying.found import PLACES, Equation, Place
from crm_import.verifying.placed import rows


@dataclass(frozen=True, slots=True)
class Comparison:
    """One column: what it says in the terms of the portal, and what is there.

    `alias` is the record's; `has` is its field, with {0} for the record or one of its events. A
    null in `says` is nothing to compare. `problem` is how problems name the column.
    """

    table: str
    column: str
    alias: str
    says: str
    has: str
    problem: str


_EVENTS = {
    "t": "patients_patientevent",
    "s": "patients_specialistevent",
    "d": "referrals_eapdossierevent",
    "h": "patients_hospitalevent",
    "c": "patients_medicalconditionevent",
    "z": "patients_specializationevent",
}
_MODELS = {
    "t": "patients.patient",
    "s": "patients.specialist",
    "d": "referrals.eapdossier",
    "h": "patients.hospital",
    "c": "patients.medicalcondition",
    "z": "patients.specialization",
}


def _meaning(option_set: str, cell: str) -> str:
    return (
        f"(SELECT nullif(v.meaning, '') FROM crm_import_optionvalue v "
        f"WHERE v.option_set = '{option_set}' AND v.value = btrim({cell}) "
        "AND v.state = 'approved')"
    )


def _linked(entity: str, model: str, cell: str) -> str:
    return (
        f"(SELECT k.target_id::text FROM crm_import_crosswalk k WHERE k.entity = '{entity}' AND "
        f"k.target_model = '{model}' AND k.slot = '' AND k.legacy_id = crm_guid({cell}))"
    )


def _text(table: str, column: str, alias: str, field: str) -> Comparison:
    says = f"nullif(crm_tidy(a.{column}), '')"
    return Comparison(table, column, alias, says, f"{{0}}.{field}", column)


def _link(table: str, column: str, alias: str, field: str, says: str) -> Comparison:
    return Comparison(table, column, alias, says, f"{{0}}.{field}::text", column)


def _name(table: str, alias: str) -> Comparison:
    has = "btrim({0}.first_name || ' ' || {0}.last_name)"
    says = "nullif(btrim(crm_tidy(a.firstname) || ' ' || crm_tidy(a.lastname)), '')"
    return Comparison(table, "name", alias, says, has, "name")


def _email(table: str, alias: str) -> Comparison:
    has = "lower(trim({0}.email))"
    says = "crm_email(crm_address(a.email))"
    return Comparison(table, "email", alias, says, has, "email")


def _day(column: str, field: str) -> Comparison:
    return _link("Patient", column, "t", field, f"crm_noon(crm_day(crm_instant(a.{column})))::text")


COMPARISONS = (
    _name(CONTACT.name, "t"),
    _email(CONTACT.name, "t"),
    _link(
        *("Contact", "medical_condition", "t", "medical_condition_id"),
        _meaning("medical_condition", "a.medical_condition"),
    ),
    # The first contact is the day that a Patient row names, or the first form.
    _link(*("Contact", "createdon", "t", "first_contact_at"), "crm_instant(a.createdon)::text"),
    _name(CONTACT.name, "s"),
    _email(CONTACT.name, "s"),
    _text(CONTACT.name, "job_title", "s", "job_title"),
    _text(CONTACT.name, "medical_license_number", "s", "medical_license_number"),
    _link(
        *("Contact", "contact_type", "s", "contact_type"),
        f"CASE WHEN {_meaning('contact_type', 'a.contact_type')} <> 'patient' "
        f"THEN {_meaning('contact_type', 'a.contact_type')} END",
    ),
    _link(
        *("Contact", "hospital", "s", "hospital_id"),
        _linked("Hospital", "patients.hospital", "a.hospital"),
    ),
    _link(
        *("Contact", "specialization", "s", "specialization_id"),
        _linked("Specialization", "patients.specialization", "a.specialization"),
    ),
    _name(PATIENT.name, "t"),
    _email(PATIENT.name, "t"),
    _day("first_contact_date", "first_contact_at"),
    _day("initial_consult_date", "initial_consult_at"),
    _link(
        *("Patient", "medical_condition", "t", "medical_condition_id"),
        _linked("MedicalCondition", "patients.medicalcondition", "a.medical_condition"),
    ),
    _link(
        *("Patient", "physician", "t", "physician_id"),
        _linked("Contact", "patients.specialist", "a.physician"),
    ),
    _text(DOSSIER.name, "eap_number", "d", "number"),
    _link(
        *("EAPDossier", "patient", "d", "patient_id"),
        "(SELECT coalesce(m.survivor_id, k.target_id)::text FROM crm_import_crosswalk k "
        "LEFT JOIN patients_mergedpatient m ON m.old_id = k.target_id WHERE k.entity = 'Patient' "
        "AND k.target_model = 'patients.patient' AND k.legacy_id = crm_guid(a.patient))",
    ),
    _link(
        *("EAPDossier", "eap_enrollment_date", "d", "enrolled_on"),
        "crm_day(crm_instant(a.eap_enrollment_date))::text",
    ),
    _text(HOSPITAL.name, "name", "h", "name"),
    _text(HOSPITAL.name, "city", "h", "city"),
    _text(CONDITION.name, "name", "c", "name"),
    _text(SPECIALIZATION.name, "name", "z", "name"),
)


def compare() -> Iterator[Equation]:
    """One equation for each column: the values compared, and what became of each."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMP TABLE crm_shared ON COMMIT DROP AS SELECT target_id AS id "
            "FROM crm_import_crosswalk WHERE slot = '' GROUP BY 1 HAVING count(*) > 1"
        )
        cursor.execute("ANALYZE crm_shared")
        # What the rows of one record say, to know a value that came from another one of them.
        cursor.execute(
            "CREATE TEMP TABLE crm_said (field text, id uuid, value text) ON COMMIT DROP"
        )
        for number, one in enumerate(COMPARISONS):
            _pair(cursor, one, f"crm_pair_{number}")
        cursor.execute("ANALYZE crm_said")
        for number, one in enumerate(COMPARISONS):
            yield _compared(cursor, one, f"crm_pair_{number}")


def _pair(cursor: Any, one: Comparison, pairs: str) -> None:
    table = next(t for t in TABLES if t.name == one.table)
    cursor.execute(
        f"CREATE TEMP TABLE {pairs} ON COMMIT DROP AS SELECT * FROM (SELECT a.id AS row, "
        f"{one.alias}.id AS id, {one.says} AS says, coalesce({one.has.format(one.alias)}, '') "
        f"AS has, told.fields ->> '{one.problem}' AS told, "
        f"x{one.alias}.target_id <> {one.alias}.id AS is_merged {rows(table)} "
        f"WHERE n.held = '' AND {one.alias}.id IS NOT NULL) p WHERE says IS NOT NULL"
    )
    cursor.execute(
        f"INSERT INTO crm_said SELECT %s, id, says FROM {pairs} JOIN crm_shared USING (id)",
        [one.has],
    )


def _compared(cursor: Any, one: Comparison, pairs: str) -> Equation:
    cursor.execute(
        "SELECT count(*), sum(hashtextextended(id || says, 0)::numeric) "
        f"IS NOT DISTINCT FROM sum(hashtextextended(id || has, 0)::numeric) FROM {pairs}"
    )
    number, is_equal = cursor.fetchone()
    counts: dict[str, int] = {"equal": number} if number else {}
    places: list[Place] = []
    if not is_equal:
        cursor.execute(_explained(one, pairs), {"field": one.has})
        found = {why: (rows, ids) for why, rows, ids in cursor.fetchall()}
        places = [Place(one.table, row) for row in found.get("?", (0, []))[1]]
        counts = {why: rows for why, (rows, _ids) in found.items() if why != "?"}
    return Equation(
        key="values",
        about=f"{one.table}.{one.column} → {_MODELS[one.alias]}",
        left={"compared": number},
        right=dict(sorted(counts.items(), key=lambda item: -item[1])),
        places=places,
    )


def _explained(one: Comparison, pairs: str) -> str:
    """Each difference with the first explanation that holds."""
    events = _EVENTS[one.alias]
    after, before = (f"coalesce({one.has.format(alias)}, '')" for alias in ("e", "f"))
    further = (
        "WHEN EXISTS (SELECT FROM patients_contactpoint k WHERE k.patient_id = p.id "
        "AND lower(k.value) = p.says) THEN 'further_address'"
        if one.alias == "t" and one.column == "email"
        else ""
    )
    return f"""
        SELECT CASE
            WHEN p.says = p.has THEN 'equal'
            WHEN p.is_merged THEN 'merged_here'
            WHEN EXISTS (
                SELECT FROM {events} e JOIN pghistory_context x ON x.id = e.pgh_context_id
                WHERE e.pgh_obj_id = p.id AND e.pgh_label = 'update' AND x.metadata ? 'user'
                    AND NOT x.metadata ? 'run' AND {after} = p.has
                    AND EXISTS (SELECT FROM {events} f WHERE f.pgh_obj_id = p.id
                        AND f.pgh_id < e.pgh_id AND {before} <> p.has)
            ) THEN 'edited_here'
            WHEN p.told IS NOT NULL THEN 'told:' || p.told
            {further}
            WHEN EXISTS (SELECT FROM crm_said k
                WHERE k.field = %(field)s AND k.id = p.id AND k.value = p.has) THEN 'merged'
            -- Words that stand for nothing, in all of the cell or in a part of it.
            WHEN crm_blank(crm_key(replace(p.says, p.has, ''))) THEN 'placeholder'
            ELSE '?' END,
            count(*), (array_agg(p.row))[1:{PLACES}]
        FROM {pairs} p GROUP BY 1
    """
