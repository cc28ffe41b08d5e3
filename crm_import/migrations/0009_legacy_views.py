"""What the portal holds today, as views in the shape of the legacy CRM: one row per legacy id.

For reports and integrations that were written against the CRM (docs/migration-reference.md, "The
old systems keep working"), and for `manage.py crm_export`. A view with joins takes no INSERT, UPDATE or DELETE.
A migration that alters or drops a column named here drops the views first and makes them again.

No function that reads a table is called: it would run with the rights of whoever reads the view,
who needs none but on the view.
"""

from django.db import migrations

PERSON, SPECIALIST = "patients.patient", "patients.specialist"


def crosswalk(name: str, entity: str, model: str) -> str:
    """The condition for legacy ids of that table that became such records as a whole."""
    return f"{name}.entity = '{entity}' AND {name}.target_model = '{model}' AND {name}.slot = ''"


def first_id(entity: str, model: str, target: str) -> str:
    """The oldest legacy id of a record, or its own id when it has none."""
    return f"""coalesce((
        SELECT (array_agg(x.legacy_id ORDER BY x.id))[1] FROM crm_import_crosswalk x
        WHERE x.target_id = {target} AND {crosswalk("x", entity, model)}), {target})"""


# A contact that was first a physician and then a patient (or the reverse) became both: the patient
# has its id.
NOT_ALSO_A_PATIENT = f"""NOT EXISTS (
            SELECT FROM crm_import_crosswalk y
            WHERE y.legacy_id = x.legacy_id AND {crosswalk("y", "Contact", PERSON)})"""


def specialist_id(target: str) -> str:
    """The contactid of a specialist."""
    return f"""coalesce((
        SELECT (array_agg(x.legacy_id ORDER BY x.id))[1] FROM crm_import_crosswalk x
        WHERE x.target_id = {target} AND {crosswalk("x", "Contact", SPECIALIST)}
            AND {NOT_ALSO_A_PATIENT}), {target})"""


def person_id(entity: str, target: str) -> str:
    """The oldest legacy id of a person in that table, else of who was merged into them, else their
    own id.
    """
    return f"""coalesce((
        SELECT (array_agg(x.legacy_id ORDER BY x.id))[1] FROM crm_import_crosswalk x
        WHERE x.target_id = {target} AND {crosswalk("x", entity, PERSON)}), (
        SELECT (array_agg(x.legacy_id ORDER BY x.id))[1]
        FROM patients_mergedpatient m JOIN crm_import_crosswalk x ON x.target_id = m.old_id
        WHERE m.survivor_id = {target} AND {crosswalk("x", entity, PERSON)}), {target})"""


def people(entity: str, others: str = "true") -> str:
    """(guid, target_id): every legacy id of a person, and the own ids of people without any."""
    return f"""
    SELECT x.legacy_id AS guid, coalesce(m.survivor_id, x.target_id) AS target_id
    FROM crm_import_crosswalk x LEFT JOIN patients_mergedpatient m ON m.old_id = x.target_id
    WHERE {crosswalk("x", entity, PERSON)}
    UNION ALL
    SELECT p.id, p.id FROM patients_patient p
    WHERE {others} AND NOT EXISTS (
            SELECT FROM crm_import_crosswalk x
            WHERE x.target_id = p.id AND {crosswalk("x", entity, PERSON)})
        AND NOT EXISTS (
            SELECT FROM patients_mergedpatient m JOIN crm_import_crosswalk x
                ON x.target_id = m.old_id
            WHERE m.survivor_id = p.id AND {crosswalk("x", entity, PERSON)})"""


def records(entity: str, model: str, table: str) -> str:
    """(guid, target_id): every legacy id of a record, and the own ids of those without any."""
    return f"""
    SELECT x.legacy_id AS guid, x.target_id FROM crm_import_crosswalk x
    WHERE {crosswalk("x", entity, model)}
    UNION ALL
    SELECT r.id, r.id FROM {table} r WHERE NOT EXISTS (
        SELECT FROM crm_import_crosswalk x
        WHERE x.target_id = r.id AND {crosswalk("x", entity, model)})"""


def option(option_set: str) -> str:
    """(meaning, value): the CRM's integer for a word or a record of ours; the lowest of several."""
    return f"""(
    SELECT meaning, (array_agg(value ORDER BY value !~ '^[0-9]+$', length(value), value))[1] AS value
    FROM crm_import_optionvalue
    WHERE option_set = '{option_set}' AND meaning <> '' AND state = 'approved' GROUP BY meaning)"""


def system(created: str, modified: str, inactive: str) -> str:
    """The columns that every table of the CRM has. The version grows with every change."""
    return f"""{created} AS createdon, {modified} AS modifiedon,
    CASE WHEN {inactive} THEN 1 ELSE 0 END AS statecode,
    (extract(epoch FROM {modified}) * 1000000)::bigint AS versionnumber"""


