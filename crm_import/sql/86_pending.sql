-- Links that lead nowhere (yet). Those of earlier runs that can be made now are made.

-- step: links that lead nowhere
CREATE TEMP TABLE crm_pending ON COMMIT DROP AS
SELECT entity::varchar(20) AS entity, row_id, legacy_id, field::varchar(40) AS field, missing
FROM (
SELECT 'Contact' AS entity, s.row_id, s.legacy_id, 'hospital' AS field, s.hospital_guid AS missing
FROM crm_specialist s WHERE s.hospital_guid IS NOT NULL AND NOT EXISTS (
    SELECT FROM crm_import_crosswalk x
    WHERE x.entity = 'Hospital' AND x.legacy_id = s.hospital_guid)
UNION ALL
SELECT 'Contact', s.row_id, s.legacy_id, 'specialization', s.specialization_guid
FROM crm_specialist s WHERE s.specialization_guid IS NOT NULL AND NOT EXISTS (
    SELECT FROM crm_import_crosswalk x
    WHERE x.entity = 'Specialization' AND x.legacy_id = s.specialization_guid)
UNION ALL
SELECT 'Patient', n.row_id, n.legacy_id, 'medical_condition', p.condition_guid
FROM crm_person n JOIN crm_patient p ON p.row_id = n.row_id
WHERE n.kind = 2 AND p.condition_guid IS NOT NULL AND n.condition_id IS NULL
UNION ALL
SELECT 'Patient', n.row_id, n.legacy_id, 'contact_record', n.contact_guid
FROM crm_person n WHERE n.kind = 2 AND n.contact_guid IS NOT NULL
    AND NOT EXISTS (SELECT FROM crm_link l WHERE l.patient_node = n.node)
    AND NOT EXISTS (SELECT FROM crm_specialist_id s WHERE s.legacy_id = n.contact_guid)
UNION ALL
SELECT 'Patient', n.row_id, n.legacy_id, 'physician', p.physician_guid
FROM crm_person n JOIN crm_patient p ON p.row_id = n.row_id
WHERE n.kind = 2 AND p.physician_guid IS NOT NULL AND NOT EXISTS (
    SELECT FROM crm_contact c WHERE c.legacy_id = p.physician_guid)
UNION ALL
SELECT 'EAPDossier', c.row_id, c.legacy_id, 'patient', c.patient_guid
FROM crm_case c WHERE c.patient_id IS NULL AND c.patient_guid IS NOT NULL
) p;

-- step: links made late
-- if: crm_import_pendinglink
-- Only where the field is still empty: what somebody filled in stays. Those of somebody about whom
-- nothing may change wait.
UPDATE patients_specialist k SET hospital_id = h.id
FROM crm_import_pendinglink l
JOIN crm_specialist_id s ON s.legacy_id = l.legacy_id
JOIN crm_workplace h ON h.legacy_id = l.missing_id
WHERE l.entity = 'Contact' AND l.field = 'hospital' AND k.id = s.id AND k.hospital_id IS NULL;
UPDATE patients_specialist k SET specialization_id = h.target_id
FROM crm_import_pendinglink l
JOIN crm_specialist_id s ON s.legacy_id = l.legacy_id
JOIN crm_specialization_target h ON h.legacy_id = l.missing_id AND h.target_id IS NOT NULL
WHERE l.entity = 'Contact' AND l.field = 'specialization' AND k.id = s.id
    AND k.specialization_id IS NULL;
UPDATE patients_patient k SET medical_condition_id = c.target_id
FROM crm_import_pendinglink l
JOIN crm_person n ON n.kind = 2 AND n.legacy_id = l.legacy_id
JOIN crm_target t ON t.cluster = n.cluster
JOIN crm_condition_target c ON c.legacy_id = l.missing_id
WHERE l.entity = 'Patient' AND l.field = 'medical_condition' AND k.id = t.id
    AND k.medical_condition_id IS NULL AND NOT k.processing_restricted;
UPDATE patients_patient k SET physician_id = s.id
FROM crm_import_pendinglink l
JOIN crm_person n ON n.kind = 2 AND n.legacy_id = l.legacy_id
JOIN crm_target t ON t.cluster = n.cluster
JOIN crm_specialist_id s ON s.legacy_id = l.missing_id AND s.role = 'physician'
WHERE l.entity = 'Patient' AND l.field = 'physician' AND k.id = t.id AND k.physician_id IS NULL
    AND NOT k.processing_restricted;

-- step: what waits
DELETE FROM crm_import_pendinglink l WHERE NOT EXISTS (
    SELECT FROM crm_pending p
    WHERE p.entity = l.entity AND p.legacy_id = l.legacy_id AND p.field = l.field)
AND ((SELECT whole FROM crm_this) OR EXISTS (
    SELECT FROM crm_scope s WHERE s.entity = l.entity AND s.legacy_id = l.legacy_id))
AND NOT (l.entity = 'Patient' AND l.field IN ('medical_condition', 'physician') AND EXISTS (
    SELECT FROM crm_person n JOIN crm_target t USING (cluster)
    JOIN patients_patient k ON k.id = t.id AND k.processing_restricted
    WHERE n.kind = 2 AND n.legacy_id = l.legacy_id));
INSERT INTO crm_import_pendinglink (entity, legacy_id, field, missing_id, run_id)
SELECT p.entity, p.legacy_id, p.field, p.missing, r.id FROM crm_pending p, crm_this r
ON CONFLICT (entity, legacy_id, field) DO UPDATE SET missing_id = EXCLUDED.missing_id
    WHERE crm_import_pendinglink.missing_id <> EXCLUDED.missing_id;
