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

-- step: numbers that differ by zeros
-- if: crm_dossier
-- A spreadsheet makes 12 of 0012, and people write EAP 12 for EAP-0012. Such a number is the whole
-- one when patient, product and day are equal too. Else nobody can say, and it waits for somebody,
-- unless it was placed before or somebody said that it is right as it is.
CREATE TEMP TABLE crm_bare ON COMMIT DROP AS
SELECT b.*, first_value(b.number_key) OVER w AS whole_key, first_value(b.number) OVER w AS whole
FROM (
    SELECT c.row_id, c.legacy_id, c.created, c.number, c.number_key, c.owner, c.product_id,
        c.enrolled, crm_bare_number(c.number) AS bare, EXISTS (
            SELECT FROM crm_import_rowoutcome o WHERE o.entity = 'EAPDossier'
                AND o.legacy_id = c.legacy_id AND o.outcome IN ('imported', 'merged')) AS is_placed
    FROM crm_case c
    WHERE translate(c.number_key, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0', '') IN (
        SELECT translate(number_key, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0', '')
        FROM crm_case GROUP BY 1 HAVING min(number_key) <> max(number_key))
) b
WINDOW w AS (PARTITION BY b.bare ORDER BY b.is_placed DESC, length(b.number_key) DESC,
    b.created NULLS LAST, b.legacy_id);
CREATE TEMP TABLE crm_zeros ON COMMIT DROP AS
SELECT c.row_id, c.number_key, c.whole_key, c.whole, EXISTS (
        SELECT FROM crm_bare o WHERE o.bare = c.bare AND o.number_key = c.whole_key
            AND o.owner = c.owner AND o.product_id = c.product_id
            AND o.enrolled IS NOT DISTINCT FROM c.enrolled) AS is_same
FROM crm_bare c
WHERE c.number_key <> c.whole_key AND NOT c.is_placed AND NOT EXISTS (
    SELECT FROM crm_import_correction k WHERE k.kind = 'fix' AND k.entity = 'EAPDossier'
        AND k.replacement = c.row_id);
-- A newer version that has lost zeros takes none from the dossier.
INSERT INTO crm_zeros
SELECT c.row_id, c.number_key, upper(regexp_replace(k.number, '[^A-Za-z0-9]', '', 'g')),
    k.number, true
FROM crm_case c JOIN crm_import_crosswalk x ON x.entity = 'EAPDossier'
    AND x.legacy_id = c.legacy_id AND x.target_model = 'referrals.eapdossier'
JOIN referrals_eapdossier k ON k.id = x.target_id
WHERE k.number <> c.number AND length(k.number) > length(c.number)
    AND upper(regexp_replace(k.number, '[^A-Za-z0-9]', '', 'g')) <> c.number_key
    AND crm_bare_number(k.number) = crm_bare_number(c.number);
INSERT INTO crm_fate (entity, row_id, outcome, reason)
SELECT 'EAPDossier', row_id, 'quarantined', 'number_doubtful' FROM crm_zeros WHERE NOT is_same;
DELETE FROM crm_case c USING crm_zeros z WHERE z.row_id = c.row_id AND NOT z.is_same;
UPDATE crm_case c SET number_key = z.whole_key, number = z.whole
FROM crm_zeros z WHERE z.row_id = c.row_id;
UPDATE crm_case c SET place = n.place
FROM (
    SELECT row_id, row_number() OVER (PARTITION BY number_key ORDER BY created NULLS LAST, legacy_id)
        AS place
    FROM crm_case
    WHERE number_key IN (SELECT whole_key FROM crm_zeros UNION SELECT number_key FROM crm_zeros)
) n
WHERE n.row_id = c.row_id AND n.place <> c.place;

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
