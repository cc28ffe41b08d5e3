-- Every row has exactly one outcome.

-- step: outcomes
-- A row keeps the outcome that an earlier run wrote, unless it was in quarantine and is not now, or
-- is there for another reason.
INSERT INTO crm_import_rowoutcome (run_id, entity, row, legacy_id, outcome, reason)
SELECT r.id, v.entity, v.row_id, v.legacy_id, v.outcome, v.reason
FROM (
    SELECT CASE p.kind WHEN 1 THEN 'Contact' ELSE 'Patient' END AS entity, p.row_id, p.legacy_id,
        CASE WHEN p.node = p.cluster AND t.is_new THEN 'imported' ELSE 'merged' END AS outcome,
        '' AS reason
    FROM crm_person p JOIN crm_target t USING (cluster)
    LEFT JOIN crm_former o ON p.kind = 1 AND o.row_id = p.row_id WHERE o.row_id IS NULL
    UNION ALL
    SELECT 'Contact', s.row_id, s.legacy_id,
        CASE WHEN s.node = s.cluster AND t.is_new THEN 'imported' ELSE 'merged' END, ''
    FROM crm_specialist s JOIN crm_specialist_target t USING (cluster)
    LEFT JOIN crm_former o ON o.row_id = s.row_id WHERE o.row_id IS NULL
    UNION ALL
    SELECT 'EAPDossier', c.row_id, c.legacy_id,
        CASE WHEN c.place = 1 THEN 'imported' ELSE 'merged' END,
        CASE WHEN c.patient_id IS NULL THEN 'parked' ELSE '' END FROM crm_case c
    UNION ALL
    SELECT 'MedicalCondition', row_id, legacy_id,
        CASE WHEN place = 1 THEN 'imported' ELSE 'merged' END, '' FROM crm_condition_target
    UNION ALL
    SELECT 'Specialization', row_id, legacy_id,
        CASE WHEN place = 1 THEN 'imported' ELSE 'merged' END, '' FROM crm_specialization_target
    UNION ALL
    SELECT 'Hospital', h.row_id, h.legacy_id, 'imported', '' FROM crm_hospital h
    WHERE NOT EXISTS (SELECT FROM crm_fate f WHERE f.entity = 'Hospital' AND f.row_id = h.row_id)
    UNION ALL
    SELECT f.entity, f.row_id, i.legacy_id, f.outcome, f.reason
    FROM crm_fate f JOIN (
        SELECT 'Contact' AS entity, row_id, legacy_id FROM crm_contact
        UNION ALL SELECT 'Patient', row_id, legacy_id FROM crm_patient
        UNION ALL SELECT 'EAPDossier', row_id, legacy_id FROM crm_dossier
        UNION ALL SELECT 'MedicalCondition', row_id, legacy_id FROM crm_condition
        UNION ALL SELECT 'Hospital', row_id, legacy_id FROM crm_hospital
        UNION ALL SELECT 'Specialization', row_id, legacy_id FROM crm_specialization
    ) i USING (entity, row_id)
) v
CROSS JOIN crm_this r
WHERE NOT EXISTS (
    SELECT FROM crm_import_rowoutcome o
    WHERE o.entity = v.entity AND o.row = v.row_id AND o.outcome <> 'quarantined')
AND (v.outcome <> 'quarantined' OR v.reason IS DISTINCT FROM (
    SELECT o.reason FROM crm_import_rowoutcome o
    WHERE o.entity = v.entity AND o.row = v.row_id ORDER BY o.id DESC LIMIT 1));

-- step: problems
INSERT INTO crm_import_problem (run_id, entity, row, record, legacy_id, code, severity, field, note)
SELECT r.id, p.entity, p.row_id, i.record, i.legacy_id, p.code, p.severity, p.field, p.note
FROM (SELECT DISTINCT ON (entity, row_id, code, field) * FROM crm_problem
    ORDER BY entity, row_id, code, field) p
CROSS JOIN crm_this r
LEFT JOIN (
    SELECT 'Contact' AS entity, row_id, record, legacy_id FROM crm_contact
    UNION ALL SELECT 'Patient', row_id, record, legacy_id FROM crm_patient
    UNION ALL SELECT 'EAPDossier', row_id, record, legacy_id FROM crm_dossier
    UNION ALL SELECT 'MedicalCondition', row_id, record, legacy_id FROM crm_condition
    UNION ALL SELECT 'Hospital', row_id, record, legacy_id FROM crm_hospital
    UNION ALL SELECT 'Specialization', row_id, record, legacy_id FROM crm_specialization
) i USING (entity, row_id)
WHERE NOT EXISTS (
    SELECT FROM crm_import_problem k WHERE k.entity = p.entity
        AND coalesce(k.row, 0) = coalesce(p.row_id, 0) -- an equality, so that it can be hashed
        AND k.code = p.code AND k.field = p.field)
    AND __COUNTS__(p.entity, p.row_id)
ORDER BY p.entity, i.record, p.code;

-- statistics: crm_import_rowoutcome, crm_import_crosswalk, crm_import_problem

-- step: constraints
-- Foreign keys were checked as rows came, so that a dry run fails where the real run would.
SET CONSTRAINTS ALL DEFERRED;
