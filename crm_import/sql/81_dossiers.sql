-- Expanded access: programs and dossiers.

-- step: dossiers that cannot be placed
-- if: crm_dossier
INSERT INTO crm_fate (entity, row_id, outcome, reason)
SELECT 'EAPDossier', d.row_id, 'quarantined', CASE WHEN d.number_key = '' THEN 'no_number'
    WHEN length(d.number) > 100 THEN 'too_long'
    WHEN d.product_id IS NULL THEN 'unmapped_product' ELSE 'no_patient' END
FROM crm_dossier d
WHERE (d.number_key = '' OR d.product_id IS NULL OR length(d.number) > 100
        OR d.patient_guid IS NULL) AND NOT EXISTS (
    SELECT FROM crm_fate f WHERE f.entity = 'EAPDossier' AND f.row_id = d.row_id);

-- step: whose dossiers
-- A patient who is not in the export yet is told from others by the legacy id. A number that made
-- a dossier before makes no second one.
CREATE TEMP TABLE crm_case ON COMMIT DROP AS
SELECT d.row_id, d.record, d.legacy_id, d.created, d.modified, d.inactive, d.number, d.number_key,
    w.row IS NULL AND NOT d.deleted AS fresh,
    d.product_id, crm_day(d.enrolled) AS enrolled, d.patient_guid, n.cluster, t.id AS patient_id,
    s.id AS physician_id, coalesce(t.id, d.patient_guid) AS owner,
    row_number() OVER (PARTITION BY d.number_key ORDER BY d.created NULLS LAST, d.legacy_id)
        AS place
FROM crm_dossier d
LEFT JOIN crm_person n ON n.kind = 2 AND n.legacy_id = d.patient_guid
LEFT JOIN crm_patient p ON p.row_id = n.row_id
LEFT JOIN crm_target t ON t.cluster = n.cluster
LEFT JOIN crm_specialist_id s ON s.legacy_id = p.physician_guid AND s.role = 'physician'
LEFT JOIN crm_import_rowoutcome w ON w.entity = 'EAPDossier' AND w.row = d.row_id
    AND w.outcome <> 'quarantined'
WHERE NOT EXISTS (
    SELECT FROM crm_fate f WHERE f.entity = 'EAPDossier' AND f.row_id = d.row_id);

-- step: dossiers in conflict
-- if: crm_case
-- One number of two patients: both wait. One number and patient, other product or day: the later.
INSERT INTO crm_fate (entity, row_id, outcome, reason)
SELECT 'EAPDossier', c.row_id, 'quarantined', 'dossier_conflict'
FROM crm_case c JOIN (
    SELECT number_key, count(DISTINCT owner) > 1 AS torn FROM crm_case GROUP BY number_key
) g USING (number_key)
JOIN crm_case o ON o.number_key = c.number_key AND o.place = 1
WHERE g.torn OR c.product_id <> o.product_id OR c.enrolled IS DISTINCT FROM o.enrolled;
DELETE FROM crm_case c USING crm_fate f WHERE f.entity = 'EAPDossier' AND f.row_id = c.row_id;

-- make: eap_programs
-- if: crm_case
INSERT INTO referrals_expandedaccessprogram (eap_number, title, product_id, sponsor, registry_id,
    countries, availability, last_confirmed_with)
SELECT c.number, '', c.product_id, '', '', '{}', 'UNKNOWN', '' FROM crm_case c
WHERE c.place = 1 AND c.patient_id IS NOT NULL AND NOT EXISTS (
    SELECT FROM crm_import_crosswalk x JOIN crm_case o ON o.legacy_id = x.legacy_id
    WHERE x.entity = 'EAPDossier' AND o.number_key = c.number_key
) AND NOT EXISTS (
    SELECT FROM referrals_expandedaccessprogram p
    WHERE upper(regexp_replace(p.eap_number, '[^A-Za-z0-9]', '', 'g')) = c.number_key)
ORDER BY c.row_id;

-- make: eap_dossiers
-- if: crm_case
WITH new AS (
    SELECT crm_id((SELECT portal_uuid7()), row_number() OVER (ORDER BY c.row_id)) AS id, c.*,
        p.id AS program_id FROM crm_case c
    JOIN referrals_expandedaccessprogram p
        ON upper(regexp_replace(p.eap_number, '[^A-Za-z0-9]', '', 'g')) = c.number_key
    WHERE c.place = 1 AND c.patient_id IS NOT NULL AND NOT EXISTS (
            SELECT FROM crm_import_crosswalk x JOIN crm_case o ON o.legacy_id = x.legacy_id
            WHERE x.entity = 'EAPDossier' AND o.number_key = c.number_key)
        AND NOT EXISTS (SELECT FROM referrals_eapdossier k WHERE k.patient_id = c.patient_id
            AND k.program_id = p.id AND k.state = 'open')
    ORDER BY c.row_id
)
INSERT INTO referrals_eapdossier (id, created_at, patient_id, program_id, number, physician_id,
    hospital_id, urgency, enrolled_on, state, closed_reason)
SELECT n.id, coalesce(n.created, r.started), n.patient_id, n.program_id, n.number, n.physician_id,
    s.hospital_id, 'routine', n.enrolled, CASE WHEN n.inactive THEN 'closed' ELSE 'open' END,
    CASE WHEN n.inactive THEN 'legacy_inactive' ELSE '' END
FROM new n LEFT JOIN patients_specialist s ON s.id = n.physician_id CROSS JOIN crm_this r;

-- step: legacy ids of dossiers
-- if: crm_case
INSERT INTO crm_import_crosswalk (entity, legacy_id, target_model, target_id, rule, run_id)
SELECT 'EAPDossier', c.legacy_id, 'referrals.eapdossier', k.id,
    CASE WHEN c.place = 1 THEN 'first' ELSE 'same_number_and_patient' END, r.id
FROM crm_case c
JOIN referrals_expandedaccessprogram p
    ON upper(regexp_replace(p.eap_number, '[^A-Za-z0-9]', '', 'g')) = c.number_key
JOIN (
    SELECT DISTINCT ON (patient_id, program_id) patient_id, program_id, id
    FROM referrals_eapdossier ORDER BY patient_id, program_id, created_at
) k ON k.patient_id = c.patient_id AND k.program_id = p.id
CROSS JOIN crm_this r
ON CONFLICT DO NOTHING;
