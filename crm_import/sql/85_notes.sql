-- What the CRM said and no field of ours can hold: one note for each Patient row that has any.

-- step: two conditions of one patient
CREATE TEMP TABLE crm_condition_conflict ON COMMIT DROP AS
SELECT p.cluster, array_agg(DISTINCT c.name) AS names, max(p.node) AS node,
    bool_or(p.fresh) AS fresh
FROM crm_several v JOIN crm_person p USING (cluster)
JOIN patients_medicalcondition c ON c.id = p.condition_id
GROUP BY p.cluster HAVING count(DISTINCT p.condition_id) > 1;

-- make: notes
WITH leftover AS MATERIALIZED (
    SELECT n.cluster, n.node, n.row_id, n.legacy_id, n.fresh, array_remove(ARRAY[
            -- Eligibility, reason, day and outcome belong to a referral; without a trial there is
            -- none.
            CASE WHEN NOT x.has_trial AND a.eligible <> ''
                THEN 'Eligible: ' || coalesce(e.label, a.eligible) END,
            CASE WHEN NOT x.has_trial AND a.ineligible_reason <> ''
                THEN 'Reason: ' || a.ineligible_reason END,
            CASE WHEN NOT x.has_trial AND a.ct_referral_date <> ''
                THEN 'Referred to a trial: ' || a.ct_referral_date END,
            CASE WHEN NOT x.has_trial AND a.ct_outcome <> ''
                THEN 'Outcome of the trial: ' || coalesce(o.label, a.ct_outcome) END,
            CASE WHEN x.has_words AND (crm_key(a.trial_id) IN ('tbd', 'tba')
                OR NOT crm_blank(crm_key(a.trial_id))) THEN 'Trial: ' || a.trial_id END,
            -- What the constraints do not let a referral say, and what other rows of the pair say.
            CASE WHEN x.has_trial AND p.outcome = 'enrolled' AND p.eligible = 'no'
                THEN 'Eligible: ' || coalesce(e.label, a.eligible)
                    || ' (though enrolled)' END,
            CASE WHEN x.has_trial AND p.eligible = '' AND a.eligible <> ''
                THEN 'Eligible: ' || a.eligible || ' (unknown value)' END,
            CASE WHEN x.has_trial AND p.outcome = '' AND a.ct_outcome <> ''
                THEN 'Outcome of the trial: ' || a.ct_outcome || ' (unknown value)' END,
            CASE WHEN x.is_second THEN concat_ws(', ', 'Second row for the same trial',
                'eligible: ' || coalesce(e.label, nullif(a.eligible, '')),
                'outcome: ' || coalesce(o.label, nullif(a.ct_outcome, '')),
                'referred: ' || nullif(a.ct_referral_date, ''),
                'reason: ' || nullif(a.ineligible_reason, '')) END,
            CASE WHEN p.enrolled IS NOT NULL AND NOT EXISTS (SELECT FROM crm_case c
                    WHERE c.cluster = n.cluster AND c.enrolled = crm_day(p.enrolled))
                THEN 'Enrolled in an access program: ' || crm_day(p.enrolled) END
        ], NULL) AS lines
    FROM crm_person n
    JOIN crm_patient p ON p.row_id = n.row_id
    JOIN crm_import_legacypatient a ON a.id = n.row_id
    LEFT JOIN crm_value e ON e.option_set = 'eligible' AND e.value = btrim(a.eligible)
    LEFT JOIN crm_value o ON o.option_set = 'ct_outcome' AND o.value = btrim(a.ct_outcome)
    CROSS JOIN LATERAL (SELECT
        EXISTS (SELECT FROM crm_pairing q WHERE q.row_id = n.row_id) AS has_trial,
        EXISTS (SELECT FROM crm_pairing q WHERE q.row_id = n.row_id AND q.place > 1) AS is_second,
        EXISTS (SELECT FROM crm_trial w WHERE w.row_id = n.row_id
            AND w.registry IN ('malformed', 'text')) AS has_words) x
    WHERE n.kind = 2
), said AS (
    SELECT cluster, node, 'Patient row ' || legacy_id || chr(10)
        || array_to_string(lines, chr(10)) AS text
    FROM leftover WHERE fresh AND cardinality(lines) > 0
    UNION ALL
    SELECT c.cluster, c.node, 'The rows of this patient name several conditions: '
        || array_to_string(c.names, ', ')
    FROM crm_condition_conflict c WHERE c.fresh
)
INSERT INTO patients_note (created_at, patient_id, text)
SELECT r.started, t.id, 'From the legacy CRM. ' || s.text
FROM said s JOIN crm_target t USING (cluster) CROSS JOIN crm_this r
WHERE NOT EXISTS (
    SELECT FROM patients_note k WHERE k.patient_id = t.id
        AND k.text = 'From the legacy CRM. ' || s.text)
ORDER BY s.node;