# The one address of the CRM: the person's own, else the first usable of those that they share.
ADDRESS = """LEFT JOIN LATERAL (
    SELECT (array_agg(t.value ORDER BY crm_email(lower(t.value)) IS NULL, t.id))[1] AS value
    FROM patients_contactpoint t
    WHERE p.email = '' AND t.patient_id = p.id AND t.kind = 'email') a ON true"""
NAMES = """nullif(p.first_name, '')::text AS firstname, nullif(p.last_name, '')::text AS lastname,
    coalesce(nullif(p.email, ''), a.value)::text AS email"""

# A person of several legacy ids shows the call that each of these made; a call that was made here
# is shown under the oldest one.
CONTACT = f"""
CREATE VIEW legacy_contact AS
SELECT w.guid AS contactid, {NAMES},
    coalesce(t.value, 'patient - lead')::text AS contact_type,
    coalesce(o.value, c.name)::text AS medical_condition,
    b.starts_at AS booking_date, b.reminder_at AS reminder_date,
    CASE WHEN b.status = 'completed' THEN false
        WHEN b.status = 'no_show' AND b.no_show_by = 'patient' THEN true END AS no_show,
    NULL::text AS job_title, NULL::uuid AS specialization, NULL::text AS medical_license_number,
    NULL::uuid AS hospital,
    {system("p.created_at", "greatest(p.updated_at, b.updated_at)", "p.stage = 'closed'")}
FROM ({people("Contact")}
) w
JOIN patients_patient p ON p.id = w.target_id AND NOT p.processing_restricted
{ADDRESS}
LEFT JOIN LATERAL (
    SELECT k.starts_at, k.reminder_at, k.status, k.no_show_by, k.updated_at
    FROM bookings_booking k
    LEFT JOIN crm_import_crosswalk x
        ON x.target_id = k.id AND x.target_model = 'bookings.booking'
    WHERE k.patient_id = p.id AND k.status IN ('booked', 'completed', 'no_show')
        AND coalesce(x.legacy_id, {person_id("Contact", "p.id")}) = w.guid
    ORDER BY k.created_at DESC, k.starts_at DESC, k.id DESC LIMIT 1
) b ON true
LEFT JOIN patients_medicalcondition c ON c.id = p.medical_condition_id
LEFT JOIN {option("medical_condition")} o ON o.meaning = c.id::text
LEFT JOIN {option("contact_type")} t ON t.meaning = 'patient'
UNION ALL
SELECT w.guid, nullif(s.first_name, '')::text, nullif(s.last_name, '')::text,
    nullif(s.email, '')::text, coalesce(t.value, s.contact_type)::text, NULL, NULL, NULL, NULL,
    nullif(s.job_title, '')::text,
    {first_id("Specialization", "patients.specialization", "s.specialization_id")},
    nullif(s.medical_license_number, '')::text,
    {first_id("Hospital", "patients.hospital", "s.hospital_id")},
    {system("s.created_at", "s.updated_at", "NOT s.is_active")}
FROM (
    SELECT x.legacy_id AS guid, x.target_id FROM crm_import_crosswalk x
    WHERE {crosswalk("x", "Contact", SPECIALIST)} AND {NOT_ALSO_A_PATIENT}
    UNION ALL
    SELECT r.id, r.id FROM patients_specialist r WHERE NOT EXISTS (
        SELECT FROM crm_import_crosswalk x
        WHERE x.target_id = r.id AND {crosswalk("x", "Contact", SPECIALIST)}
            AND {NOT_ALSO_A_PATIENT})
) w
JOIN patients_specialist s ON s.id = w.target_id
LEFT JOIN {option("contact_type")} t ON t.meaning = s.contact_type
"""

# Of people without a Patient row in the CRM: those who would have one there.
PURSUED = """(p.converted_at IS NOT NULL
            OR EXISTS (SELECT FROM referrals_ctreferral f WHERE f.patient_id = p.id)
            OR EXISTS (SELECT FROM referrals_eapdossier f WHERE f.patient_id = p.id))"""
PATIENT_CHANGED = "greatest(p.updated_at, r.updated_at, d.updated_at)"

