-- Where rows say different things, or another thing than a person did here: one conflict for each
-- field, with all values and where they came from. People decide (crm_import.choosing).

-- step: fields in dispute
-- if: crm_says
-- Only fields of which a row says something new. Another spelling is no dispute.
CREATE TEMP TABLE crm_dispute ON COMMIT DROP AS
WITH spread AS (
    SELECT target_model, target_id, field,
        count(DISTINCT key) FILTER (WHERE counts AND key NOT IN ('', '?')) AS keys,
        coalesce(jsonb_agg(jsonb_build_object('source', entity, 'legacy_id', legacy_id, 'row',
            row_id, 'modified', modified, 'value', value)
            ORDER BY modified DESC NULLS LAST, legacy_id)
            FILTER (WHERE key NOT IN ('', '?') AND rank <> 9), '[]') AS values
    FROM crm_says GROUP BY 1, 2, 3 HAVING bool_or(changed)
), kept AS (
    SELECT u.* FROM crm_update u WHERE NOT u.ours AND NOT (u.field = 'name' AND EXISTS (
        SELECT FROM crm_chosen c WHERE c.target_id = u.target_id AND c.field = 'name'
            AND c.key = least(crm_key(u.now ->> 'first_name'), crm_key(u.now ->> 'last_name'))
                || ' ' || greatest(crm_key(u.now ->> 'first_name'),
                    crm_key(u.now ->> 'last_name'))))
)
SELECT s.target_model, s.target_id, s.field, s.keys > 1 OR k.field IS NOT NULL AS stands,
    CASE s.target_model WHEN 'patients.patient' THEN s.target_id
        WHEN 'referrals.ctreferral' THEN (
            SELECT patient_id FROM referrals_ctreferral r WHERE r.id = s.target_id)
        WHEN 'referrals.eapdossier' THEN (
            SELECT patient_id FROM referrals_eapdossier d WHERE d.id = s.target_id)
        END AS patient_id,
    s.values || CASE WHEN k.field IS NULL OR k.now IS NOT NULL
            AND jsonb_path_query_array(s.values, '$[*].value') @> jsonb_build_array(k.now)
        THEN '[]' ELSE jsonb_build_array(jsonb_build_object('source', 'portal', 'legacy_id', NULL,
            'row', NULL, 'modified', NULL, 'value', k.now)) END AS values,
    CASE WHEN k.field IS NOT NULL THEN k.now ELSE c.value END AS winner,
    CASE WHEN k.field IS NOT NULL THEN CASE WHEN k.doubtful
            THEN 'doubtful' ELSE 'portal' END
        WHEN s.target_model = 'referrals.eapdossier' THEN 'dossier'
        WHEN s.field IN ('name', 'medical_condition') AND c.entity = 'Patient' THEN 'clinical'
        ELSE 'newest' END AS rule
FROM spread s
LEFT JOIN crm_chosen c USING (target_model, target_id, field)
LEFT JOIN kept k USING (target_model, target_id, field);

-- step: conflicts that are open already
-- if: crm_says
CREATE TEMP TABLE crm_open ON COMMIT DROP AS
SELECT DISTINCT ON (k.id) k.id, d.*
FROM crm_dispute d JOIN crm_import_fieldconflict k
    ON k.target_model = d.target_model AND k.field = d.field
    AND CASE k.target_model WHEN 'patients.patient' THEN k.patient_id ELSE k.target_id END
        = d.target_id
WHERE k.state = 'open';
-- The rows agree now, and with the portal: nobody has to decide any more.
UPDATE crm_import_fieldconflict k SET state = 'settled', decided_at = r.started
FROM crm_open o, crm_this r WHERE k.id = o.id AND NOT o.stands;
UPDATE crm_import_fieldconflict k SET values = o.values, winner = o.winner, rule = o.rule,
    run_id = r.id
FROM crm_open o, crm_this r
WHERE k.id = o.id AND o.stands AND k.values IS DISTINCT FROM o.values;

-- step: new conflicts
-- if: crm_says
-- Not again about values among which somebody has chosen.
INSERT INTO crm_import_fieldconflict (target_model, target_id, patient_id, field, values, winner,
    rule, state, run_id)
SELECT d.target_model, d.target_id, d.patient_id, d.field, d.values, d.winner, d.rule, 'open', r.id
FROM crm_dispute d CROSS JOIN crm_this r
WHERE d.stands
    AND NOT EXISTS (SELECT FROM crm_open o WHERE o.target_model = d.target_model
        AND o.target_id = d.target_id AND o.field = d.field)
    AND NOT EXISTS (
        SELECT FROM crm_import_fieldconflict k
        WHERE k.state = 'decided' AND k.target_model = d.target_model AND k.field = d.field
            AND CASE k.target_model WHEN 'patients.patient' THEN k.patient_id
                ELSE k.target_id END = d.target_id
            AND jsonb_path_query_array(k.values, '$[*].value')
                @> jsonb_path_query_array(d.values, '$[*].value'))
ORDER BY d.target_model, d.target_id, d.field;

-- step: problems of addresses that stay
-- if: crm_update
INSERT INTO crm_problem
SELECT DISTINCT s.entity, s.row_id, 'changed_in_crm', 'warning', 'email', ''
FROM crm_update u JOIN crm_says s USING (target_model, target_id, field)
WHERE NOT u.ours AND u.target_model = 'patients.patient' AND u.field = 'email' AND s.changed;
