-- Rows that the CRM deleted or deactivated, or has again. What they became keeps all its fields; it
-- is only taken out of work, or put back to it, and stays as it is where somebody has work open on
-- it.

-- step: rows deleted since the last run
CREATE TEMP TABLE crm_deleted ON COMMIT DROP AS
SELECT v.entity::varchar(20) AS entity, v.row_id, v.legacy_id, v.deleted, true AS is_told
FROM (
    SELECT 'Contact' AS entity, row_id, legacy_id, deleted FROM crm_contact
    UNION ALL SELECT 'Patient', row_id, legacy_id, deleted FROM crm_patient
    UNION ALL SELECT 'EAPDossier', row_id, legacy_id, deleted FROM crm_dossier
    UNION ALL SELECT 'MedicalCondition', row_id, legacy_id, deleted FROM crm_condition
    UNION ALL SELECT 'Hospital', row_id, legacy_id, deleted FROM crm_hospital
    UNION ALL SELECT 'Specialization', row_id, legacy_id, deleted FROM crm_specialization
) v
WHERE v.deleted AND NOT EXISTS (
        SELECT FROM crm_import_rowoutcome o WHERE o.entity = v.entity AND o.row = v.row_id)
    AND NOT EXISTS (
        SELECT FROM crm_fate f WHERE f.entity = v.entity AND f.row_id = v.row_id);

-- step: rows that are there again
-- if: (SELECT FROM crm_contact WHERE deleted UNION ALL SELECT FROM crm_patient WHERE deleted) d
INSERT INTO crm_deleted
SELECT v.entity, v.row_id, v.legacy_id, false, true
FROM (
    SELECT 'Contact' AS entity, row_id, legacy_id, deleted FROM crm_contact
    UNION ALL SELECT 'Patient', row_id, legacy_id, deleted FROM crm_patient
) v
JOIN (
    SELECT 'Contact' AS entity, legacy_id, max(row_id) AS row_id FROM crm_contact
    WHERE deleted GROUP BY legacy_id
    UNION ALL SELECT 'Patient', legacy_id, max(row_id) FROM crm_patient
    WHERE deleted GROUP BY legacy_id
) d USING (entity, legacy_id)
WHERE NOT v.deleted AND v.row_id > d.row_id AND NOT EXISTS (
        SELECT FROM crm_import_rowoutcome o WHERE o.entity = v.entity AND o.row = v.row_id)
    AND NOT EXISTS (
        SELECT FROM crm_fate f WHERE f.entity = v.entity AND f.row_id = v.row_id);

-- step: rows that were deactivated or activated
-- if: crm_before
INSERT INTO crm_deleted
SELECT v.entity, v.row_id, v.legacy_id, v.inactive, false
FROM (
    SELECT 'Contact' AS entity, row_id, legacy_id, inactive, deleted FROM crm_contact
    UNION ALL SELECT 'Patient', row_id, legacy_id, inactive, deleted FROM crm_patient
    UNION ALL SELECT 'EAPDossier', row_id, legacy_id, inactive, deleted FROM crm_dossier
) v
JOIN crm_before b USING (entity, legacy_id)
JOIN (
    SELECT 'Contact' AS entity, row_id, inactive AS was FROM crm_contact
    UNION ALL SELECT 'Patient', row_id, inactive FROM crm_patient
    UNION ALL SELECT 'EAPDossier', row_id, inactive FROM crm_dossier
) o ON o.entity = v.entity AND o.row_id = b.row_id
WHERE v.inactive <> o.was AND NOT v.deleted
    AND NOT EXISTS (
        SELECT FROM crm_import_rowoutcome w WHERE w.entity = v.entity AND w.row = v.row_id)
    AND NOT EXISTS (SELECT FROM crm_fate f WHERE f.entity = v.entity AND f.row_id = v.row_id)
    AND NOT EXISTS (
        SELECT FROM crm_deleted d WHERE d.entity = v.entity AND d.row_id = v.row_id);

-- statistics: crm_deleted

