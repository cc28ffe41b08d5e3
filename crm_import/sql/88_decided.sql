-- What people decided since the rows came: rows that they left out, and values that they named.
-- crm_decided (option_set, value, was) are the values whose meaning changed with this run.

-- step: rows that people left out
-- if: crm_import_correction WHERE kind = 'waive'
UPDATE crm_fate f SET outcome = 'ignored', reason = 'waived'
FROM crm_import_correction c
WHERE c.kind = 'waive' AND c.entity = f.entity AND c.row = f.row_id AND f.outcome = 'quarantined';

-- step: cells whose meaning was decided
-- if: crm_decided
CREATE TEMP TABLE crm_renamed ON COMMIT DROP AS
SELECT d.option_set, d.was, c.cell FROM crm_decided d
JOIN crm_cell c ON c.option_set = d.option_set AND btrim(c.cell) = d.value
WHERE c.meaning <> d.was;

-- step: conditions that were decided
-- if: crm_decided
-- Where there is none, or still the one that the value meant before: unless a Patient row says that
-- one too, or somebody chose it here.
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
            AND o.condition_id = x.medical_condition_id)
        AND NOT EXISTS (
            SELECT FROM (
                SELECT e.medical_condition_id AS now, e.pgh_context_id,
                    lag(e.medical_condition_id) OVER (ORDER BY e.pgh_id) AS before
                FROM patients_patientevent e WHERE e.pgh_obj_id = x.id
            ) e LEFT JOIN pghistory_context c ON c.id = e.pgh_context_id
            WHERE e.now = x.medical_condition_id AND e.before IS DISTINCT FROM e.now
                AND NOT coalesce(c.metadata ? 'run', false)));

-- step: referrals that were decided
-- if: crm_decided
-- As the import would make them today, where nobody but the import has had them in hand.
UPDATE referrals_ctreferral k SET status = f.status, eligible = f.said_eligible,
    ineligible_reason = f.said_reason, outcome = f.said_outcome
FROM crm_referral f
WHERE NOT f.is_new AND k.id = f.id AND f.row_id IN (
        SELECT a.id FROM crm_import_legacypatient a JOIN crm_renamed d
            ON d.option_set = 'eligible' AND a.eligible = d.cell
        UNION ALL
        SELECT a.id FROM crm_import_legacypatient a JOIN crm_renamed d
            ON d.option_set = 'ct_outcome' AND a.ct_outcome = d.cell)
    AND NOT EXISTS (
        SELECT FROM referrals_ctreferralevent e
        LEFT JOIN pghistory_context c ON c.id = e.pgh_context_id
        WHERE e.pgh_obj_id = k.id AND NOT coalesce(c.metadata ? 'run', false));
