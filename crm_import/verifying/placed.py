"""Every legacy row that counts now, beside what it became: the ground of the checks by column.

The statements name the row `a` and its legacy id `n.legacy_id`; the records are t (patient),
s (specialist), d (dossier), or h, c and z of the lists. `told` has what was told of the row, by
field.
"""

# ruff: noqa: S608  names of tables are our own; no value is put into a statement

from crm_import.tables import CONDITION, CONTACT, DOSSIER, HOSPITAL, PATIENT, SPECIALIZATION, Table


def _became(entity: str, model: str, alias: str, table: str) -> str:
    """Join the record that the row became; one that was merged here is the one it went into."""
    survivor = (
        f" LEFT JOIN patients_mergedpatient m{alias} ON m{alias}.old_id = x{alias}.target_id"
        if model == "patients.patient"
        else ""
    )
    target = (
        f"coalesce(m{alias}.survivor_id, x{alias}.target_id)"
        if survivor
        else (f"x{alias}.target_id")
    )
    return f"""
        LEFT JOIN crm_import_crosswalk x{alias} ON x{alias}.entity = '{entity}'
            AND x{alias}.legacy_id = n.legacy_id AND x{alias}.target_model = '{model}'
            AND x{alias}.slot = ''{survivor}
        LEFT JOIN {table} {alias} ON {alias}.id = {target}
    """


_CALLS = """
        LEFT JOIN (
            SELECT x.legacy_id, count(*) AS calls, count(k.reminder_at) AS reminders,
                count(*) FILTER (WHERE k.status IN ('completed', 'no_show')) AS outcomes
            FROM crm_import_crosswalk x JOIN bookings_booking k ON k.id = x.target_id
            WHERE x.entity = 'Contact' AND x.target_model = 'bookings.booking' GROUP BY 1
        ) b ON b.legacy_id = n.legacy_id
"""
_REFERRALS = """
        LEFT JOIN (
            SELECT x.legacy_id, count(*) AS trials, count(k.referred_at) AS referred,
                count(*) FILTER (WHERE k.ineligible_text <> '') AS reasons
            FROM crm_import_crosswalk x JOIN referrals_ctreferral k ON k.id = x.target_id
            WHERE x.entity = 'Patient' AND x.target_model = 'referrals.ctreferral' GROUP BY 1
        ) r ON r.legacy_id = n.legacy_id
"""

JOINS = {
    CONTACT.name: _became("Contact", "patients.patient", "t", "patients_patient")
    + _became("Contact", "patients.specialist", "s", "patients_specialist")
    + _CALLS,
    PATIENT.name: _became("Patient", "patients.patient", "t", "patients_patient") + _REFERRALS,
    DOSSIER.name: _became("EAPDossier", "referrals.eapdossier", "d", "referrals_eapdossier")
    + " LEFT JOIN referrals_expandedaccessprogram g ON g.id = d.program_id ",
    HOSPITAL.name: _became("Hospital", "patients.hospital", "h", "patients_hospital"),
    CONDITION.name: _became(
        *("MedicalCondition", "patients.medicalcondition", "c", "patients_medicalcondition")
    ),
    SPECIALIZATION.name: _became(
        *("Specialization", "patients.specialization", "z", "patients_specialization")
    ),
}
# Whether the row became a record at all, and whether one is still there.
_PLACED = {
    CONTACT.name: ("xt.id IS NOT NULL OR xs.id IS NOT NULL", "t.id IS NULL AND s.id IS NULL"),
    PATIENT.name: ("xt.id IS NOT NULL", "t.id IS NULL"),
    DOSSIER.name: ("xd.id IS NOT NULL", "d.id IS NULL"),
    HOSPITAL.name: ("xh.id IS NOT NULL", "h.id IS NULL"),
    CONDITION.name: ("xc.id IS NOT NULL", "c.id IS NULL"),
    SPECIALIZATION.name: ("xz.id IS NOT NULL", "z.id IS NULL"),
}


def is_placed(table: Table) -> str:
    return f"({_PLACED[table.name][0]})"


def is_gone(table: Table) -> str:
    return f"({_PLACED[table.name][1]})"


def rows(table: Table) -> str:
    """The part of a statement after SELECT …: each row that counts, beside what it became."""
    return f"""
        {legacy_rows(table)}
        {JOINS[table.name]}
        LEFT JOIN (
            SELECT row AS told_row, jsonb_object_agg(field, code) AS fields FROM (
                SELECT (v ->> 'row')::bigint AS row, CASE k.field
                    WHEN 'first_contact_at' THEN 'first_contact_date'
                    WHEN 'initial_consult_at' THEN 'initial_consult_date'
                    WHEN 'number' THEN 'eap_number'
                    WHEN 'enrolled_on' THEN 'eap_enrollment_date'
                    ELSE k.field END AS field, 'field_conflict' AS code
                FROM crm_import_fieldconflict k, jsonb_array_elements(k.values) v
                WHERE k.state <> 'settled' AND v ->> 'source' = '{table.name}'
                UNION ALL
                SELECT row, field, code FROM crm_import_problem
                WHERE entity = '{table.name}' AND row IS NOT NULL
            ) t GROUP BY 1
        ) told ON told.told_row = n.row
    """


def legacy_rows(table: Table) -> str:
    """The same rows alone.

    Of a legacy id the newest row that was placed; of others each row that is held back.
    """
    return f"""
        FROM (
            SELECT legacy_id, max(row) AS row, '' AS held FROM crm_import_rowoutcome
            WHERE entity = '{table.name}' AND outcome IN ('imported', 'merged')
                AND reason <> 'parked' GROUP BY 1
            UNION ALL
            SELECT o.legacy_id, o.row, coalesce(nullif(o.reason, ''), o.outcome) FROM (
                SELECT DISTINCT ON (row) * FROM crm_import_rowoutcome
                WHERE entity = '{table.name}' AND outcome IN ('imported', 'quarantined', 'ignored')
                ORDER BY row, id DESC
            ) o WHERE (outcome <> 'imported' OR reason = 'parked') AND NOT EXISTS (
                SELECT FROM crm_import_rowoutcome p WHERE p.entity = '{table.name}'
                    AND p.legacy_id = o.legacy_id AND p.outcome IN ('imported', 'merged')
                    AND p.reason <> 'parked')
        ) n
        JOIN {table.db_table} a ON a.id = n.row
    """