-- step: deleted patients
-- if: crm_deleted
-- Only when no other row stands for them, nothing is open, and nobody restricted them.
UPDATE patients_patient x SET stage = 'closed', closed_reason = 'legacy_inactive'
FROM crm_target t
WHERE x.id = t.id AND NOT t.is_new AND x.stage <> 'closed' AND NOT x.processing_restricted
    AND EXISTS (
        SELECT FROM crm_deleted d JOIN crm_person p ON p.row_id = d.row_id
            AND p.kind = CASE d.entity WHEN 'Contact' THEN 1 WHEN 'Patient' THEN 2 END
        WHERE d.deleted AND p.cluster = t.cluster
            -- A stage that people decided on is theirs.
            AND (d.is_told OR NOT EXISTS (
                SELECT FROM patients_stagechange c WHERE c.patient_id = x.id)))
    AND NOT EXISTS (SELECT FROM crm_person p WHERE p.cluster = t.cluster AND NOT p.inactive)
    AND NOT EXISTS (SELECT FROM bookings_booking b WHERE b.patient_id = x.id
        AND b.status IN ('held', 'booked') AND b.starts_at > now())
    AND NOT EXISTS (SELECT FROM referrals_ctreferral r WHERE r.patient_id = x.id
        AND r.status IN ('draft', 'eligible', 'referred', 'acknowledged', 'screening', 'enrolled'))
    AND NOT EXISTS (SELECT FROM referrals_eapdossier k WHERE k.patient_id = x.id
        AND k.state = 'open' AND k.id NOT IN (
            SELECT w.target_id FROM crm_import_crosswalk w JOIN crm_deleted d
                ON d.entity = 'EAPDossier' AND d.legacy_id = w.legacy_id AND d.deleted
            WHERE w.entity = 'EAPDossier'));
UPDATE patients_patient x
SET stage = CASE WHEN x.converted_at IS NULL THEN 'lead' ELSE 'patient' END, closed_reason = ''
FROM crm_target t
WHERE x.id = t.id AND NOT t.is_new AND x.closed_reason = 'legacy_inactive'
    AND NOT x.processing_restricted AND EXISTS (
        SELECT FROM crm_deleted d JOIN crm_person p ON p.row_id = d.row_id
            AND p.kind = CASE d.entity WHEN 'Contact' THEN 1 WHEN 'Patient' THEN 2 END
        WHERE NOT d.deleted AND NOT p.inactive AND p.cluster = t.cluster);

-- step: deleted specialists
-- if: crm_deleted
UPDATE patients_specialist k SET is_active = NOT d.deleted
FROM crm_deleted d JOIN crm_specialist s ON s.row_id = d.row_id
JOIN crm_specialist_target t USING (cluster)
WHERE d.entity = 'Contact' AND k.id = t.id AND NOT t.is_new AND k.is_active = d.deleted
    AND (NOT d.deleted OR NOT EXISTS (
        SELECT FROM crm_specialist o WHERE o.cluster = t.cluster AND NOT o.inactive));

-- step: deleted dossiers
-- if: crm_deleted
UPDATE referrals_eapdossier k SET state = 'closed', closed_reason = 'legacy_inactive'
FROM crm_import_crosswalk w JOIN crm_deleted d
    ON d.entity = 'EAPDossier' AND d.legacy_id = w.legacy_id AND d.deleted
WHERE w.entity = 'EAPDossier' AND k.id = w.target_id AND k.state = 'open'
    AND NOT EXISTS (SELECT FROM patients_patient x
        WHERE x.id = k.patient_id AND x.processing_restricted)
    AND (d.is_told OR NOT EXISTS (SELECT FROM referrals_dossierstep s WHERE s.dossier_id = k.id)
        AND NOT EXISTS (SELECT FROM referrals_dossierchange s WHERE s.dossier_id = k.id))
    AND NOT EXISTS (
    SELECT FROM crm_case c WHERE c.patient_id = k.patient_id AND NOT c.inactive
        AND c.legacy_id IN (SELECT o.legacy_id FROM crm_import_crosswalk o
            WHERE o.entity = 'EAPDossier' AND o.target_id = k.id));
-- Comes its row back, so does the dossier, unless another one took its place.
UPDATE referrals_eapdossier k SET state = 'open', closed_reason = ''
FROM crm_import_crosswalk w JOIN crm_deleted d
    ON d.entity = 'EAPDossier' AND d.legacy_id = w.legacy_id AND NOT d.deleted
WHERE w.entity = 'EAPDossier' AND k.id = w.target_id AND k.closed_reason = 'legacy_inactive'
    AND NOT EXISTS (SELECT FROM referrals_eapdossier o WHERE o.patient_id = k.patient_id
        AND o.program_id = k.program_id AND o.state = 'open')
    AND NOT EXISTS (SELECT FROM patients_patient x
        WHERE x.id = k.patient_id AND (x.processing_restricted OR x.stage = 'closed'));