# A row has the trials that it brought; those of referrals that were made here are in the oldest
# row. Of several referrals the one that went furthest speaks, as in the import.
PATIENT = f"""
CREATE VIEW legacy_patient AS
SELECT w.guid AS patientid, {NAMES},
    crm_day(p.first_contact_at) AS first_contact_date,
    crm_day(p.initial_consult_at) AS initial_consult_date,
    {first_id("MedicalCondition", "patients.medicalcondition", "p.medical_condition_id")}
        AS medical_condition,
    r.trial_id, coalesce(e.value, initcap(r.eligible))::text AS eligible,
    coalesce(nullif(r.ineligible_text, ''), nullif(nullif(r.ineligible_reason, ''), 'other'))::text
        AS ineligible_reason,
    crm_day(r.referred_at) AS ct_referral_date,
    d.enrolled_on AS eap_enrollment_date,
    {person_id("Contact", "p.id")} AS contact_record,
    {specialist_id("p.physician_id")} AS physician,
    coalesce(o.value, CASE r.outcome WHEN 'screen_failed' THEN 'Screen failed'
        WHEN 'site_declined' THEN 'Declined by site' ELSE initcap(r.outcome) END)::text
        AS ct_outcome,
    {system("p.created_at", PATIENT_CHANGED, "p.stage = 'closed'")}
FROM ({people("Patient", PURSUED)}
) w
JOIN patients_patient p ON p.id = w.target_id AND NOT p.processing_restricted
{ADDRESS}
LEFT JOIN LATERAL (
    SELECT f.*, string_agg(f.registry_id, '; ') OVER (ORDER BY f.registry_id
            ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS trial_id,
        max(f.changed) OVER () AS updated_at
    FROM (
        SELECT DISTINCT ON (f.trial_id) n.registry_id, f.id, f.created_at, f.updated_at AS changed,
            f.eligible, f.ineligible_reason, f.ineligible_text, f.referred_at, f.outcome
        FROM referrals_ctreferral f JOIN referrals_clinicaltrial n ON n.id = f.trial_id
        WHERE f.patient_id = p.id AND (
            EXISTS (SELECT FROM crm_import_crosswalk x
                WHERE x.target_id = f.id AND x.target_model = 'referrals.ctreferral'
                    AND x.legacy_id = w.guid)
            OR NOT EXISTS (SELECT FROM crm_import_crosswalk x
                    WHERE x.target_id = f.id AND x.target_model = 'referrals.ctreferral')
                AND {person_id("Patient", "p.id")} = w.guid)
        ORDER BY f.trial_id, f.created_at DESC, f.id DESC
    ) f
    ORDER BY f.outcome = 'enrolled' DESC, f.outcome <> 'pending' DESC, f.referred_at IS NULL,
        f.created_at DESC, f.id DESC
    LIMIT 1
) r ON true
LEFT JOIN LATERAL (
    SELECT (array_agg(f.enrolled_on ORDER BY f.created_at DESC, f.id DESC)
            FILTER (WHERE f.enrolled_on IS NOT NULL))[1] AS enrolled_on,
        max(f.updated_at) AS updated_at
    FROM referrals_eapdossier f WHERE f.patient_id = p.id
) d ON true
LEFT JOIN {option("eligible")} e ON e.meaning = r.eligible
LEFT JOIN {option("ct_outcome")} o ON o.meaning = r.outcome
"""

DOSSIER = f"""
CREATE VIEW legacy_eap_dossier AS
SELECT w.guid AS eap_dossier_id,
    coalesce(nullif(d.number, ''), g.eap_number)::text AS eap_number,
    {person_id("Patient", "p.id")} AS patient,
    coalesce(o.value, m.name)::text AS product,
    d.enrolled_on AS eap_enrollment_date,
    {system("d.created_at", "d.updated_at", "d.state = 'closed'")}
FROM ({records("EAPDossier", "referrals.eapdossier", "referrals_eapdossier")}
) w
JOIN referrals_eapdossier d ON d.id = w.target_id
JOIN patients_patient p ON p.id = d.patient_id AND NOT p.processing_restricted
JOIN referrals_expandedaccessprogram g ON g.id = d.program_id
LEFT JOIN referrals_product m ON m.id = g.product_id
LEFT JOIN {option("product")} o ON o.meaning = m.id::text
"""


def named_list(view: str, entity: str, model: str, columns: str) -> str:
    """A view of one of the lists that people point at."""
    table = model.replace(".", "_")
    return f"""
CREATE VIEW {view} AS
SELECT w.guid AS {entity.lower()}id, {columns},
    {system("r.created_at", "r.updated_at", "false")}
FROM ({records(entity, model, table)}
) w
JOIN {table} r ON r.id = w.target_id
"""


VIEWS = {
    "legacy_contact": CONTACT,
    "legacy_patient": PATIENT,
    "legacy_eap_dossier": DOSSIER,
    "legacy_medical_condition": named_list(
        "legacy_medical_condition",
        "MedicalCondition",
        "patients.medicalcondition",
        "r.name::text AS name, nullif(r.abbreviation, '')::text AS abbreviation",
    ),
    "legacy_hospital": named_list(
        "legacy_hospital",
        "Hospital",
        "patients.hospital",
        "r.name::text AS name, nullif(r.city, '')::text AS city",
    ),
    "legacy_specialization": named_list(
        "legacy_specialization",
        "Specialization",
        "patients.specialization",
        "r.name::text AS name",
    ),
}


class Migration(migrations.Migration):
    dependencies = [
        ("crm_import", "0008_verification_and_rollback"),
        ("patients", "0002_triggers"),
        ("bookings", "0002_triggers"),
        ("referrals", "0002_triggers"),
    ]
    operations = [migrations.RunSQL(sql, f"DROP VIEW {view}") for view, sql in VIEWS.items()]
