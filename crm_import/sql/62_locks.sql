-- Records that this run can change, locked before anything is read of them. Whoever has one in hand
-- is waited for, and whoever wants one then waits until the run has ended: each statement sees what
-- was committed before it began, so what is read of them from here on, history too, is what is
-- written over. People first, by their ids, then what hangs on them, as the verbs do
-- (patients.locking); of each kind only those of which something is new.

-- step: cells whose meaning was decided
CREATE TEMP TABLE crm_renamed ON COMMIT DROP AS
SELECT d.option_set, d.was, c.cell FROM crm_decided d
JOIN crm_cell c ON c.option_set = d.option_set AND btrim(c.cell) = d.value
WHERE c.meaning <> d.was;
ANALYZE crm_renamed;
-- The rows that have one.
CREATE TEMP TABLE crm_renamed_row ON COMMIT DROP AS
SELECT 'Contact' AS entity, a.id AS row_id FROM crm_import_legacycontact a
JOIN crm_renamed d ON d.option_set = 'medical_condition' AND a.medical_condition = d.cell
UNION ALL SELECT 'Patient', a.id FROM crm_import_legacypatient a
JOIN crm_renamed d ON d.option_set = 'eligible' AND a.eligible = d.cell
UNION ALL SELECT 'Patient', a.id FROM crm_import_legacypatient a
JOIN crm_renamed d ON d.option_set = 'ct_outcome' AND a.ct_outcome = d.cell;
ANALYZE crm_renamed_row;

-- step: dossiers of which something is new
CREATE TEMP TABLE crm_new_dossier ON COMMIT DROP AS
SELECT d.row_id, d.legacy_id, d.patient_guid FROM crm_dossier d
WHERE NOT EXISTS (SELECT FROM crm_import_rowoutcome o
    WHERE o.entity = 'EAPDossier' AND o.row = d.row_id AND o.outcome <> 'quarantined');

-- step: people in hand
-- if: crm_target WHERE NOT is_new
SELECT count(*) FROM (
    SELECT x.id FROM patients_patient x
    WHERE x.id IN (SELECT t.id FROM crm_target t WHERE NOT t.is_new AND t.cluster IN (
        SELECT p.cluster FROM crm_person p WHERE p.fresh
        UNION ALL
        SELECT p.cluster FROM crm_person p WHERE p.deleted AND NOT EXISTS (
            SELECT FROM crm_import_rowoutcome o WHERE o.row = p.row_id
                AND o.entity = CASE p.kind WHEN 1 THEN 'Contact' ELSE 'Patient' END)
        UNION ALL
        SELECT p.cluster FROM crm_new_dossier d JOIN crm_person p
            ON p.kind = 2 AND p.legacy_id = d.patient_guid
        UNION ALL
        SELECT p.cluster FROM crm_import_pendinglink l JOIN crm_person p
            ON p.kind = 2 AND p.legacy_id = l.legacy_id
        WHERE l.entity = 'Patient' AND l.missing_id IN (
            SELECT legacy_id FROM crm_condition_target UNION ALL
            SELECT legacy_id FROM crm_specialist_id)
        UNION ALL
        SELECT p.cluster FROM crm_renamed_row r JOIN crm_person p ON p.row_id = r.row_id
            AND p.kind = CASE r.entity WHEN 'Contact' THEN 1 ELSE 2 END))
    ORDER BY x.id FOR NO KEY UPDATE
) l;

-- step: specialists in hand
-- if: crm_specialist_target WHERE NOT is_new
SELECT count(*) FROM (
    SELECT k.id FROM patients_specialist k
    WHERE k.id IN (SELECT t.id FROM crm_specialist_target t WHERE NOT t.is_new AND t.cluster IN (
        SELECT s.cluster FROM crm_specialist s WHERE s.fresh
        UNION ALL
        SELECT s.cluster FROM crm_specialist s JOIN crm_contact c ON c.row_id = s.row_id
        WHERE c.deleted
        UNION ALL
        SELECT s.cluster FROM crm_specialist s JOIN crm_import_pendinglink l
            ON l.entity = 'Contact' AND l.legacy_id = s.legacy_id))
    ORDER BY k.id FOR NO KEY UPDATE
) l;
