-- What people decided since the rows came: rows that they left out, and values that they named.
-- crm_decided (option_set, value, was) are the values whose meaning changed with this run; cells and
-- rows that have one are in crm_renamed and crm_renamed_row (sql/62_locks.sql).

-- step: rows that people left out
-- if: crm_import_correction WHERE kind = 'waive'
UPDATE crm_fate f SET outcome = 'ignored', reason = 'waived'
FROM crm_import_correction c
WHERE c.kind = 'waive' AND c.entity = f.entity AND c.row = f.row_id AND f.outcome = 'quarantined'
    AND __STANDS__(c.run_id);

-- step: conditions that were decided
-- if: crm_decided
-- Where there is none, or still the one that the value meant before: unless a Patient row says that
-- one too, or somebody chose it here, or chose that there is none.
UPDATE patients_patient x SET medical_condition_id = n.condition_id
FROM (
    SELECT DISTINCT ON (t.id) t.id, p.cluster, p.condition_id, d.was
    FROM crm_renamed d
    JOIN crm_import_legacycontact a ON a.medical_condition = d.cell
    JOIN crm_person p ON p.kind = 1 AND p.row_id = a.id
    JOIN crm_target t USING (cluster)
    WHERE d.option_set = 'medical_condition' AND NOT t.is_new
    ORDER BY t.id, p.modified DESC NULLS LAST, p.node
) n
WHERE x.id = n.id AND NOT x.processing_restricted
    AND x.medical_condition_id IS DISTINCT FROM n.condition_id
    AND (x.medical_condition_id IS NULL OR x.medical_condition_id::text = n.was
        AND NOT EXISTS (SELECT FROM crm_person o WHERE o.kind = 2 AND o.cluster = n.cluster
            AND o.condition_id = x.medical_condition_id))
    AND NOT EXISTS (
        SELECT FROM (
            SELECT e.medical_condition_id AS now, e.pgh_context_id,
                lag(e.medical_condition_id) OVER (ORDER BY e.pgh_id) AS before
            FROM patients_patientevent e WHERE e.pgh_obj_id = x.id
        ) e LEFT JOIN pghistory_context c ON c.id = e.pgh_context_id
        WHERE e.now IS NOT DISTINCT FROM x.medical_condition_id
            AND e.before IS DISTINCT FROM e.now AND NOT coalesce(c.metadata ? 'run', false))
    AND NOT EXISTS (SELECT FROM crm_import_fieldconflict k WHERE k.state = 'decided'
        AND k.target_model = 'patients.patient' AND k.field = 'medical_condition'
        AND k.patient_id = x.id);

-- step: referrals that were decided
-- if: crm_decided
-- As the import would make them today, where they are the import's (sql/82_locks.sql).
UPDATE referrals_ctreferral k SET status = f.status, eligible = f.said_eligible,
    ineligible_reason = f.said_reason, outcome = f.said_outcome
FROM crm_referral f
WHERE NOT f.is_new AND k.id = f.id
    AND f.row_id IN (SELECT row_id FROM crm_renamed_row WHERE entity = 'Patient')
    AND f.id NOT IN (SELECT id FROM crm_theirs);
